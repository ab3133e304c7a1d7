#pragma once

#include <string>

#include <comir/core/error.hpp>

namespace comir { inline namespace COMIR_ABI {

/// Numbers that an option may have, made by between, up_to_below, at_least or above.
struct number_range {
    double from, to;
    bool with_from = true, with_to = true;
    bool bounded = true;  // whether `to` is a limit that a message should name

    /// NaN is in no range, infinity in none either.
    bool holds(double value) const {
        return (with_from ? value >= from : value > from) && (with_to ? value <= to : value < to);
    }
};

/// From the first number to the second one, both included.
constexpr number_range between(double from, double to) {
    return {from, to};
}
/// From the first number to below the second one.
constexpr number_range up_to_below(double from, double to) {
    return {from, to, true, false};
}
/// Finite numbers of at least `from`.
constexpr number_range at_least(double from) {
    return {from, 1.7976931348623157e308, true, true, false};
}
/// Finite numbers above `from`.
constexpr number_range above(double from) {
    return {from, 1.7976931348623157e308, false, true, false};
}

/// The range in words, as "0 to below 1" or "a number above 0".
inline std::string to_string(number_range const& r) {
    std::string const from = detail::to_text(r.from), to = detail::to_text(r.to);
    if (!r.bounded)
        return r.with_from ? "a finite number of at least " + from : "a finite number above " + from;
    return (r.with_from ? "" : "above ") + from + (r.with_to ? " to " : " to below ") + to;
}

/// Checks one number of a set of options.
/// Errors: error "who: name is value, expected range", followed by the unit if there is one
inline void check_range(char const* who, char const* name, double value, number_range const& range,
                        char const* unit = "") {
    require(range.holds(value), who, ": ", name, " is ", value, ", expected ", to_string(range),
            *unit != '\0' ? " " : "", unit);
}

}}  // namespace comir::COMIR_ABI
