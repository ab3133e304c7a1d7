#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <comir/core/error.hpp>
#include <comir/io/transforms/itk_parts.hpp>
#include <comir/io/transforms/text.hpp>
#include <comir/transform/chain.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

inline constexpr std::string_view itk_first_line = "#Insight Transform File";

/// ITK's text file (.tfm). Several parts are a composite, in which the last one is applied first.
inline std::string itk_text(transform_chain const& chain) {
    std::string text = std::string(itk_first_line) + " V1.0\n";
    std::size_t number = 0;
    auto const begin = [&](std::string const& name) {
        text += "#Transform " + std::to_string(number++) + "\nTransform: " + name + "_double_2_2\n";
    };
    if (chain.parts.size() != 1)
        begin("CompositeTransform");
    for (std::size_t i = chain.parts.size(); i-- > 0;) {
        itk_part const part = to_itk(chain.parts[i]);
        begin(part.name);
        text +=
            "Parameters: " + numbers_text(part.parameters) + "\nFixedParameters: " + numbers_text(part.fixed) + "\n";
    }
    return text;
}

inline transform_chain parse_itk_text(std::string const& where, std::string_view text) {
    std::vector<itk_part> parts;
    std::vector<bool> has_parameters, has_fixed;
    while (!text.empty()) {
        std::string_view const line = take_line(text);
        std::string_view rest = line;
        if (line.starts_with('#') || take_word(rest).empty())
            continue;
        std::size_t const colon = line.find(':');
        require<format_error>(colon != std::string::npos, where, ": the line '", line.substr(0, 60),
                              "' has no colon, expected name: values");
        std::string_view const field = line.substr(0, colon);
        rest = line.substr(colon + 1);
        if (field == "Transform") {
            parts.push_back({std::string(take_word(rest)), {}, {}});
            has_parameters.push_back(false);
            has_fixed.push_back(false);
            continue;
        }
        require<format_error>(!parts.empty(), where, ": the line 'Transform:' is missing before '", field.substr(0, 60),
                              ":'");
        if (field != "Parameters" && field != "FixedParameters")
            continue;
        bool const fixed = field == "FixedParameters";
        auto&& seen = fixed ? has_fixed.back() : has_parameters.back();
        require<format_error>(!seen, where, ": '", field, "' appears twice for one transform");
        seen = true;
        (fixed ? parts.back().fixed : parts.back().parameters) = read_numbers(where, rest);
    }
    for (std::size_t i = 0; i < parts.size(); ++i)
        require<format_error>(has_parameters[i] || parts[i].name.starts_with("CompositeTransform_"), where,
                              ": the line 'Parameters:' is missing");
    return chain_from_itk(where, parts);
}

}}}  // namespace comir::COMIR_ABI::detail
