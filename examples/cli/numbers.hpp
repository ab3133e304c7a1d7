#pragma once

#include <string>

#include <CLI/CLI.hpp>

// Checks of numbers that say what was expected. Those of CLI11 let NaN pass, and show the largest number there is.

/// `shown` stands in the help, `expected` in the error.
template <class Holds>
CLI::Validator number_check(std::string const& shown, std::string const& expected, Holds holds) {
    return CLI::Validator(
        [=](std::string& text) {
            double value = 0;
            bool const fits = CLI::detail::lexical_cast(text, value) && holds(value);
            return fits ? std::string() : "'" + text + "' is not " + expected;
        },
        shown);
}

inline CLI::Validator above_zero() {
    return number_check("POSITIVE", "a number above 0", [](double v) { return v > 0; });
}
inline CLI::Validator zero_or_above() {
    return number_check("NONNEGATIVE", "a number of 0 or above", [](double v) { return v >= 0; });
}
/// Whole numbers without a sign are read as what is left of a negative one, and NaN is a number to CLI11.
inline void check_numbers(CLI::App& command) {
    for (CLI::Option* option : command.get_options()) {
        std::string const type = option->get_type_name();
        if (type.starts_with("UINT"))
            option->check(number_check("", "a whole number of 0 or above", [](double v) { return v >= 0; }));
        else if (type.starts_with("FLOAT"))
            option->check(number_check("", "a number", [](double v) { return v == v; }));
    }
}
