#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include <comir/core/error.hpp>
#include <comir/core/linalg/cholesky.hpp>
#include <comir/core/linalg/symmetric_eigen.hpp>
#include <comir/image/filter.hpp>
#include <comir/image/image.hpp>
#include <comir/image/local_detail.hpp>
#include <comir/training/batch/sampler.hpp>

namespace comir { inline namespace COMIR_ABI {

namespace detail {

// A cell of the loss is about 16 px wide: what is coarser than that tells few cells apart.
inline constexpr double canonical_coarse_sigma = 12;
inline constexpr std::array canonical_sigmas{1.0, 2.0, 4.0};
inline constexpr std::size_t canonical_features = 2 * canonical_sigmas.size();  // of a channel
inline constexpr float canonical_limit = 4;                                     // standard deviations

/// Calls visit(feature image) for each scale: with the smoothed channels, and with their deviation from these, which
/// sees texture. Neither changes when the image is turned.
template <class Visit>
void visit_canonical_features(image<float> const& source, int threads, Visit&& visit) {
    for (double const sigma : canonical_sigmas) {
        image<float> const smooth = gaussian_blur(source, sigma, threads);
        image<float> texture = source;
        std::ranges::transform(source.values(), smooth.values(), texture.values().begin(),
                               [](float v, float s) { return (v - s) * (v - s); });
        texture = gaussian_blur(texture, 2 * sigma, threads);
        for (float& v : texture.values())
            v = std::sqrt(std::max(v, 0.0f));
        visit(smooth);
        visit(texture);
    }
}

/// Means and covariance of all features of all modalities, over a grid of pixels of each scene.
class canonical_moments {
public:
    explicit canonical_moments(std::size_t features) : sums_(features), products_(features) {}

    template <std::size_t M>
    void add(aligned_images<M> const& scene, int threads) {
        constexpr std::size_t wanted = 1 << 15;
        std::size_t const h = scene[0].height(), w = scene[0].width();
        auto const step = std::max<std::size_t>(1, static_cast<std::size_t>(std::sqrt(double(h * w) / wanted)));
        std::size_t const count = ((h + step - 1) / step) * ((w + step - 1) / step);
        std::vector<double> samples;
        samples.reserve(sums_.size() * count);
        for (image<float> const& modality : scene)
            visit_canonical_features(modality, threads, [&](image<float> const& feature) {
                image<float> const coarse = blur_and_sample(feature, canonical_coarse_sigma, step, 1, threads);
                for (std::size_t c = 0; c < feature.channels(); ++c)
                    for (std::size_t y = 0; y < h; y += step)
                        for (std::size_t x = 0; x < w; x += step)
                            samples.push_back(feature(c, y, x) - coarse(c, y / step, x));
            });
        add_products(samples, count);
    }

    square_matrix covariance() const {
        square_matrix result(sums_.size());
        for (std::size_t i = 0; i < result.size; ++i)
            for (std::size_t j = 0; j <= i; ++j)
                result(i, j) = result(j, i) = products_(i, j) / count_ - sums_[i] / count_ * (sums_[j] / count_);
        return result;
    }

private:
    /// A row of `count` samples a feature.
    void add_products(std::span<double const> samples, std::size_t count) {
        constexpr std::size_t piece = 512;  // of all features fit the second cache
        for (std::size_t first = 0; first < count; first += piece) {
            std::size_t const length = std::min(piece, count - first);
            for (std::size_t i = 0; i < sums_.size(); ++i) {
                auto const a = samples.subspan(i * count + first, length);
                sums_[i] += std::accumulate(a.begin(), a.end(), 0.0);
                for (std::size_t j = 0; j <= i; ++j) {
                    auto const b = samples.subspan(j * count + first, length);
                    products_(i, j) += std::transform_reduce(a.begin(), a.end(), b.begin(), 0.0);
                }
            }
        }
        count_ += static_cast<double>(count);
    }

