#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include <comir/core/fft.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// The score of a shift that does not count: too little overlap, or nothing to correlate.
inline constexpr float no_score = -2.0f;
/// Variances below this share of the whole image's are no texture but rounding errors and noise.
inline constexpr float least_variance = 1e-3f;

/// What a shift needs to count, and how its score is weighed.
struct score_rule {
    float min_pixels = 1.0f;  // of overlap
    // Pixels of overlap with which a score counts in full; fewer weigh it by the root of their share, as the standard
    // error of a correlation grows: small overlaps reach high scores by chance. 0: all count in full.
    float full_pixels = 0.0f;

    simd<float> weigh(simd<float> const& score, simd<float> const& count) const {
        if (!(full_pixels > 0.0f))
            return score;
        return score *
               square_root(minimum(maximum(count, broadcast(0.0f)) * broadcast(1.0f / full_pixels), broadcast(1.0f)));
    }
    double weight(double count) const {
        return full_pixels > 0.0f ? std::sqrt(std::min(count / static_cast<double>(full_pixels), 1.0)) : 1.0;
    }
};

/// Memory of one thread that scores shifts; images are planes of plan.image_size().
struct score_workspace {
    fft2::workspace transform;
    std::vector<complex_plane> moving;          // spectra of a turned image
    std::vector<complex_plane> sums;            // images of sums over windows
    std::vector<aligned_vector<float>> planes;  // a turned image, then its weight
    aligned_vector<float> score, overlap;       // of all shifts

    score_workspace(fft2 const& plan, std::size_t spectra, std::size_t sum_planes, std::size_t image_planes)
        : transform(plan.make_workspace()),
          sums(sum_planes),
          planes(image_planes, aligned_vector<float>(plan.image_size(), 0.0f)),
          score(plan.image_size(), 0.0f),
          overlap(plan.image_size(), 0.0f) {
        for (std::size_t i = 0; i < spectra; ++i)
            moving.push_back(plan.make_spectrum());
        for (complex_plane& s : sums)
            s = {score, score};
    }
};

/// Adds weighed scores; a shift that counts in one only does not count.
inline void add_scores(aligned_vector<float>& scores, aligned_vector<float> const& others, float weight) {
    auto const none = broadcast(no_score), by = broadcast(weight);
    for (std::size_t i = 0; i < scores.size(); i += simd_width<float>) {
        auto const a = load<float>(scores.data() + i), b = load<float>(others.data() + i);
        store<float>(scores.data() + i,
                     where_positive(a - none, where_positive(b - none, multiply_add(by, b, a), none), none));
    }
}

/// The spectra of a real image's weight, its values' squares and its values, a channel each; the values are zero where
/// the weight is. `square` is scratch of the image's size.
inline void correlation_spectra(fft2 const& plan, std::vector<aligned_vector<float>> const& values,
                                std::size_t channels, aligned_vector<float> const& weight,
                                aligned_vector<float>& square, std::vector<complex_plane>& spectra,
                                fft2::workspace& w) {
    plan.forward(weight.data(), nullptr, spectra[0], w);
    std::fill(square.begin(), square.end(), 0.0f);
    for (std::size_t c = 0; c < channels; ++c) {
        for (std::size_t i = 0; i < square.size(); i += simd_width<float>) {
            auto const v = load<float>(values[c].data() + i);
            store<float>(square.data() + i, multiply_add(v, v, load<float>(square.data() + i)));
        }
        plan.forward(values[c].data(), nullptr, spectra[2 + c], w);
    }
    plan.forward(square.data(), nullptr, spectra[1], w);
}

/// Reads the spectrum of a correlation: fixed times the conjugate of moving. Of the half-turned moving image the
/// spectrum is the conjugate, up to a shift, so that it costs no transform.
struct spectrum_product {
    float const *fixed_re, *fixed_im, *moving_re, *moving_im;
    simd<float> sign;

    spectrum_product(complex_plane const& fixed, complex_plane const& moving, bool half_turn)
        : fixed_re(fixed.re.data()),
          fixed_im(fixed.im.data()),
          moving_re(moving.re.data()),
          moving_im(moving.im.data()),
          sign(broadcast(half_turn ? 1.0f : -1.0f)) {}
    complex_lanes operator()(std::size_t at) const {
        return complex_lanes{load<float>(fixed_re + at), load<float>(fixed_im + at)} *
               complex_lanes{load<float>(moving_re + at), sign * load<float>(moving_im + at)};
    }
};

/// Masked zero-normalised cross-correlation of every shift, over all channels together.
/// Source: Padfield 2012, Masked object registration in the Fourier domain, IEEE Transactions on Image Processing
///         21(5), equations 9 to 14; two real sums make one complex transform
inline void correlation_scores(fft2 const& plan, std::vector<complex_plane> const& fixed, bool half_turn,
                               score_rule const& rule, score_workspace& w) {
    std::size_t const channels = fixed.size() - 2;
    auto const pair = [&](std::size_t f, std::size_t m) { return spectrum_product(fixed[f], w.moving[m], half_turn); };
    auto const inverse = [&](auto const& spectrum, complex_plane& to) {
        plan.inverse(spectrum, to.re.data(), to.im.data(), w.transform);
    };
    // The overlap and the product; the two squares; then each channel's two sums.
    inverse(
        [&, count = pair(0, 0)](std::size_t at) {
            complex_lanes sum = count(at);
            for (std::size_t c = 0; c < channels; ++c)
                sum = sum + times_i(pair(2 + c, 2 + c)(at));
            return sum;
        },
        w.sums[0]);
    inverse([a = pair(1, 0), b = pair(0, 1)](std::size_t at) { return a(at) + times_i(b(at)); }, w.sums[1]);
    for (std::size_t c = 0; c < channels; ++c)
        inverse([a = pair(2 + c, 0), b = pair(0, 2 + c)](std::size_t at) { return a(at) + times_i(b(at)); },
                w.sums[2 + c]);

    auto const least_count = broadcast(rule.min_pixels), least = broadcast(least_variance), none = broadcast(no_score);
    for (std::size_t i = 0; i < plan.image_size(); i += simd_width<float>) {
        auto const sum = [&](std::size_t k, bool second) {
            return load<float>((second ? w.sums[k].im : w.sums[k].re).data() + i);
        };
        auto const count = sum(0, false), per_pixel = broadcast(1.0f) / maximum(count, broadcast(1.0f));
        auto product = sum(0, true), square_f = sum(1, false), square_m = sum(1, true);
        for (std::size_t c = 0; c < channels; ++c) {
            auto const f = sum(2 + c, false), m = sum(2 + c, true), mean_f = f * per_pixel, mean_m = m * per_pixel;
            product = product - mean_f * m;
            square_f = square_f - mean_f * f;
            square_m = square_m - mean_m * m;
        }
        auto const floor = least * count;
        auto score = product / square_root(maximum(square_f, floor) * maximum(square_m, floor));
        score = rule.weigh(score, count);
        score = where_positive(square_f - floor, where_positive(square_m - floor, score, none), none);
        score = where_positive(count - least_count, score, none);
        store<float>(w.score.data() + i, score);
        store<float>(w.overlap.data() + i, count);
    }
}

}}}  // namespace comir::COMIR_ABI::detail
