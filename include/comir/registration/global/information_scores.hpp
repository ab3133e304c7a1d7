#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include <comir/core/fft.hpp>
#include <comir/image/image.hpp>
#include <comir/registration/global/scores.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

inline constexpr std::size_t most_clusters = 16;

/// x log x, and zero up to one half: counts from transforms miss whole numbers by rounding errors.
inline simd<float> x_log_x(simd<float> const& x) {
    return where_positive(x - broadcast(0.5f), x * logarithm(maximum(x, broadcast(0.5f))), broadcast(0.0f));
}

/// Writes 1 where the plane of cluster numbers has this cluster and the weight is not zero, else 0.
inline void write_cluster_mask(aligned_vector<float> const& numbers, aligned_vector<float> const& weight,
                               std::size_t cluster, aligned_vector<float>& mask) {
    auto const number = static_cast<float>(cluster);
    for (std::size_t i = 0; i < mask.size(); ++i)
        mask[i] = numbers[i] == number ? weight[i] : 0.0f;
}

/// Spectra of the fixed image's weight, then of its cluster masks, two in one.
inline void fixed_cluster_spectra(fft2 const& plan, aligned_vector<float> const& numbers,
                                  aligned_vector<float> const& weight, std::vector<complex_plane>& spectra,
                                  fft2::workspace& w) {
    plan.forward(weight.data(), nullptr, spectra[0], w);
    aligned_vector<float> even(numbers.size()), odd(numbers.size());
    for (std::size_t j = 1; j < spectra.size(); ++j) {
        write_cluster_mask(numbers, weight, 2 * j - 2, even);
        write_cluster_mask(numbers, weight, 2 * j - 1, odd);
        plan.forward(even.data(), odd.data(), spectra[j], w);
    }
}

/// Spectra of the moving image's weight, then of its cluster masks.
inline void moving_cluster_spectra(fft2 const& plan, aligned_vector<float> const& numbers,
                                   aligned_vector<float> const& weight, aligned_vector<float>& mask,
                                   std::vector<complex_plane>& spectra, fft2::workspace& w) {
    plan.forward(weight.data(), nullptr, spectra[0], w);
    for (std::size_t b = 1; b < spectra.size(); ++b) {
        write_cluster_mask(numbers, weight, b - 1, mask);
        plan.forward(mask.data(), nullptr, spectra[b], w);
    }
}

/// Mutual information in nats of every shift, less the bias of its finite sample.
/// The joint histogram's entry (a, b) at all shifts is the correlation of cluster mask a with cluster mask b.
/// Source: Ofverstedt, Lindblad and Sladoje 2022, Fast computation of mutual information in the frequency domain with
///         applications to global multimodal image alignment, Pattern Recognition Letters 159. The bias is that of
///         Miller 1955, (clusters - 1)^2 / (2 pixels): it keeps small overlaps from looking informative
inline void information_scores(fft2 const& plan, std::vector<complex_plane> const& fixed, bool half_turn,
                               score_rule const& rule, std::size_t degrees, score_workspace& w) {
    complex_plane& counts = w.sums[0];
    complex_plane& totals = w.sums[1];  // re: minus sums of x log x of the marginals, plus the joint's; im: n_b
    auto const for_each = [&](auto const& body) {
        for (std::size_t i = 0; i < plan.image_size(); i += simd_width<float>)
            body(i);
    };
    auto const correlate = [&](std::size_t f, std::size_t m) {
        plan.inverse(spectrum_product(fixed[f], w.moving[m], half_turn), counts.re.data(), counts.im.data(),
                     w.transform);
    };
    correlate(0, 0);
    std::copy(counts.re.begin(), counts.re.end(), w.overlap.begin());
    std::fill(totals.re.begin(), totals.re.end(), 0.0f);
    for (std::size_t m = 0; m < w.moving.size(); ++m) {
        std::fill(totals.im.begin(), totals.im.end(), 0.0f);
        for (std::size_t j = 1; j < fixed.size(); ++j) {
            correlate(j, m);
            for_each([&](std::size_t i) {
                auto const a = load<float>(counts.re.data() + i), b = load<float>(counts.im.data() + i);
                auto const entropy = x_log_x(a) + x_log_x(b), total = load<float>(totals.re.data() + i);
                store<float>(totals.re.data() + i, m == 0 ? total - entropy : total + entropy);
                store<float>(totals.im.data() + i, load<float>(totals.im.data() + i) + a + b);
            });
        }
        if (m > 0)
            for_each([&](std::size_t i) {
                auto const own = x_log_x(load<float>(totals.im.data() + i));
                store<float>(totals.re.data() + i, load<float>(totals.re.data() + i) - own);
            });
    }
    auto const least_count = broadcast(rule.min_pixels), none = broadcast(no_score), one = broadcast(1.0f);
    auto const bias = broadcast(0.5f * static_cast<float>(degrees));
    for_each([&](std::size_t i) {
        auto const count = load<float>(w.overlap.data() + i), safe = maximum(count, one);
        auto score = (load<float>(totals.re.data() + i) + x_log_x(count) - bias) / safe;
        score = rule.weigh(score, count);
        store<float>(w.score.data() + i, where_positive(count - least_count, score, none));
    });
}

}}}  // namespace comir::COMIR_ABI::detail
