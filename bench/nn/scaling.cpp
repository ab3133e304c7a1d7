#include <array>
#include <string>
#include <support/values.hpp>
#include <vector>

#include <benchmark/benchmark.h>

#include <comir/core/memory.hpp>
#include <comir/core/parallel.hpp>
#include <comir/core/simd.hpp>
#include <comir/nn/conv/unit.hpp>

// What bounds the speed-up by a second thread: memory's bandwidth by a triad of arrays that no cache holds, and a
// convolution that every thread finds in its own cache, beside fma_peak of this program. Each thread has the same work
// whatever their number, so a perfect machine takes the same time for one and for two.

namespace {

void triad(benchmark::State& state, int threads) {
    constexpr std::size_t count = std::size_t{64} << 20 >> 2, parts = 2;  // 64 MiB an array
    static std::array<comir::aligned_vector<float>, 3> arrays;
    for (auto& array : arrays)
        array.assign(count, 1.0f);
    std::size_t const used = static_cast<std::size_t>(threads), share = count / parts;
    for (auto _ : state) {
        comir::parallel_for(used, threads, [&](std::size_t part) {
            float const *const a = arrays[0].data() + part * share, *const b = arrays[1].data() + part * share;
            float* const to = arrays[2].data() + part * share;
            auto const factor = comir::broadcast(0.5f);
            for (std::size_t i = 0; i < share; i += comir::simd_width<float>)
                comir::store(to + i, comir::multiply_add(factor, comir::load(b + i), comir::load(a + i)));
        });
        benchmark::ClobberMemory();
    }
    // Lines that are written are read before.
    state.counters["GB/s"] = benchmark::Counter(static_cast<double>(used * share * 4 * sizeof(float)) * 1e-9,
                                                benchmark::Counter::kIsIterationInvariantRate);
}

void conv_in_cache(benchmark::State& state, int threads) {
    constexpr std::size_t ci = 28, co = 12, extent = 32, rounds = 200;
    comir::shape4 const shape{1, ci, extent, extent};
    auto const x = bench::random_tensor(shape, 1);
    auto const weight = bench::random_values(co * ci * 9, 2, -0.2, 0.2);
    std::size_t const used = static_cast<std::size_t>(threads);
    std::vector<comir::tensor<float>> y(used);
    std::vector<comir::detail::conv_scratch<float>> scratch(used);
    for (auto& t : y)
        t.resize({1, co, extent, extent});
    for (auto _ : state) {
        comir::parallel_for(used, threads, [&](std::size_t part) {
            comir::detail::conv_input<float> in;
            in.value = x.view();
            for (std::size_t i = 0; i < rounds; ++i)
                comir::detail::conv_unit_forward<float>(in, co, 3, weight.data(), nullptr, {}, y[part].view(), nullptr,
                                                        nullptr, scratch[part], 1);
        });
        benchmark::ClobberMemory();
    }
    double const flops = 2.0 * 9 * ci * co * extent * extent * rounds * static_cast<double>(used);
    state.counters["GFLOP/s"] = benchmark::Counter(flops * 1e-9, benchmark::Counter::kIsIterationInvariantRate);
}

[[maybe_unused]] bool const scaling_registered = [] {
    for (int threads : {1, 2}) {
        benchmark::RegisterBenchmark(("triad/comir/64MiB/" + std::to_string(threads)).c_str(), triad, threads)
            ->UseRealTime()
            ->MeasureProcessCPUTime();
        benchmark::RegisterBenchmark(("conv_in_cache/comir/28to12/" + std::to_string(threads)).c_str(), conv_in_cache,
                                     threads)
            ->UseRealTime()
            ->MeasureProcessCPUTime();
    }
    return true;
}();

}  // namespace
