#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include <comir/core/memory.hpp>
#include <comir/core/parallel.hpp>
#include <comir/core/simd.hpp>
#include <comir/image/image.hpp>

namespace comir { inline namespace COMIR_ABI {

namespace detail {

/// A parabola of a row's lower envelope.
struct envelope_part {
    std::int32_t column;  // where its lowest point is
    std::int32_t start;   // first pixel where it is the lowest of all
    double offset;        // column^2 + height^2, a whole number
};

// Steps to either side that near_row looks before it gives up. A step costs a vector about as much as the envelope
// costs half a pixel, so that a try that fails never costs more than the envelope itself.
inline constexpr std::size_t near_steps = 8 * simd_width<float>;

/// Room for the distance maps of one plane size, reused from map to map.
class distance_scratch {
public:
    struct slot {
        std::vector<envelope_part> parts;
        aligned_vector<float> squares;  // of a row's column distances, with infinities on both sides
    };

    distance_scratch(std::size_t h, std::size_t w, int threads) : height(h), width(w), columns(h * w), inverse(w + 1) {
        for (std::size_t i = 1; i <= w; ++i)
            inverse[i] = 0.5 / static_cast<double>(i);
        slots.resize(static_cast<std::size_t>(thread_count(threads)));
        for (slot& s : slots) {
            s.parts.resize(w + 1);
            s.squares.assign(near_steps + round_up(w, near_block) + near_steps, std::numeric_limits<float>::infinity());
        }
    }

    static constexpr std::size_t near_block = 2 * simd_width<float>;  // pixels that near_row treats together

