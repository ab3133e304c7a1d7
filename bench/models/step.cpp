#include <array>
#include <ctime>
#include <string>
#include <support/memory.hpp>
#include <support/values.hpp>

#include <benchmark/benchmark.h>

#include <comir/contrastive/critics/mse.hpp>
#include <comir/contrastive/info_nce.hpp>
#include <comir/contrastive/loss_grid.hpp>
#include <comir/image/c4.hpp>
#include <comir/models/dense_unet.hpp>
#include <comir/optim/clip.hpp>
#include <comir/optim/sgd.hpp>

// A whole training step of two networks: quarter turns, forward, InfoNCE, backward, clipping, two updates, with the
// memory of gradients handed on or, recomputing, one workspace for both. loss_share is the part of its processor time
// that the loss takes; patches may be cut into cells, as the tool does.

namespace {

template <comir::unet_shape Shape>
struct trained {
    using network_type = comir::dense_unet<Shape>;
    using workspace = typename network_type::workspace;

    std::size_t batch, extent;
    network_type network;
    std::vector<float> parameters = std::vector<float>(network.parameter_count());
    std::vector<float> running = std::vector<float>(network.running_count());
    std::vector<float> gradient = std::vector<float>(network.parameter_count());
    comir::sgd_state<float> state;
    comir::tensor<float> x, turned, y, turned_y, dy;
    std::vector<std::uint8_t> turns, back;

    trained(std::size_t n, std::size_t size, std::uint64_t seed)
        : batch(n), extent(size), x(bench::random_tensor({n, network.in_channels(), size, size}, seed)) {
        network.initialise(parameters, running, seed);
        turned.resize(x.shape());
        for (auto* t : {&y, &turned_y, &dy})
            t->resize({n, network.out_channels(), size, size});
        for (std::size_t i = 0; i < n; ++i) {
            turns.push_back(static_cast<std::uint8_t>((i * 7 + seed) % 4));
            back.push_back(comir::inverse_turn(turns.back()));
        }
    }
    void forward(workspace& work, int threads) {
        comir::turn<float>(std::as_const(x).view(), turns, turned.view(), threads);
        network.forward(parameters, running, turned, turned_y, 1, work, threads);
        comir::turn<float>(std::as_const(turned_y).view(), back, y.view(), threads);
    }
    void backward(workspace& work, int threads) {
        std::fill(gradient.begin(), gradient.end(), 0.0f);
        comir::turn<float>(std::as_const(dy).view(), turns, turned_y.view(), threads);
        network.backward(parameters, turned, turned_y, {}, gradient, 1, work, threads);
        comir::clip_norm(std::span(gradient), 1.0, threads);
        comir::sgd const descent{.learning_rate = 1e-2, .momentum = 0.9, .weight_decay = 1e-5, .threads = threads};
        descent.step(parameters, gradient, state);
    }
};

template <comir::unet_shape Shape>
void step(benchmark::State& state, std::size_t batch, std::size_t extent, std::size_t cells, bool recompute,
          int threads, double gflop) {
    trained<comir::with_channels(Shape, 3, 1)> a(batch, extent, 1);
    trained<comir::with_channels(Shape, 1, 1)> b(batch, extent, 2);
    comir::info_nce<comir::mse_critic> loss({.temperature = 0.5, .threads = threads});
    comir::shape4 const cut{batch * cells * cells, a.y.shape().c, extent / cells, extent / cells};
    std::array<comir::tensor<float>, 2> points{comir::tensor<float>(cut), comir::tensor<float>(cut)};
    std::array<comir::tensor<float>, 2> gradients{comir::tensor<float>(cut), comir::tensor<float>(cut)};
    comir::unet_workspace<float> first, second;
    auto& last = recompute ? first : second;
    std::clock_t in_loss = 0, in_all = 0;
    auto const go = [&] {
        std::clock_t const start = std::clock();
        a.forward(first, threads);
        b.forward(last, threads);
        std::clock_t const forward = std::clock();
        comir::cut_grid<float>(std::as_const(a.y).view(), cells, points[0].view(), threads);
        comir::cut_grid<float>(std::as_const(b.y).view(), cells, points[1].view(), threads);
        std::array<comir::tensor_view<float const>, 2> const inputs{std::as_const(points[0]).view(),
                                                                    std::as_const(points[1]).view()};
        std::array<comir::tensor_view<float>, 2> const outputs{gradients[0].view(), gradients[1].view()};
        benchmark::DoNotOptimize(loss.gradient(inputs, outputs).loss);
        comir::join_grid<float>(std::as_const(gradients[0]).view(), cells, a.dy.view(), threads);
        comir::join_grid<float>(std::as_const(gradients[1]).view(), cells, b.dy.view(), threads);
        in_loss += std::clock() - forward;
        b.backward(last, threads);
        if (recompute)
            a.forward(first, threads);
        else
            first.exchange_gradients(second);
        a.backward(first, threads);
        first.exchange_gradients(last);
        in_all += std::clock() - start;
    };
    go();
    in_loss = in_all = 0;
    for (auto _ : state)
        go();
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(2 * batch));
    state.counters["GFLOP/s"] = benchmark::Counter(gflop, benchmark::Counter::kIsIterationInvariantRate);
    state.counters["loss_share"] = static_cast<double>(in_loss) / static_cast<double>(in_all);
    state.counters["peak_mb"] = bench::peak_megabytes();
}

template <comir::unet_shape Shape>
void add(std::string const& network, std::size_t batch, std::size_t extent, std::size_t cells, bool recompute,
         double gflop512) {
    for (int threads : {1, 2}) {
        // Three times the forward pass, of two networks.
        double const gflop = gflop512 * 6.0 * static_cast<double>(batch * extent * extent) / (512.0 * 512.0);
        std::string const name = "step/comir/" + network + "_" + std::to_string(batch) + "x" + std::to_string(extent) +
                                 (cells > 1 ? "_cells" + std::to_string(cells) : "") + (recompute ? "_recompute" : "") +
                                 "/" + std::to_string(threads);
        benchmark::RegisterBenchmark(
            name.c_str(),
            [=](benchmark::State& state) { step<Shape>(state, batch, extent, cells, recompute, threads, gflop); })
            ->UseRealTime()
            ->MeasureProcessCPUTime()
            ->Unit(benchmark::kMillisecond);
    }
}

[[maybe_unused]] bool const step_registered = [] {
    add<comir::compact_shape>("compact", 24, 128, 1, false, 21.74);
    add<comir::compact_shape>("compact", 24, 128, 1, true, 21.74);
    add<comir::compact_shape>("compact", 24, 64, 4, false, 21.74);
    add<comir::paper_shape>("paper", 8, 128, 1, false, 83.65);
    add<comir::paper_shape>("paper", 8, 128, 1, true, 83.65);
    return true;
}();

}  // namespace
