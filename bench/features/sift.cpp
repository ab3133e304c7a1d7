#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>
#if defined(COMIR_BENCH_OPENCV)
#include <opencv2/core.hpp>
#include <opencv2/features2d.hpp>
#endif

#include <comir/core/random.hpp>
#include <comir/features/match.hpp>
#include <comir/features/sift.hpp>
#include <comir/image/filter.hpp>

// Keypoints and descriptors of a textured image, and the matching of descriptors that are each other's nearest, beside
// OpenCV's at equal settings.

namespace {

/// Noise blurred at several scales: about as many keypoints as bright-field images of tissue have.
comir::image<std::uint8_t> texture(std::size_t h, std::size_t w) {
    comir::image<float> total({1, h, w});
    for (int octave = 0; octave < 5; ++octave) {
        comir::image<float> noise({1, h, w});
        comir::random_stream random(1, static_cast<std::uint64_t>(octave));
        for (float& v : noise.values())
            v = static_cast<float>(random.normal());
        double const sigma = 1.8 * std::exp2(octave);
        noise = comir::gaussian_blur(noise, sigma);
        // A blur leaves 1 / (2 sqrt(pi) sigma) of the noise's standard deviation.
        auto const gain = static_cast<float>(3.545 * sigma * 9.0);
        for (std::size_t i = 0; i < total.values().size(); ++i)
            total.values()[i] += gain * noise.values()[i];
    }
    comir::image<std::uint8_t> out({1, h, w});
    for (std::size_t i = 0; i < total.values().size(); ++i)
        out.values()[i] = static_cast<std::uint8_t>(std::clamp(128.0f + total.values()[i], 0.0f, 255.0f));
    return out;
}

comir::feature_set descriptors(std::size_t count, std::uint64_t seed) {
    comir::feature_set set;
    set.length = 128;
    set.keypoints.resize(count);
    comir::random_stream random(seed);
    for (std::size_t i = 0; i < count; ++i) {
        std::vector<float> row(set.length);
        float square = 0.0f;
        for (float& v : row) {
            v = static_cast<float>(std::pow(random.uniform(), 4.0));
            square += v * v;
        }
        for (float const v : row)
            set.descriptors.push_back(v / std::sqrt(square));
    }
    return set;
}

void sift_comir(benchmark::State& state, std::size_t h, std::size_t w, int threads) {
    auto const source = texture(h, w);
    comir::sift_options options;
    options.range = 255.0;
    options.threads = threads;
    std::size_t const count = comir::sift(source, options).size();
    if (count < 100)
        state.SkipWithError("too few keypoints");
    for (auto _ : state)
        benchmark::DoNotOptimize(comir::sift(source, options).descriptors.data());
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(h * w));
    state.counters["keypoints"] = static_cast<double>(count);
}

constexpr comir::match_options mutually_nearest{.ratio = 1.0};

void match_comir(benchmark::State& state, std::size_t fixed_count, std::size_t moving_count, int threads) {
    auto const fixed = descriptors(fixed_count, 1), moving = descriptors(moving_count, 2);
    comir::match_options options = mutually_nearest;
    options.threads = threads;
    if (comir::match_features(fixed, moving, options).empty())
        state.SkipWithError("no keypoints are each other's nearest");
    for (auto _ : state)
        benchmark::DoNotOptimize(comir::match_features(fixed, moving, options).data());
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(fixed_count * moving_count));
}

#if defined(COMIR_BENCH_OPENCV)

void sift_opencv(benchmark::State& state, std::size_t h, std::size_t w, int threads) {
    auto source = texture(h, w);
    cv::setNumThreads(threads);
    cv::Mat const pixels(static_cast<int>(h), static_cast<int>(w), CV_8U, source.values().data());
    auto const finder = cv::SIFT::create();
    std::vector<cv::KeyPoint> keypoints;
    cv::Mat rows;
    for (auto _ : state) {
        finder->detectAndCompute(pixels, cv::noArray(), keypoints, rows);
        benchmark::DoNotOptimize(rows.data);
    }
    if (keypoints.size() < 100)
        state.SkipWithError("too few keypoints");
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(h * w));
    state.counters["keypoints"] = static_cast<double>(keypoints.size());
}

void match_opencv(benchmark::State& state, std::size_t fixed_count, std::size_t moving_count, int threads) {
    auto fixed = descriptors(fixed_count, 1), moving = descriptors(moving_count, 2);
    cv::setNumThreads(threads);
    cv::Mat const a(static_cast<int>(fixed_count), 128, CV_32F, fixed.descriptors.data());
    cv::Mat const b(static_cast<int>(moving_count), 128, CV_32F, moving.descriptors.data());
    cv::BFMatcher const matcher(cv::NORM_L2, true);
    std::vector<cv::DMatch> found;
    matcher.match(a, b, found);
    std::size_t alike = 0;
    auto const own = comir::match_features(fixed, moving, mutually_nearest);
    for (cv::DMatch const& m : found)
        for (comir::feature_match const& n : own)
            alike +=
                n.fixed == static_cast<std::size_t>(m.queryIdx) && n.moving == static_cast<std::size_t>(m.trainIdx);
    // Equally near ones may change places by rounding.
    if (std::max(own.size(), found.size()) - alike > own.size() / 200)
        state.SkipWithError("comir's matches are not OpenCV's");
    for (auto _ : state) {
        matcher.match(a, b, found);
        benchmark::DoNotOptimize(found.data());
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(fixed_count * moving_count));
}

#endif

template <class... Arguments>
void add(std::string const& name, void (*run)(benchmark::State&, Arguments...), std::common_type_t<Arguments>... with) {
    benchmark::RegisterBenchmark(name.c_str(), run, with...)
        ->UseRealTime()
        ->MeasureProcessCPUTime()
        ->Unit(benchmark::kMillisecond);
}

[[maybe_unused]] bool const registered = [] {
    for (int const threads : {1, 2}) {
        std::string const end = "/" + std::to_string(threads);
        for (auto const& [h, w] : {std::pair<std::size_t, std::size_t>{512, 512}, {834, 834}, {700, 1000}}) {
            std::string const shape = std::to_string(w) + "x" + std::to_string(h) + end;
            add("sift/comir/" + shape, sift_comir, h, w, threads);
#if defined(COMIR_BENCH_OPENCV)
            add("sift/opencv/" + shape, sift_opencv, h, w, threads);
#endif
        }
        for (auto const& [m, n] : {std::pair<std::size_t, std::size_t>{699, 1335}, {2395, 4251}}) {
            std::string const shape = std::to_string(m) + "x" + std::to_string(n) + end;
            add("match/comir/" + shape, match_comir, m, n, threads);
#if defined(COMIR_BENCH_OPENCV)
            add("match/opencv/" + shape, match_opencv, m, n, threads);
#endif
        }
    }
    return true;
}();

}  // namespace