    std::size_t height, width;
    aligned_vector<float> columns;  // distance to the nearest set pixel of the same column
    std::vector<double> inverse;    // 1 / (2 i)
    std::vector<slot> slots;
};

/// Writes squared distances of one row: the lower envelope of the parabolas g(u)^2 + (x - u)^2. False if it is empty.
inline bool envelope_row(float const* g, std::size_t w, std::vector<double> const& inverse, envelope_part* parts,
                         float* row) {
    auto const n = static_cast<std::int32_t>(w);
    envelope_part* end = parts;
    for (std::int32_t u = 0; u < n; ++u) {
        if (!std::isfinite(g[u]))
            continue;
        double const height = g[u], place = u;
        double const offset = height * height + place * place;
        std::int32_t start = 0;
        for (; end != parts; --end) {
            envelope_part const& top = end[-1];
            // The quotient's rounding matters only where it is a whole number, and there both parabolas are equal.
            double const cut = (offset - top.offset) * inverse[static_cast<std::size_t>(u - top.column)];
            start = cut < 0.0 ? 0 : cut >= n ? n : static_cast<std::int32_t>(cut) + 1;
            if (start > top.start)
                break;
            start = 0;
        }
        if (start < n)
            *end++ = {u, start, offset};
    }
    if (end == parts)
        return false;
    end->start = n;
    envelope_part const* part = parts;
    for (std::int32_t x = 0; x < n; ++x) {
        // Parts start at distinct pixels, so that a step without a branch, which could not be predicted, is enough.
        part += x >= part[1].start ? 1 : 0;
        double const place = part->column, twice = x - 2.0 * place;
        row[x] = static_cast<float>(x * twice + part->offset);
    }
    return true;
}

/// The same by looking at the neighbours of all pixels of a block in turn, until none can be nearer: faster than the
/// envelope where something is set nearby. `squares` are g(u)^2 with near_steps infinities before and after. False,
/// with the row in disorder, if near_steps are not enough.
inline bool near_row(float const* squares, std::size_t w, float* row) {
    constexpr std::size_t width = simd_width<float>, block = distance_scratch::near_block;
    constexpr std::size_t unchecked = 4;  // the check costs about as much as these steps
    alignas(alignment) float ends[block];
    for (std::size_t x = 0; x < w; x += block) {
        float const* const here = squares + x;
        auto a = load<float>(here), b = load<float>(here + width);
        for (std::size_t k = 1;; k += unchecked) {
            float const reached = static_cast<float>(k - 1) * static_cast<float>(k - 1);
            auto const farther = maximum(maximum(a, b) - broadcast(reached), broadcast(0.0f));
            if (!(sum(farther) > 0.0f))
                break;
            if (k + unchecked > near_steps)
                return false;
            for (std::size_t j = k; j < k + unchecked; ++j) {
                auto const step = broadcast(static_cast<float>(j) * static_cast<float>(j));
                a = minimum(a, minimum(load<float>(here - j), load<float>(here + j)) + step);
                b = minimum(b, minimum(load<float>(here + width - j), load<float>(here + width + j)) + step);
            }
        }
        if (x + block <= w) {
            store(row + x, a);
            store(row + x + width, b);
        } else {
            store(ends, a);
            store(ends + width, b);
            std::copy_n(ends, w - x, row + x);
        }
    }
    return true;
}

/// out[y * width + x] = min(d_max, scale * distance of (x, y) to the nearest pixel with is_set(y, x)), d_max if there
/// is none.
template <class IsSet>
void euclidean_distances(distance_scratch& scratch, IsSet const& is_set, float scale, float d_max, float* out,
                         int threads) {
    constexpr std::size_t band_columns = 256, band_rows = 32;
    std::size_t const h = scratch.height, w = scratch.width;
    parallel_for((w + band_columns - 1) / band_columns, threads, [&](std::size_t band) {
        std::size_t const first = band * band_columns, last = std::min(first + band_columns, w);
        for (std::size_t y = 0; y < h; ++y) {
            float* const g = scratch.columns.data() + y * w;
            for (std::size_t x = first; x < last; ++x) {
                float const above = y == 0 ? std::numeric_limits<float>::infinity() : (g - w)[x];
                g[x] = is_set(y, x) ? 0.0f : above + 1.0f;
            }
        }
        for (std::size_t y = h - 1; y-- > 0;) {
            float* const g = scratch.columns.data() + y * w;
            for (std::size_t x = first; x < last; ++x)
                g[x] = std::min(g[x], g[x + w] + 1.0f);
        }
    });
    parallel_for_slots((h + band_rows - 1) / band_rows, threads, [&](std::size_t band, std::size_t slot) {
        std::size_t const first = band * band_rows, last = std::min(first + band_rows, h);
        distance_scratch::slot& own = scratch.slots[slot];
        float* const squares = own.squares.data() + near_steps;
        bool near = true;  // what was far in one row is far in the next
        for (std::size_t y = first; y < last; ++y) {
            float* const row = out + y * w;
            float const* const g = scratch.columns.data() + y * w;
            if (near) {
                for (std::size_t x = 0; x < w; ++x)
                    squares[x] = g[x] * g[x];
                near = near_row(squares, w, row);
            }
            if (!near && !envelope_row(g, w, scratch.inverse, own.parts.data(), row)) {
                std::fill_n(row, w, d_max);
                continue;
            }
            std::size_t x = 0;
            for (; x + simd_width<float> <= w; x += simd_width<float>)
                store(row + x, minimum(broadcast(scale) * square_root(load<float>(row + x)), broadcast(d_max)));
            for (; x < w; ++x)
                row[x] = std::min(scale * std::sqrt(row[x]), d_max);
        }
    });
}

}  // namespace detail

/// The exact Euclidean distance of every pixel to the nearest pixel that the mask sets, in pixels; zero on set ones.
/// Distances are cut off at d_max, which is also the value everywhere if no pixel is set.
/// Shapes:  mask (1, H, W), the map (1, H, W)
/// Errors:  shape_error for an empty mask or one of several channels; error if d_max is not positive
/// Threads: over column bands, then row bands; the same bits for any number of threads
/// Source:  Felzenszwalb and Huttenlocher 2012, Distance transforms of sampled functions; linear in the pixels
inline image<float> distance_map(image_mask const& mask, float d_max = std::numeric_limits<float>::infinity(),
                                 int threads = 0) {
    require<shape_error>(!mask.empty() && mask.channels() == 1, "comir::distance_map: the mask is ",
                         to_string(mask.shape()), ", expected 1 x H x W with at least one pixel");
    require(d_max > 0.0f, "comir::distance_map: d_max is ", d_max, ", expected a positive number of pixels");
    image<float> map({1, mask.height(), mask.width()});
    detail::distance_scratch scratch(mask.height(), mask.width(), threads);
    unsigned char const* const set = mask.values().data();
    std::size_t const w = mask.width();
    detail::euclidean_distances(
        scratch, [set, w](std::size_t y, std::size_t x) { return set[y * w + x] != 0; }, 1.0f, d_max,
        map.values().data(), threads);
    map.spacing = mask.spacing;
    map.origin = mask.origin;
    return map;
}

}}  // namespace comir::COMIR_ABI
