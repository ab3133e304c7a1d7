#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include <comir/core/error.hpp>
#include <comir/core/linalg.hpp>
#include <comir/image/filter.hpp>
#include <comir/image/image.hpp>
#include <comir/training/sampler.hpp>

namespace comir::inline COMIR_ABI {

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
    using dense = matrix<double, Eigen::Dynamic>;
    using column = matrix<double, Eigen::Dynamic, 1>;

    explicit canonical_moments(std::size_t features)
        : sums_(column::Zero(static_cast<Eigen::Index>(features))),
          products_(dense::Zero(sums_.size(), sums_.size())) {}

    template <std::size_t M>
    void add(aligned_images<M> const& scene, int threads) {
        constexpr std::size_t wanted = 1 << 15;
        std::size_t const h = scene[0].height(), w = scene[0].width();
        auto const step = std::max<std::size_t>(1, static_cast<std::size_t>(std::sqrt(double(h * w) / wanted)));
        dense samples(sums_.size(), static_cast<Eigen::Index>(((h + step - 1) / step) * ((w + step - 1) / step)));
        Eigen::Index row = 0;
        for (image<float> const& modality : scene)
            visit_canonical_features(modality, threads, [&](image<float> feature) {
                subtract_blur(feature, canonical_coarse_sigma, threads);
                for (std::size_t c = 0; c < feature.channels(); ++c, ++row) {
                    Eigen::Index i = 0;
                    for (std::size_t y = 0; y < h; y += step)
                        for (std::size_t x = 0; x < w; x += step)
                            samples(row, i++) = feature(c, y, x);
                }
            });
        sums_ += samples.rowwise().sum();
        products_.selfadjointView<Eigen::Lower>().rankUpdate(samples);
        count_ += static_cast<double>(samples.cols());
    }

    dense covariance() const {
        column const mean = sums_ / count_;
        return dense(products_.selfadjointView<Eigen::Lower>()) / count_ - mean * mean.transpose();
    }

private:
    column sums_;
    dense products_;
    double count_ = 0;
};

/// Weights of features, a column a channel: generalised canonical correlation, the directions in which the sum over the
/// modalities varies most for what each of them varies. `sizes` are the modalities' numbers of features.
inline canonical_moments::dense canonical_weights(canonical_moments::dense const& covariance,
                                                  std::span<std::size_t const> sizes, std::size_t channels) {
    using dense = canonical_moments::dense;
    using column = canonical_moments::column;
    constexpr double ridge = 0.01;  // of a feature's variance
    Eigen::Index const n = covariance.rows(), count = static_cast<Eigen::Index>(channels);
    column const scale = covariance.diagonal().unaryExpr([](double v) { return v > 1e-12 ? 1 / std::sqrt(v) : 0.0; });
    dense const all = scale.asDiagonal() * covariance * scale.asDiagonal();
    dense within = dense::Zero(n, n);
    Eigen::Index first = 0;
    for (std::size_t const s : sizes) {
        auto const size = static_cast<Eigen::Index>(s);
        within.block(first, first, size, size) = all.block(first, first, size, size);
        first += size;
    }
    dense const identity = ridge * dense::Identity(n, n);
    Eigen::GeneralizedSelfAdjointEigenSolver<dense> const solver(all + identity, within + identity);
    dense weights(n, count);
    for (Eigen::Index c = 0; c < count; ++c) {
        column w = solver.eigenvectors().col(n - 1 - c);
        column const likeness = all * w;
        double const deviation = std::sqrt(std::max(w.dot(likeness), 0.0));
        // The sign is free: the signal shall rise with the first modality's features.
        double const sign = likeness.head(static_cast<Eigen::Index>(sizes[0])).sum() < 0 ? -1 : 1;
        weights.col(c) = deviation > 1e-6 ? column(scale.asDiagonal() * w * (sign / deviation)) : column::Zero(n);
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
        Eigen::Index row = 0;
        for (image<float> const& modality : scene)
            detail::visit_canonical_features(modality, threads, [&](image<float> const& feature) {
                std::size_t const area = feature.height() * feature.width();
                for (std::size_t k = 0; k < feature.channels(); ++k, ++row)
                    for (std::size_t c = 0; c < channels; ++c) {
                        auto const w = static_cast<float>(weights(row, static_cast<Eigen::Index>(c)));
                        float const* const from = feature.row(k, 0);
                        float* const to = signal.row(c, 0);
                        for (std::size_t i = 0; i < area; ++i)
                            to[i] += w * from[i];
                    }
            });
        // The weights are those of details, and a sum's detail is the sum of the details.
        detail::subtract_blur(signal, detail::canonical_coarse_sigma, threads);
        for (float& v : signal.values())
            v = std::clamp(v, -detail::canonical_limit, detail::canonical_limit);
        signals.push_back(std::move(signal));
    }
    return signals;
}

}  // namespace comir::inline COMIR_ABI
