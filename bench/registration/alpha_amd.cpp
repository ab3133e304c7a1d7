#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <string>

#include <benchmark/benchmark.h>

#include <comir/core/random.hpp>
#include <comir/image/distance.hpp>
#include <comir/image/filter.hpp>
#include <comir/image/warp.hpp>
#include <comir/registration/local/alpha_amd.hpp>

#if defined(COMIR_BENCH_OPENCV)
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>
#endif

// The exact distance transform, one value and gradient of alpha-AMD, and a whole rigid registration.

namespace {

using comir::image;

/// Smooth texture that fills 0 to 1.
image<float> texture(std::size_t side, std::uint64_t seed) {
    image<float> noise({1, side, side});
    comir::random_stream random(seed);
    for (float& value : noise.values())
        value = static_cast<float>(random.uniform());
    image<float> out = comir::gaussian_blur(noise, 6.0, 1);
    for (float& value : out.values())
        value = std::clamp(0.5f + 10.0f * (value - 0.5f), 0.0f, 1.0f);
    return out;
}

/// The brightest tenth or so is set.
comir::image_mask bright(image<float> const& from) {
    comir::image_mask mask({1, from.height(), from.width()});
    for (std::size_t i = 0; i < mask.values().size(); ++i)
        mask.values()[i] = from.values()[i] > 0.9f ? 255 : 0;
    return mask;
}

void distance_map(benchmark::State& state, std::size_t side, int threads) {
    auto const mask = bright(texture(side, 1));
    for (auto _ : state)
        benchmark::DoNotOptimize(comir::distance_map(mask, 1e6f, threads).values().data());
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(side * side));
}

#if defined(COMIR_BENCH_OPENCV)
void distance_map_opencv(benchmark::State& state, std::size_t side, int threads) {
    auto mask = bright(texture(side, 1));
    auto const ours = comir::distance_map(mask, 1e6f, 1);
    for (auto& value : mask.values())
        value = value ? 0 : 255;  // OpenCV measures to the zeros
    int const extent = static_cast<int>(side);
    cv::Mat const input(extent, extent, CV_8U, mask.values().data());
    cv::Mat output;
    cv::setNumThreads(threads);
    for (auto _ : state)
        cv::distanceTransform(input, output, cv::DIST_L2, cv::DIST_MASK_PRECISE);
    for (std::size_t i = 0; i < ours.values().size(); ++i)
        if (std::abs(ours.values()[i] - output.ptr<float>()[i]) > 1e-3f)
            state.SkipWithError("OpenCV's distances differ");
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(side * side));
}
#endif

void evaluate(benchmark::State& state, std::size_t side, std::size_t samples, bool published) {
    comir::alpha_cut_maps::settings s;
    s.d_max = 1e6f;
    s.points = std::size_t{1} << 17;
    s.slopes = published;
    comir::alpha_cut_maps const fixed(texture(side, 1), 1, {}, s), moving(texture(side, 2), 1, {}, s);
    double const middle = 0.5 * (static_cast<double>(side) - 1.0);
    comir::rigid2 const t{{0.2, 5.3, -7.1}, {middle, middle}};
    std::size_t first = 0;
    for (auto _ : state) {
        comir::point_sample const sample{first, samples};
        benchmark::DoNotOptimize(comir::evaluate_amd(fixed, sample, moving, sample, t, true).value);
        first += samples;
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(2 * samples));
}

/// 8 bit, as grey PGM.
void write(image<float> const& from, std::string const& path) {
    std::ofstream file(path, std::ios::binary);
    file << "P5\n" << from.width() << " " << from.height() << "\n255\n";
    for (std::size_t y = 0; y < from.height(); ++y)
        for (std::size_t x = 0; x < from.width(); ++x)
            file.put(static_cast<char>(std::lround(255.0f * std::clamp(from(0, y, x), 0.0f, 1.0f))));
}

void registration(benchmark::State& state, std::size_t side, int threads) {
    auto const fixed = texture(side, 1);
    double const size = static_cast<double>(side), middle = 0.5 * (size - 1.0);
    comir::rigid2 const truth{{0.26, 0.04 * size, -0.03 * size}, {middle, middle}};
    auto const moving = comir::warp(fixed, truth.inverse(), fixed);
    // For other programs to register the same pair.
    if (char const* const folder = std::getenv("COMIR_BENCH_PAIR")) {
        write(fixed, std::string(folder) + "/fixed.pgm");
        write(moving, std::string(folder) + "/moving.pgm");
    }
    comir::alpha_amd_options options;
    options.threads = threads;
    double error = 0.0;
    for (auto _ : state) {
        auto const result = comir::register_alpha_amd<comir::rigid2>(fixed, moving, options);
        error = comir::corner_distance(result.transform, truth, side, side);
    }
    if (error > 1.0)
        state.SkipWithError("the registration failed");
    state.counters["error_px"] = error;
}

[[maybe_unused]] bool const registered = [] {
    auto const timed = [](benchmark::internal::Benchmark* b) {
        b->UseRealTime()->MeasureProcessCPUTime()->Unit(benchmark::kMillisecond);
    };
    for (int const threads : {1, 2}) {
        std::string const end = "/" + std::to_string(threads);
        for (std::size_t const side : {std::size_t{512}, std::size_t{1024}}) {
            std::string const what = std::to_string(side) + end;
            timed(benchmark::RegisterBenchmark(("distance_map/comir/" + what).c_str(), distance_map, side, threads));
#if defined(COMIR_BENCH_OPENCV)
            timed(benchmark::RegisterBenchmark(("distance_map/opencv/" + what).c_str(), distance_map_opencv, side,
                                               threads));
#endif
        }
        for (std::size_t const side : {std::size_t{128}, std::size_t{512}, std::size_t{1024}})
            timed(benchmark::RegisterBenchmark(("alpha_amd/comir/rigid_" + std::to_string(side) + end).c_str(),
                                               registration, side, threads));
    }
    for (bool const published : {false, true})
        for (std::size_t const side : {std::size_t{64}, std::size_t{512}})
            timed(
                benchmark::RegisterBenchmark((std::string("alpha_amd_gradient/") + (published ? "published" : "exact") +
                                              "/" + std::to_string(side) + "_2000/1")
                                                 .c_str(),
                                             evaluate, side, std::size_t{2000}, published));
    return true;
}();

}  // namespace