    std::vector<double> sums_;
    square_matrix products_;  // its lower triangle
    double count_ = 0;
};

/// Weights of features, a row a channel: generalised canonical correlation, the directions in which the sum over the
/// modalities varies most for what each of them varies. `sizes` are the modalities' numbers of features.
inline std::vector<std::vector<double>> canonical_weights(square_matrix const& covariance,
                                                          std::span<std::size_t const> sizes, std::size_t channels) {
    constexpr double ridge = 0.01;  // of a feature's variance
    std::size_t const n = covariance.size;
    std::vector<double> scale(n);
    for (std::size_t i = 0; i < n; ++i)
        scale[i] = covariance(i, i) > 1e-12 ? 1 / std::sqrt(covariance(i, i)) : 0.0;
    square_matrix all(n), within(n);
    for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = 0; j < n; ++j)
            all(i, j) = scale[i] * covariance(i, j) * scale[j];
    std::size_t begin = 0;
    for (std::size_t const size : sizes) {
        for (std::size_t i = begin; i < begin + size; ++i)
            for (std::size_t j = begin; j < begin + size; ++j)
                within(i, j) = all(i, j);
        begin += size;
    }
    square_matrix reduced = all;
    for (std::size_t i = 0; i < n; ++i) {
        within(i, i) += ridge;
        reduced(i, i) += ridge;
    }
    // all w = r within w is a symmetric problem in L^T w, with within = L L^T.
    square_matrix const l = cholesky(within);
    for (int side = 0; side < 2; ++side) {
        for (std::size_t i = 0; i < n; ++i)
            solve_lower(l, reduced.row(i));
        for (std::size_t i = 0; i < n; ++i)
            for (std::size_t j = 0; j < i; ++j)
                std::swap(reduced(i, j), reduced(j, i));
    }
    eigen_system const system = symmetric_eigen(std::move(reduced));
    std::vector<std::vector<double>> weights;
    for (std::size_t c = 0; c < channels; ++c) {
        auto const direction = system.vectors.row(c);
        std::vector<double> w(direction.begin(), direction.end());
        solve_lower_transposed(l, w);
        double variance = 0, rise = 0;
        for (std::size_t i = 0; i < n; ++i) {
            double const likeness = std::inner_product(w.begin(), w.end(), all.row(i).begin(), 0.0);
            variance += w[i] * likeness;
            rise += i < sizes[0] ? likeness : 0;
        }
        double const deviation = std::sqrt(std::max(variance, 0.0));
        // The sign is free: the signal shall rise with the first modality's features.
        double const gain = deviation > 1e-6 ? (rise < 0 ? -1 : 1) / deviation : 0.0;
        for (std::size_t i = 0; i < n; ++i)
            w[i] *= gain * scale[i];
        weights.push_back(std::move(w));
    }
    return weights;
}

}  // namespace detail

/// What all modalities of aligned scenes show alike at first sight: of each scene the sums of simple features (each
/// channel smoothed at three scales, and its local deviation) that correlate most between the modalities, detail only,
/// each channel of mean 0 and deviation 1 over the scenes. It depends on no seed.
/// Shapes:  per scene (C, H, W) with C the smaller of `channels` and the features of the modality that has fewest
/// Errors:  shape_error if there is no scene, or one's images are empty or differ in size
/// Threads: as gaussian_blur; the same bits for any number
/// Source:  Kettenring, Canonical analysis of several sets of variables, Biometrika 58(3), 1971 (MAXVAR)
template <std::size_t M>
std::vector<image<float>> canonical_signal(std::span<aligned_images<M> const> scenes, std::size_t channels,
                                           int threads = 0) {
    require<shape_error>(!scenes.empty(), "comir::canonical_signal: there are no scenes, expected at least one");
    std::array<std::size_t, M> sizes;
    for (std::size_t m = 0; m < M; ++m)
        sizes[m] = detail::canonical_features * scenes[0][m].channels();
    for (aligned_images<M> const& scene : scenes)
        for (std::size_t m = 0; m < M; ++m)
            require<shape_error>(scene[m].height() == scene[0].height() && scene[m].width() == scene[0].width() &&
                                     scene[m].channels() == scenes[0][m].channels(),
                                 "comir::canonical_signal: modality ", m, " of a scene is ",
                                 to_string(scene[m].shape()), ", modality 0 is ", to_string(scene[0].shape()),
                                 "; give aligned images of one size, with as many channels in each scene");
    std::size_t features = 0;
    for (std::size_t const size : sizes) {
        features += size;
        channels = std::min(channels, size);
    }

    detail::canonical_moments moments(features);
    for (aligned_images<M> const& scene : scenes)
        moments.add(scene, threads);
    auto const weights = detail::canonical_weights(moments.covariance(), sizes, channels);

    std::vector<image<float>> signals;
    for (aligned_images<M> const& scene : scenes) {
        image<float> signal({channels, scene[0].height(), scene[0].width()});
        std::size_t row = 0;
        for (image<float> const& modality : scene)
            detail::visit_canonical_features(modality, threads, [&](image<float> const& feature) {
                std::size_t const area = feature.height() * feature.width();
                for (std::size_t k = 0; k < feature.channels(); ++k, ++row)
                    for (std::size_t c = 0; c < channels; ++c) {
                        auto const w = static_cast<float>(weights[c][row]);
                        float const* const from = feature.row(k, 0);
                        float* const to = signal.row(c, 0);
                        for (std::size_t i = 0; i < area; ++i)
                            to[i] += w * from[i];
                    }
            });
        // The weights are those of details, and a sum's detail is the sum of the details.
        signal = local_detail(signal, detail::canonical_coarse_sigma, {}, threads);
        for (float& v : signal.values())
            v = std::clamp(v, -detail::canonical_limit, detail::canonical_limit);
        signals.push_back(std::move(signal));
    }
    return signals;
}

}}  // namespace comir::COMIR_ABI
