#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <support/memory.hpp>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include <comir/core/random.hpp>
#include <comir/image/filter.hpp>
#include <comir/image/warp.hpp>
#include <comir/models/encoder.hpp>
#include <comir/registration/automatic/cascade.hpp>

// All that registering two images takes once the models are loaded: both are encoded, and register_auto searches and
// refines. Models of random weights take the time of trained ones, but what they make of two modalities is not alike;
// so two noisy views on one texture are registered in its place.

namespace {

using comir::image;

image<float> noise(std::size_t channels, std::size_t side, std::uint64_t seed) {
    image<float> out({channels, side, side});
    comir::random_stream random(seed);
    for (float& value : out.values())
        value = static_cast<float>(random.uniform());
    return out;
}

/// Smooth texture that fills 0 to 1, with a part of its own for each seed.
image<float> with_own_part(image<float> common, std::uint64_t seed) {
    auto const own = comir::gaussian_blur(noise(1, common.width(), seed), 3.0, 1);
    for (std::size_t i = 0; i < common.values().size(); ++i)
        common.values()[i] =
            std::clamp(0.5f + 7.0f * (common.values()[i] - 0.5f) + 3.0f * (own.values()[i] - 0.5f), 0.0f, 1.0f);
    return common;
}

template <std::size_t Channels>
comir::encoder<comir::dense_unet<comir::with_channels(comir::compact_shape, Channels, 1)>> encoder_of(
    std::uint64_t seed) {
    comir::dense_unet<comir::with_channels(comir::compact_shape, Channels, 1)> const network;
    std::vector<float> parameters(network.parameter_count()), running(network.running_count());
    network.initialise(parameters, running, seed);
    return {network, std::move(parameters), std::move(running), {.modality = "random", .log = false, .range = {}}};
}

void register_with_encoding(benchmark::State& state, std::size_t side, int threads) {
    auto const colours = encoder_of<3>(1);
    auto const grey = encoder_of<1>(2);
    auto const colour_image = noise(3, side, 3), grey_image = noise(1, side, 4);
    double const size = static_cast<double>(side), middle = 0.5 * (size - 1.0);
    comir::rigid2 const truth{{2.2, 0.06 * size, -0.08 * size}, {middle, middle}};
    auto const common = comir::gaussian_blur(noise(1, 2 * side, 5), 4.0, 1);
    comir::region const centre{side / 2, side / 2, side, side};
    comir::rigid2 to_common = truth.inverse();
    to_common.parameters[1] += 0.5 * size;
    to_common.parameters[2] += 0.5 * size;
    auto const fixed = with_own_part(comir::crop(common, centre), 6);
    auto const moving = with_own_part(comir::warp(common, to_common, {1, side, side}), 7);

    comir::automatic_options options;
    options.threads = threads;
    double error = 0.0, confidence = 0.0;
    for (auto _ : state) {
        benchmark::DoNotOptimize(colours.encode(colour_image, {.threads = threads}).values().data());
        benchmark::DoNotOptimize(grey.encode(grey_image, {.threads = threads}).values().data());
        auto const found = comir::register_auto(fixed, moving, options);
        error = comir::corner_distance(found.transform, truth, side, side);
        confidence = found.confidence;
    }
    if (error > 0.02 * size || confidence < 0.5)
        state.SkipWithError("the registration failed");
    state.counters["error_px"] = error;
    state.counters["peak_mb"] = bench::peak_megabytes();
}

[[maybe_unused]] bool const automatic_registered = [] {
    for (std::size_t const side : {std::size_t{256}, std::size_t{512}})
        for (int const threads : {1, 2})
            benchmark::RegisterBenchmark(
                ("auto_with_encoding/comir/compact_" + std::to_string(side) + "/" + std::to_string(threads)).c_str(),
                register_with_encoding, side, threads)
                ->UseRealTime()
                ->MeasureProcessCPUTime()
                ->Unit(benchmark::kMillisecond);
    return true;
}();

}  // namespace
