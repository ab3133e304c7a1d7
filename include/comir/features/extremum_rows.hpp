#pragma once

#include <algorithm>
#include <cstddef>

#include <comir/core/memory.hpp>
#include <comir/core/simd.hpp>
#include <comir/features/gaussian_octave.hpp>
#include <comir/features/scale_extremum.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// Finds the pixels of a row that are extrema among their 26 neighbours in place and scale, a vector at a time.
/// Differences of Gaussians are made as they are needed, three rows at a time, and never stored as images.
class extremum_rows {
public:
    extremum_rows(std::size_t pitch, int layers) : pitch_(pitch), levels_(static_cast<std::size_t>(layers) + 2) {
        differences_.assign(levels_ * 3 * pitch_, 0.0f);
        // The vectors beside a row's first and last are read with an offset of one.
        highest_.assign(levels_ * padded(), 0.0f);
        lowest_.assign(levels_ * padded(), 0.0f);
        flat_highest_.assign(levels_ * width, 0.0f);
        flat_lowest_.assign(levels_ * width, 0.0f);
        hits_.assign((levels_ - 2) * block, 0.0f);
    }

    /// Makes the differences of row y.
    void push(gaussian_octave const& octave, std::size_t y) {
        for (std::size_t s = 0; s < levels_; ++s) {
            float const* a = octave.level(static_cast<int>(s)).row(y);
            float const* b = octave.level(static_cast<int>(s) + 1).row(y);
            float* to = difference(s, y);
            for (std::size_t x = 0; x < pitch_; x += width) {
                store(to + x, load(b + x) - load(a + x));
            }
        }
    }

    /// Calls found(s, x) for the extrema of row y; rows y-1, y and y+1 have been pushed.
    template <class Found>
    void scan(std::size_t y, std::size_t columns, float threshold, Found&& found) {
        std::size_t const pitch = row_pitch<float>(columns);
        std::size_t ready = 0;
        for (std::size_t x = 0; x < pitch; x += block) {
            std::size_t const end = std::min(x + block, pitch);
            if (!exceeds(y, x, end, threshold))
                continue;
            // The highest and lowest of three rows, where they are not there yet, with a vector more on both sides.
            ready = std::max(ready, x >= width ? x - width : 0);
            std::size_t const wanted = std::min(end + width, pitch);
            across_rows(y, ready, wanted);
            ready = wanted;
            if (!compare(y, x, end, threshold))
                continue;
            for (std::size_t s = 1; s + 1 < levels_; ++s)
                for (std::size_t i = x; i < end; ++i)
                    if (hits_[(s - 1) * block + i - x] > 0.0f && i >= extremum_border && i + extremum_border < columns)
                        found(static_cast<int>(s), i);
        }
    }

private:
    static constexpr std::size_t width = simd_width<float>;
    static constexpr std::size_t block = 4 * width;

    /// Whether a difference of the layers between x and end is above the threshold.
    bool exceeds(std::size_t y, std::size_t x, std::size_t end, float threshold) {
        simd<float> most(0.0f);
        for (std::size_t s = 1; s + 1 < levels_; ++s) {
            float const* values = difference(s, y);
            for (std::size_t i = x; i < end; i += width)
                most = maximum(most, absolute(load(values + i)));
        }
        return any_positive(most - simd<float>(threshold));
    }

    static bool any_positive(simd<float> const& v) {
        return sum(where_positive(v, simd<float>(1.0f), simd<float>(0.0f))) > 0.0f;
    }

    void across_rows(std::size_t y, std::size_t begin, std::size_t end) {
        for (std::size_t s = 0; s < levels_; ++s) {
            float const *a = difference(s, y - 1), *b = difference(s, y), *c = difference(s, y + 1);
            float *high = highest_.data() + s * padded() + width, *low = lowest_.data() + s * padded() + width;
            for (std::size_t x = begin; x < end; x += width) {
                simd<float> const p = load(a + x), q = load(b + x), r = load(c + x);
                store(high + x, maximum(maximum(p, q), r));
                store(low + x, minimum(minimum(p, q), r));
            }
        }
    }

    /// Fills hits_ for the layers between x and end; true if there is one.
    bool compare(std::size_t y, std::size_t x, std::size_t end, float threshold) {
        simd<float> const zero(0.0f), one(1.0f), least(threshold);
        simd<float> any = zero;
        for (std::size_t i = x; i < end; i += width) {
            for (std::size_t s = 0; s < levels_; ++s) {
                float const* h = highest_.data() + s * padded() + width + i;
                float const* l = lowest_.data() + s * padded() + width + i;
                store(flat_highest_.data() + s * width, maximum(maximum(load(h - 1), load(h)), load(h + 1)));
                store(flat_lowest_.data() + s * width, minimum(minimum(load(l - 1), load(l)), load(l + 1)));
            }
            for (std::size_t s = 1; s + 1 < levels_; ++s) {
                float const *h = flat_highest_.data() + s * width, *l = flat_lowest_.data() + s * width;
                simd<float> const high = maximum(maximum(load(h - width), load(h)), load(h + width));
                simd<float> const low = minimum(minimum(load(l - width), load(l)), load(l + width));
                simd<float> const v = load(difference(s, y) + i);
                simd<float> const rest = where_positive(v, high - v, v - low);
                simd<float> const hit = where_positive(absolute(v) - least, where_positive(rest, zero, one), zero);
                store(hits_.data() + (s - 1) * block + i - x, hit);
                any = maximum(any, hit);
            }
        }
        return sum(any) > 0.0f;
    }

    std::size_t padded() const { return pitch_ + 2 * width; }
    float* difference(std::size_t s, std::size_t y) { return differences_.data() + (s * 3 + y % 3) * pitch_; }

    std::size_t pitch_, levels_;
    aligned_vector<float> differences_, highest_, lowest_, flat_highest_, flat_lowest_, hits_;
};

}}}  // namespace comir::COMIR_ABI::detail
