#pragma once

#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <variant>
#include <vector>

#include <comir/core/error.hpp>
#include <comir/transform/any_transform.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// What each format calls the transform; ITK's names have the suffix _double_2_2.
struct transform_names {
    char const* itk;
    char const* elastix;
};

inline transform_names names_of(any_transform const& t) {
    static constexpr transform_names names[] = {{"TranslationTransform", "TranslationTransform"},
                                                {"Euler2DTransform", "EulerTransform"},
                                                {"Similarity2DTransform", "SimilarityTransform"},
                                                {"AffineTransform", "AffineTransform"}};
    return names[t.index()];
}

/// The shortest text that reads back as the same number, whatever the locale.
inline std::string number_text(double value) {
    char text[32];
    return {text, std::to_chars(text, text + sizeof text, value).ptr};
}

template <class Numbers>
std::string numbers_text(Numbers const& numbers) {
    std::string text;
    for (double value : numbers)
        text += (text.empty() ? "" : " ") + number_text(value);
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

inline std::vector<double> read_numbers(std::string const& where, std::string_view text) {
    std::vector<double> numbers;
    for (std::string_view word = take_word(text); !word.empty(); word = take_word(text)) {
        double value = 0.0;
        auto const [end, code] = std::from_chars(word.data(), word.data() + word.size(), value);
        require<format_error>(code == std::errc{} && end == word.data() + word.size() && std::isfinite(value), where,
                              ": '", word.substr(0, 40), "' is not a finite number");
        numbers.push_back(value);
    }
    return numbers;
}

template <transform T>
T transform_from(std::string const& where, std::vector<double> const& parameters, std::vector<double> const& centre) {
    require<format_error>(parameters.size() == T::parameter_count, where, ": a ", T::name, " has ", T::parameter_count,
                          " parameters, the file has ", parameters.size());
    require<format_error>(centre.size() == 2, where, ": the centre has ", centre.size(), " coordinates, expected 2");
    T result;
    std::copy(parameters.begin(), parameters.end(), result.parameters.begin());
    result.centre = {centre[0], centre[1]};
    return result;
}

/// The transform with the scale itself as its first parameter, as ITK and elastix have it.
inline similarity2 similarity_from_scale(std::string const& where, std::vector<double> const& parameters,
                                         std::vector<double> const& centre) {
    auto result = transform_from<similarity2>(where, parameters, centre);
    require<format_error>(result.parameters[0] > 0, where, ": the scale is ", number_text(result.parameters[0]),
                          ", expected more than 0");
    result.parameters[0] = std::log(result.parameters[0]);
    return result;
}

/// The parameters as ITK and elastix have them.
inline std::vector<double> itk_parameters(any_transform const& t) {
    std::vector<double> parameters;
    std::visit([&](auto const& held) { parameters.assign(held.parameters.begin(), held.parameters.end()); }, t);
    if (std::holds_alternative<similarity2>(t))
        parameters[0] = std::exp(parameters[0]);
    return parameters;
}

inline std::array<double, 2> centre_of(any_transform const& t) {
    return std::visit([](auto const& held) { return std::array<double, 2>{held.centre.x, held.centre.y}; }, t);
}

/// One transform from the parameters that ITK and elastix share; `name` is either's name without a suffix.
inline any_transform transform_from_itk(std::string const& where, std::string_view name,
                                        std::vector<double> const& parameters, std::vector<double> centre) {
    if (name == "TranslationTransform") {
        centre.resize(2, 0.0);  // it has none
        return transform_from<translation2>(where, parameters, centre);
    }
    if (name == "Euler2DTransform" || name == "Rigid2DTransform" || name == "EulerTransform")
        return transform_from<rigid2>(where, parameters, centre);
    if (name == "Similarity2DTransform" || name == "SimilarityTransform")
        return similarity_from_scale(where, parameters, centre);
    if (name == "AffineTransform" || name == "MatrixOffsetTransformBase")
        return transform_from<affine2>(where, parameters, centre);
    fail<format_error>(where, ": the transform is '", name.substr(0, 60),
                       "', expected a two-dimensional translation, Euler (rigid), similarity or affine transform");
}

inline std::string itk_text(any_transform const& t) {
    bool const has_centre = !std::holds_alternative<translation2>(t);
    return std::string("#Insight Transform File V1.0\n#Transform 0\nTransform: ") + names_of(t).itk +
           "_double_2_2\nParameters: " + numbers_text(itk_parameters(t)) +
           "\nFixedParameters: " + (has_centre ? numbers_text(centre_of(t)) : "") + "\n";
}

inline any_transform parse_itk_text(std::string const& where, std::string_view text) {
    std::map<std::string_view, std::string_view> fields;
    while (!text.empty()) {
        std::string_view const line = take_line(text);
        std::string_view rest = line;
        if (line.starts_with('#') || take_word(rest).empty())
            continue;
        std::size_t const colon = line.find(':');
        require<format_error>(colon != std::string_view::npos, where, ": the line '", line.substr(0, 60),
                              "' has no colon, expected name: values");
        require<format_error>(fields.emplace(line.substr(0, colon), line.substr(colon + 1)).second, where, ": '",
                              line.substr(0, std::min<std::size_t>(colon, 60)),
                              "' appears twice, expected a single transform; combine several into one first");
    }
    for (char const* name : {"Transform", "Parameters"})
        require<format_error>(fields.count(name) == 1, where, ": the line '", name, ":' is missing");
    std::string_view name = take_word(fields["Transform"]);
    bool const flat = name.ends_with("_double_2_2") || name.ends_with("_float_2_2");
    require<format_error>(flat, where, ": the transform is '", name.substr(0, 60),
                          "', expected a name that ends in _double_2_2 (two dimensions)");
    return transform_from_itk(where, name.substr(0, name.find('_')), read_numbers(where, fields["Parameters"]),
                              read_numbers(where, fields["FixedParameters"]));
}

/// The size is that of the fixed image, columns and rows; zero leaves it out. Spacing and origin are its too.
inline std::string elastix_text(any_transform const& given, std::array<std::size_t, 2> size,
                                std::array<double, 2> const& spacing, std::array<double, 2> const& origin) {
    // Debian's elastix is built without SimilarityTransform.
    auto const* const scaled = std::get_if<similarity2>(&given);
    any_transform const t = scaled ? make_affine(scaled->linear(), translation(*scaled), scaled->centre) : given;
    std::vector<double> const parameters = itk_parameters(t);
    std::string text = std::string("(Transform \"") + names_of(t).elastix + "\")\n(NumberOfParameters " +
                       std::to_string(parameters.size()) + ")\n(TransformParameters " + numbers_text(parameters) +
                       ")\n";
    if (!std::holds_alternative<translation2>(t))
        text += "(CenterOfRotationPoint " + numbers_text(centre_of(t)) + ")\n";
    // Both spellings of the first: newer versions of elastix write the name without the plural.
    text +=
        "(InitialTransformParametersFileName \"NoInitialTransform\")\n"
        "(InitialTransformParameterFileName \"NoInitialTransform\")\n"
        "(HowToCombineTransforms \"Compose\")\n"
        "(UseBinaryFormatForTransformationParameters \"false\")\n"
        "(FixedImageDimension 2)\n(MovingImageDimension 2)\n"
        "(FixedInternalImagePixelType \"float\")\n(MovingInternalImagePixelType \"float\")\n";
    if (size[0] > 0 && size[1] > 0)
        text += "(Size " + std::to_string(size[0]) + " " + std::to_string(size[1]) + ")\n";
    return text + "(Index 0 0)\n(Spacing " + numbers_text(spacing) + ")\n(Origin " + numbers_text(origin) +
           ")\n(Direction 1 0 0 1)\n(UseDirectionCosines \"true\")\n"
           "(ResampleInterpolator \"FinalBSplineInterpolator\")\n(FinalBSplineInterpolationOrder 1)\n"
           "(Resampler \"DefaultResampler\")\n(DefaultPixelValue 0)\n(ResultImageFormat \"tif\")\n"
           "(ResultImagePixelType \"float\")\n(CompressResultImage \"false\")\n";
}

inline any_transform parse_elastix_text(std::string const& where, std::string_view text) {
    std::map<std::string_view, std::string_view> fields;
    while (!text.empty()) {
        std::string_view line = take_line(text);
        line = line.substr(0, line.find("//"));
        line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
        if (line.empty())
            continue;
        std::size_t const end = line.rfind(')');
        require<format_error>(line.front() == '(' && end != std::string_view::npos, where, ": the line '",
                              line.substr(0, 60), "' is not in brackets, expected (Name values)");
        std::string_view values = line.substr(1, end - 1);
        std::string_view const name = take_word(values);
        // Strings stand in quotes; none that matters here has blanks.
        std::string_view quoted = values;
        if (std::string_view const word = take_word(quoted); word.size() >= 2 && word.front() == '"')
            values = word.substr(1, word.rfind('"') - 1);
        require<format_error>(fields.emplace(name, values).second, where, ": '", name.substr(0, 60), "' appears twice");
    }
    for (char const* name : {"Transform", "TransformParameters"})
        require<format_error>(fields.count(name) == 1, where, ": (", name, " ...) is missing");
    auto const expect = [&](char const* name, std::string_view value, char const* otherwise) {
        auto const found = fields.find(name);
        std::string_view given = found == fields.end() ? value : found->second;
        require<format_error>(take_word(given) == value, where, ": ", name, " is other than ", value, "; ", otherwise);
    };
    expect("FixedImageDimension", "2", "only transforms of the plane can be read");
    expect("MovingImageDimension", "2", "only transforms of the plane can be read");
    for (char const* name : {"InitialTransformParametersFileName", "InitialTransformParameterFileName"})
        expect(name, "NoInitialTransform", "combine the chain of transforms into one first");
    expect("UseBinaryFormatForTransformationParameters", "false", "write the parameters as text");
    return transform_from_itk(where, fields["Transform"], read_numbers(where, fields["TransformParameters"]),
                              read_numbers(where, fields["CenterOfRotationPoint"]));
}

}}}  // namespace comir::COMIR_ABI::detail
