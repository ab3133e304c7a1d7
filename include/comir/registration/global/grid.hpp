#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

#include <comir/core/fft.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// Shifts along one axis, and how they are cut so that each part is one cyclic correlation of length `cycle`.
/// A shift s lays the turned image's pixel 0 on the fixed image's pixel s.
struct shift_axis {
    std::ptrdiff_t first = 0, count = 0;  // all shifts
    std::ptrdiff_t part = 0;              // shifts of each part; the last may have fewer
    std::size_t cycle = 0;

    std::size_t parts() const { return static_cast<std::size_t>((count + part - 1) / part); }
    /// First shift of a part, and how many it has.
    std::ptrdiff_t begin(std::size_t i) const { return first + static_cast<std::ptrdiff_t>(i) * part; }
    std::ptrdiff_t size(std::size_t i) const { return std::min(part, first + count - begin(i)); }
    /// Where the cyclic correlation holds a shift, or the fixed image's pixel.
    std::size_t index_of(std::ptrdiff_t shift) const {
        auto const n = static_cast<std::ptrdiff_t>(cycle);
        return static_cast<std::size_t>((shift % n + n) % n);
    }
};

/// The shifts first ... last, of `moving` pixels over `fixed` ones.
inline shift_axis make_shift_axis(std::ptrdiff_t first, std::ptrdiff_t last, std::size_t fixed, std::size_t moving) {
    // Longer cycles do not fit the second-level cache as squares, and a part's transforms slow down.
    constexpr std::size_t longest = 400;
    shift_axis axis{first, last - first + 1, 0, 0};
    auto const m = static_cast<std::ptrdiff_t>(moving);
    // Beyond the image are zeros, so that a cycle may be shorter than all shifts: only pixels must not meet others.
    auto const whole = std::max(static_cast<std::ptrdiff_t>(fixed) - first, last + m);
    std::size_t const one = fft_size(static_cast<std::size_t>(std::max({whole, axis.count, m, std::ptrdiff_t{1}})));
    axis.part = axis.count;
    axis.cycle = one;
    auto const cost = [](std::size_t parts, std::size_t cycle) {
        auto const n = static_cast<double>(cycle);
        return static_cast<double>(parts) * n * std::log2(n + 1.0);
    };
    if (one <= std::max(longest, 2 * moving))
        return axis;
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t cycle = fft_size(moving + moving / 4 + 1); cycle <= std::max(longest, 3 * moving);
         cycle = fft_size(cycle + 1)) {
        shift_axis candidate = axis;
        candidate.cycle = cycle;
        candidate.part = static_cast<std::ptrdiff_t>(cycle) - m + 1;
        if (double const c = cost(candidate.parts(), cycle); c < least) {
            least = c;
            axis = candidate;
        }
    }
    return axis;
}

}}}  // namespace comir::COMIR_ABI::detail
