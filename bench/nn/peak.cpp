#include <array>
#include <cstdint>
#include <string>

#include <benchmark/benchmark.h>

#include <comir/core/parallel.hpp>
#include <comir/core/simd.hpp>

// What the machine can do at most: fused multiply-adds on registers. The share of it that a convolution reaches is the
// one figure that can be compared between machines.

namespace {

void fma_peak(benchmark::State& state, int threads) {
    using vector = comir::simd<float>;
    constexpr std::size_t chains = 16, rounds = 1 << 16;
    std::array<float, 64> results{};
    for (auto _ : state) {
        comir::parallel_for(static_cast<std::size_t>(threads), threads, [&](std::size_t part) {
            vector acc[chains];
            for (std::size_t k = 0; k < chains; ++k)  // unlike starts, or the compiler keeps one chain for all
                acc[k] = comir::broadcast(1.0f + 0.01f * static_cast<float>(k));
            vector const factor = comir::broadcast(1.0000001f), term = comir::broadcast(1e-9f);
            for (std::size_t i = 0; i < rounds; ++i)
#pragma GCC unroll 16
                for (std::size_t k = 0; k < chains; ++k)
                    acc[k] = comir::multiply_add(acc[k], factor, term);
            float total = 0;
            for (vector const& a : acc)
                total += comir::sum(a);
            results[part % results.size()] = total;
        });
        benchmark::DoNotOptimize(results);
    }
    double const flops = 2.0 * static_cast<double>(chains * rounds * comir::simd_width<float>) * threads;
    state.counters["GFLOP/s"] = benchmark::Counter(flops * 1e-9, benchmark::Counter::kIsIterationInvariantRate);
    state.SetLabel(comir::simd_name());
}

[[maybe_unused]] bool const peak_registered = [] {
    for (int threads : {1, 2})
        benchmark::RegisterBenchmark(("fma_peak/comir/registers/" + std::to_string(threads)).c_str(), fma_peak, threads)
            ->UseRealTime()
            ->MeasureProcessCPUTime();
    return true;
}();

}  // namespace
