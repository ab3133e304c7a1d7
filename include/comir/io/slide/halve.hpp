#pragma once

#include <cstddef>
#include <optional>
#include <type_traits>

#include <comir/image/image.hpp>
#include <comir/image/nodata.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

template <class T>
T mean_of_four(T a, T b, T c, T d) {
    if constexpr (std::is_integral_v<T>)
        return static_cast<T>((unsigned{a} + b + c + d + 2u) / 4u);  // half is rounded up, as libvips does
    else
        return static_cast<T>((double{a} + double{b} + double{c} + double{d}) * 0.25);
}

/// Whether a pixel has the value for no data in all channels.
template <class T>
bool shows_nothing(image<T> const& source, std::size_t y, std::size_t x, double nodata) {
    for (std::size_t c = 0; c < source.channels(); ++c)
        if (!is_nodata(source(c, y, x), nodata))
            return false;
    return true;
}

/// The mean of those of 2 x 2 pixels that are no no-data, channel by channel; no-data if all are.
template <class T>
void halve_counted(image<T> const& source, region const& at, image<T>& target, double nodata) {
    for (std::size_t y = 0; y < at.h; ++y)
        for (std::size_t x = 0; x < at.w; ++x) {
            bool counts[4];
            std::size_t count = 0;
            for (std::size_t i = 0; i < 4; ++i)
                count += counts[i] = !shows_nothing(source, 2 * y + i / 2, 2 * x + i % 2, nodata);
            for (std::size_t c = 0; c < source.channels(); ++c) {
                double sum = 0.0;
                for (std::size_t i = 0; i < 4; ++i)
                    if (counts[i])
                        sum += static_cast<double>(source(c, 2 * y + i / 2, 2 * x + i % 2));
                T& to = target(c, at.y + y, at.x + x);
                if (count == 0)
                    to = source(c, 2 * y, 2 * x);
                else
                    to = static_cast<T>(sum / static_cast<double>(count) + (std::is_integral_v<T> ? 0.5 : 0.0));
            }
        }
}

/// Means of 2 x 2 pixels of source, written to the region of target; an odd last row or column is left out.
template <class T>
void halve_into(image<T> const& source, region const& at, image<T>& target, std::optional<double> nodata) {
    if (nodata)
        return halve_counted(source, at, target, *nodata);
    for (std::size_t c = 0; c < source.channels(); ++c)
        for (std::size_t y = 0; y < at.h; ++y) {
            T const *upper = source.row(c, 2 * y), *lower = source.row(c, 2 * y + 1);
            T* const to = target.row(c, at.y + y) + at.x;
            for (std::size_t x = 0; x < at.w; ++x)
                to[x] = mean_of_four(upper[2 * x], upper[2 * x + 1], lower[2 * x], lower[2 * x + 1]);
        }
}

}}}  // namespace comir::COMIR_ABI::detail
