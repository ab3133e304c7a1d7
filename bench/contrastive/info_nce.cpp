#include <array>
#include <string>
#include <support/memory.hpp>
#include <support/values.hpp>

#include <benchmark/benchmark.h>

#include <comir/contrastive/critics/cosine.hpp>
#include <comir/contrastive/critics/mse.hpp>
#include <comir/contrastive/info_nce.hpp>

// The loss and its gradient, 32 pairs of representations of 128 x 128.

namespace {

template <class Critic>
void info_nce(benchmark::State& state, int threads) {
    comir::shape4 const shape{32, 1, 128, 128};
    auto const a = bench::random_tensor(shape, 1), b = bench::random_tensor(shape, 2);
    comir::tensor<float> da(shape), db(shape);
    std::array<comir::tensor_view<float const>, 2> const x{a.view(), b.view()};
    std::array<comir::tensor_view<float>, 2> const dx{da.view(), db.view()};
    comir::info_nce<Critic> loss({.temperature = 0.5, .threads = threads});
    for (auto _ : state)
        benchmark::DoNotOptimize(loss.gradient(x, dx).loss);
    state.SetItemsProcessed(state.iterations() * 64 * 64);
    state.counters["peak_mb"] = bench::peak_megabytes();
}

template <class Critic>
void add() {
    for (int threads : {1, 2})
        benchmark::RegisterBenchmark(
            ("info_nce/comir/" + std::string(Critic::name) + "_32x128/" + std::to_string(threads)).c_str(),
            info_nce<Critic>, threads)
            ->UseRealTime()
            ->MeasureProcessCPUTime()
            ->Unit(benchmark::kMillisecond);
}

[[maybe_unused]] bool const registered = [] {
    add<comir::mse_critic>();
    add<comir::cosine_critic>();
    return true;
}();

}  // namespace
