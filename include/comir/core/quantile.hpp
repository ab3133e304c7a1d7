#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include <comir/core/abi.hpp>

namespace comir { inline namespace COMIR_ABI {

/// The value that a share (0 to 1) of the others lies below, rounded down to one of the values. Reorders them; there
/// must be at least one, and none may be NaN.
template <class T>
T lower_quantile(std::vector<T>& values, double share) {
    auto const at = values.begin() + static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
    std::nth_element(values.begin(), at, values.end());
    return *at;
}

/// The percentile (0 to 100), linear between the two nearest values. Reorders them; there must be at least one, and
/// none may be NaN.
template <class T>
T percentile(std::vector<T>& values, double percent) {
    double const place = static_cast<double>(values.size() - 1) * percent / 100.0;
    auto const below = std::min(static_cast<std::size_t>(place), values.size() - 1);
    auto const middle = values.begin() + static_cast<std::ptrdiff_t>(below);
    std::ranges::nth_element(values, middle);
    double const rest = place - static_cast<double>(below);
    if (rest <= 0.0)
        return *middle;
    double const above = *std::min_element(middle + 1, values.end());
    return static_cast<T>(*middle + rest * (above - *middle));
}

}}  // namespace comir::COMIR_ABI
