#include <string>
#include <support/memory.hpp>
#include <support/values.hpp>

#include <benchmark/benchmark.h>

#include <comir/models/dense_unet.hpp>

// One image through a network, without the encoder's margins and tiles: what the peers are given.

namespace {

template <comir::unet_shape Shape>
void encode(benchmark::State& state, std::size_t extent, int threads, double gflop) {
    comir::dense_unet<Shape> const network;
    std::vector<float> parameters(network.parameter_count()), running(network.running_count());
    network.initialise(parameters, running, 1);
    auto const x = bench::random_tensor({1, 3, extent, extent}, 2);
    comir::tensor<float> y({1, 1, extent, extent});
    comir::unet_workspace<float> work;
    network.encode(parameters, running, x, y, work, threads);
    for (auto _ : state) {
        network.encode(parameters, running, x, y, work, threads);
        benchmark::ClobberMemory();
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(extent * extent));
    state.counters["GFLOP/s"] = benchmark::Counter(gflop, benchmark::Counter::kIsIterationInvariantRate);
    state.counters["peak_mb"] = bench::peak_megabytes();
}

template <comir::unet_shape Shape>
void add(std::string const& network, double gflop512) {
    for (std::size_t extent : {std::size_t{512}, std::size_t{832}})
        for (int threads : {1, 2}) {
            double const scale = static_cast<double>(extent * extent) / (512.0 * 512.0);
            std::string const name =
                "encode/comir/" + network + "_" + std::to_string(extent) + "/" + std::to_string(threads);
            benchmark::RegisterBenchmark(
                name.c_str(), [=](benchmark::State& state) { encode<Shape>(state, extent, threads, gflop512 * scale); })
                ->UseRealTime()
                ->MeasureProcessCPUTime()
                ->Unit(benchmark::kMillisecond);
        }
}

[[maybe_unused]] bool const encode_registered = [] {
    add<comir::compact_shape>("compact", 21.74);
    add<comir::paper_shape>("paper", 83.65);
    return true;
}();

}  // namespace
