#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <comir/core/error.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// The shortest text that reads back as the same number, whatever the locale.
inline std::string number_text(double value) {
    char text[32];
    return {text, std::to_chars(text, text + sizeof text, value).ptr};
}

template <class Numbers>
std::string numbers_text(Numbers const& numbers) {
    std::string text;
    for (double value : numbers) {
        if (!text.empty())
            text += ' ';
        text += number_text(value);
    }
    return text;
}

/// The next word of the text, which loses it; empty at the end.
inline std::string_view take_word(std::string_view& text) {
    constexpr std::string_view blanks = " \t\r";
    text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
    std::string_view const word = text.substr(0, text.find_first_of(blanks));
    text.remove_prefix(word.size());
    return word;
}

/// The next line without its end; the text loses it.
inline std::string_view take_line(std::string_view& text) {
    std::string_view const line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    return line.ends_with('\r') ? line.substr(0, line.size() - 1) : line;
}

inline std::string_view without_blanks(std::string_view text) {
    constexpr std::string_view blanks = " \t\r";
    std::size_t const first = text.find_first_not_of(blanks);
    return first == std::string_view::npos ? std::string_view()
                                           : text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

inline std::vector<double> read_numbers(std::string const& where, std::string_view text) {
    std::vector<double> numbers;
    for (std::string_view word = take_word(text); !word.empty(); word = take_word(text)) {
        double value = 0.0;
        // std::from_chars takes no plus sign.
        std::string_view const digits = word.size() > 1 && word[0] == '+' && word[1] != '-' ? word.substr(1) : word;
        auto const [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
        require<format_error>(code == std::errc{} && end == digits.data() + digits.size() && std::isfinite(value),
                              where, ": '", word.substr(0, 40), "' is not a finite number");
        numbers.push_back(value);
    }
    return numbers;
}

/// As many whole numbers from 0 on as were expected.
inline std::vector<std::size_t> read_counts(std::string const& where, char const* what, std::string_view text,
                                            std::size_t expected) {
    std::vector<std::size_t> counts;
    for (double const value : read_numbers(where, text)) {
        require<format_error>(value >= 0.0 && value < 1e9 && value == std::floor(value), where, ": ", what, " has ",
                              number_text(value), ", expected whole numbers from 0 to 999999999");
        counts.push_back(static_cast<std::size_t>(value));
    }
    require<format_error>(counts.size() == expected, where, ": ", what, " has ", counts.size(), " numbers, expected ",
                          expected);
    return counts;
}

}}}  // namespace comir::COMIR_ABI::detail
