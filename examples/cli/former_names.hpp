#pragma once

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Options by their names before version 0.2.0: they still work, and --help does not show them.
inline constexpr std::array<std::pair<std::string_view, std::string_view>, 4> former_names{{
    {"--cells", "--grid"},
    {"--guide", "--canonical-signal"},
    {"--negate", "--invert-contrast"},
    {"--levels", "--alpha-levels"},
}};

/// The arguments of a command line with today's names of options, given alone or with "=" and a value.
inline std::vector<std::string> with_present_names(int count, char const* const* arguments) {
    std::vector<std::string> present(arguments, arguments + count);
    for (std::string& argument : present)
        for (auto const& [former, name] : former_names)
            if (argument == former || argument.starts_with(std::string(former) + "="))
                argument.replace(0, former.size(), name);
    return present;
}
