#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <vector>

#include <comir/core/parallel.hpp>
#include <comir/image/image.hpp>
#include <comir/image/warp.hpp>
#include <comir/transform/rigid.hpp>

namespace comir { inline namespace COMIR_ABI {

/// What zncc found.
struct zncc_result {
    double correlation = 0.0, overlap = 0.0;
};

/// Zero-normalised correlation, -1 to 1, of the fixed image's pixels with the moving image under a transform, where
/// both count; channels together, each with its own mean; zero where nothing varies or meets. The overlap is the share
/// of the fixed image's pixels.
template <affine_transform Transform>
zncc_result zncc(image<float> const& fixed, image_mask const& fixed_mask, image<float> const& moving,
                 image_mask const& moving_mask, Transform const& fixed_to_moving, int threads) {
    image_mask inside;
    image<float> values = moving, weight;
    warp_options const options{.threads = threads};
    if (!moving_mask.empty()) {
        weight = image<float>({1, moving.height(), moving.width()});
        for (std::size_t i = 0; i < weight.values().size(); ++i) {
            weight.values()[i] = moving_mask.values()[i] ? 1.0f : 0.0f;
            // Ignored pixels may be NaN, which would not stay where it is.
            for (std::size_t c = 0; c < moving.channels() && !moving_mask.values()[i]; ++c)
                values.channel(c)[i] = 0.0f;
        }
        weight = warp(weight, fixed_to_moving, fixed.shape(), options);
    }
    values = warp(values, fixed_to_moving, fixed.shape(), options, &inside);
    struct sums {
        double n = 0.0, f = 0.0, m = 0.0, fm = 0.0, ff = 0.0, mm = 0.0;
    };
    double count = 0.0, product = 0.0, square_f = 0.0, square_m = 0.0;
    for (std::size_t c = 0; c < fixed.channels(); ++c) {
        std::vector<sums> rows(fixed.height());
        parallel_for(fixed.height(), threads, [&](std::size_t y) {
            sums s;
            for (std::size_t x = 0; x < fixed.width(); ++x) {
                if (!inside(0, y, x) || (!fixed_mask.empty() && !fixed_mask(0, y, x)) ||
                    (!weight.empty() && weight(0, y, x) < 0.999f))
                    continue;
                auto const f = static_cast<double>(fixed(c, y, x)), m = static_cast<double>(values(c, y, x));
                s.n += 1.0;
                s.f += f;
                s.m += m;
                s.fm += f * m;
                s.ff += f * f;
                s.mm += m * m;
            }
            rows[y] = s;
        });
        sums all;
        for (sums const& s : rows)
            all = {all.n + s.n, all.f + s.f, all.m + s.m, all.fm + s.fm, all.ff + s.ff, all.mm + s.mm};
        double const n = std::max(all.n, 1.0);
        count = all.n;
        product += all.fm - all.f * all.m / n;
        square_f += all.ff - all.f * all.f / n;
        square_m += all.mm - all.m * all.m / n;
    }
    double const pixels = static_cast<double>(fixed.height() * fixed.width());
    return {square_f > 0.0 && square_m > 0.0 ? product / std::sqrt(square_f * square_m) : 0.0, count / pixels};
}

}}  // namespace comir::COMIR_ABI
