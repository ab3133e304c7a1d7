#include <memory>
#include <string>

#if defined(_OPENMP)
#include <omp.h>
#endif

#include <nn/conv_case.hpp>

#include <benchmark/benchmark.h>

#include <comir/nn/conv/unit.hpp>
#if defined(COMIR_BENCH_DNNL)
#include <nn/conv_dnnl.hpp>
#endif

namespace {

namespace detail = comir::detail;
using bench::conv_case;

/// Our convolution unit, without anything fused to it.
class comir_conv {
public:
    comir_conv(conv_case const& c, int threads) : case_(c), threads_(threads) {}

    void forward() {
        detail::conv_unit_forward<float>(input(), case_.co, bench::kernel, case_.weight.data(), case_.bias.data(), {},
                                         y_.view(), nullptr, nullptr, scratch_, threads_);
    }
    void by_input() {
        detail::conv_gradients<float> into;
        into.input = dx_.view();
        backward(into);
    }
    void by_weight() {
        detail::conv_gradients<float> into;
        into.weight = dweight_.data();
        into.bias = dbias_.data();
        backward(into);
    }
    bench::conv_results results(conv_case const&) {
        forward();
        by_input();
        by_weight();
        return {y_, dx_, dweight_};
    }

private:
    detail::conv_input<float> input() const {
        detail::conv_input<float> in;
        in.value = case_.x.view();
        return in;
    }
    void backward(detail::conv_gradients<float> const& into) {
        detail::conv_output_gradient<float> output;
        output.gradient = case_.dy.view();
        detail::conv_unit_backward<float>(input(), case_.co, bench::kernel, case_.weight.data(), output, into, scratch_,
                                          threads_);
    }

    conv_case const& case_;
    int threads_;
    comir::tensor<float> y_{case_.dy.shape()}, dx_{case_.x.shape()};
    std::vector<float> dweight_ = std::vector<float>(case_.weight.size()), dbias_ = std::vector<float>(case_.co);
    detail::conv_scratch<float> scratch_;
};

template <class Make>
void run(benchmark::State& state, conv_case const& c, int threads, int direction, Make const& make) {
#if defined(_OPENMP)
    omp_set_num_threads(threads);  // the peer takes its threads from there
#endif
    auto const conv = make(c, threads);
    if (double const difference = bench::conv_difference(c, conv->results(c)); !(difference < 2e-5)) {
        state.SkipWithError(("the result differs from the plain loop by " + std::to_string(difference)).c_str());
        return;
    }
    for (auto _ : state) {
        if (direction == 0)
            conv->forward();
        else if (direction == 1)
            conv->by_input();
        else
            conv->by_weight();
        benchmark::ClobberMemory();
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(c.n * c.extent * c.extent));
    state.counters["GFLOP/s"] = benchmark::Counter(c.flops() * 1e-9, benchmark::Counter::kIsIterationInvariantRate);
}

template <class Make>
void add(std::string const& implementation, std::size_t ci, std::size_t co, int threads, int direction, Make make) {
    char const* const directions[] = {"conv2d_forward", "conv2d_by_input", "conv2d_by_weight"};
    std::string const name = std::string(directions[direction]) + "/" + implementation + "/" + std::to_string(ci) +
                             "to" + std::to_string(co) + "/" + std::to_string(threads);
    benchmark::RegisterBenchmark(name.c_str(),
                                 [=](benchmark::State& state) {
                                     conv_case const c(ci, co);
                                     run(state, c, threads, direction, make);
                                 })
        ->UseRealTime()
        ->MeasureProcessCPUTime()
        ->Unit(benchmark::kMillisecond);
}

[[maybe_unused]] bool const conv_registered = [] {
    std::size_t const shapes[][2] = {{3, 16}, {16, 12}, {28, 12}, {40, 24}, {64, 12}, {96, 12}, {48, 48}};
    for (int direction : {0, 1, 2})
        for (auto const& shape : shapes)
            for (int threads : {1, 2}) {
                add("comir", shape[0], shape[1], threads, direction,
                    [](conv_case const& c, int t) { return std::make_unique<comir_conv>(c, t); });
#if defined(COMIR_BENCH_DNNL)
                add("onednn", shape[0], shape[1], threads, direction,
                    [](conv_case const& c, int) { return std::make_unique<bench::dnnl_conv>(c); });
#endif
            }
    return true;
}();

}  // namespace
