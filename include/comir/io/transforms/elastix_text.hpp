#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <comir/core/error.hpp>
#include <comir/io/transforms/itk_parts.hpp>
#include <comir/io/transforms/text.hpp>
#include <comir/transform/chain.hpp>
#include <comir/transform/pixel_grid.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// The fields of one parameter file: names and values, strings without their quotes.
class elastix_fields {
public:
    elastix_fields(std::string where, std::string_view text) : where_(std::move(where)) {
        while (!text.empty()) {
            std::string_view line = take_line(text);
            line = without_blanks(line.substr(0, line.find("//")));
            if (line.empty())
                continue;
            std::size_t const end = line.rfind(')');
            require<format_error>(line.front() == '(' && end != std::string_view::npos, where_, ": the line '",
                                  line.substr(0, 60), "' is not in brackets, expected (Name values)");
            std::string_view values = line.substr(1, end - 1);
            std::string_view const name = take_word(values);
            values = without_blanks(values);
            if (values.size() >= 2 && values.front() == '"')
                values = values.substr(1, values.find('"', 1) - 1);
            require<format_error>(fields_.emplace(name, values).second, where_, ": '", name.substr(0, 60),
                                  "' appears twice");
        }
    }

    std::string const& where() const { return where_; }
    std::optional<std::string_view> find(char const* name) const {
        auto const found = fields_.find(name);
        return found == fields_.end() ? std::nullopt : std::optional(found->second);
    }
    std::string_view get(char const* name) const {
        auto const value = find(name);
        require<format_error>(value.has_value(), where_, ": (", name, " ...) is missing");
        return *value;
    }
    std::string_view get(char const* name, std::string_view missing) const { return find(name).value_or(missing); }
    std::vector<double> numbers(char const* name) const { return read_numbers(where_, get(name)); }
    template <std::size_t Count>
    std::array<double, Count> numbers(char const* name, std::string_view missing) const {
        std::vector<double> const values = read_numbers(where_, get(name, missing));
        require<format_error>(values.size() == Count, where_, ": (", name, " ...) has ", values.size(),
                              " numbers, expected ", Count);
        std::array<double, Count> result{};
        std::copy(values.begin(), values.end(), result.begin());
        return result;
    }
    /// Raises format_error if a field has another value than the one that is there or taken for it.
    void expect(char const* name, std::string_view value, char const* otherwise) const {
        std::string_view given = get(name, value);
        require<format_error>(take_word(given) == value, where_, ": ", name, " is other than ", value, "; ", otherwise);
    }

private:
    std::string where_;
    std::map<std::string_view, std::string_view> fields_;
};

/// Of ITK's rows, elastix's columns, and the other way round.
inline std::array<double, 4> transposed(std::array<double, 4> const& d) {
    return {d[0], d[2], d[1], d[3]};
}

/// The transform of one file, without the one that is applied before it; nothing if it is in a file of its own.
inline std::optional<transform_part> part_from_elastix(elastix_fields const& f) {
    for (char const* name : {"FixedImageDimension", "MovingImageDimension"})
        f.expect(name, "2", "only transforms of the plane can be read");
    std::string_view const kind = f.get("Transform");
    if (kind == "DeformationFieldTransform")
        return {};
    f.expect("UseBinaryFormatForTransformationParameters", "false", "write the parameters as text");
    std::vector<double> const parameters = f.numbers("TransformParameters");
    if (f.find("NumberOfParameters"))
        require<format_error>(f.numbers<1>("NumberOfParameters", "")[0] == static_cast<double>(parameters.size()),
                              f.where(), ": there are ", parameters.size(), " parameters, NumberOfParameters says ",
                              f.get("NumberOfParameters"));
    if (kind != "BSplineTransform" && kind != "RecursiveBSplineTransform")
        return to_part(transform_from_itk(f.where(), kind, parameters,
                                          read_numbers(f.where(), f.get("CenterOfRotationPoint", ""))));
    f.expect("BSplineTransformSplineOrder", "3", "only cubic splines can be read");
    f.expect("UseCyclicTransform", "false", "cyclic splines cannot be read");
    std::vector<std::size_t> const size = read_counts(f.where(), "GridSize", f.get("GridSize"), 2);
    require<format_error>(f.find("GridOrigin").has_value(), f.where(),
                          ": (GridOrigin ...) is missing; elastix would take 0 0 for it");
    auto const index = f.numbers<2>("GridIndex", "0 0");
    stored_grid grid{{size[0], size[1]}, f.numbers<2>("GridOrigin", ""), f.numbers<2>("GridSpacing", "")};
    if (f.get("UseDirectionCosines", "true") != "false")
        grid.direction = transposed(f.numbers<4>("GridDirection", "1 0 0 1"));
    // Point 0 lies at this index of the grid; ITK's files have no such thing.
    double const x = index[0] * grid.spacing[0], y = index[1] * grid.spacing[1];
    grid.origin[0] += grid.direction[0] * x + grid.direction[1] * y;
    grid.origin[1] += grid.direction[2] * x + grid.direction[3] * y;
    return spline_from(f.where(), grid, parameters);
}

/// The fixed image, on which transformix works. A size of zero leaves it out.
struct elastix_image {
    std::array<std::size_t, 2> size{};
    pixel_grid grid{};
};

/// The name of a first file as a string of a parameter file has it; none if it is empty.
inline std::string elastix_initial(std::string const& name) {
    std::string const quoted = "\"" + (name.empty() ? "NoInitialTransform" : name) + "\")\n";
    // Both spellings: versions from 5.1 on write the name without the plural.
    return "(InitialTransformParametersFileName " + quoted + "(InitialTransformParameterFileName " + quoted;
}

/// One parameter file: a part, applied after the file that `initial` names. `field` is the file of a displacement field.
inline std::string elastix_text(transform_part const& given, elastix_image const& image, std::string const& initial,
                                std::string const& field) {
    // Debian's elastix is built without SimilarityTransform.
    auto const* const scaled = std::get_if<similarity2>(&given);
    transform_part const part = scaled ? make_affine(scaled->linear(), translation(*scaled), scaled->centre) : given;
    itk_part const p = to_itk(part);
    bool const rigid = std::holds_alternative<rigid2>(part), shift = std::holds_alternative<translation2>(part);
    std::string text;
    if (std::holds_alternative<displacement_field2>(part)) {
        // Without the order, elastix takes the nearest displacement.
        text = "(Transform \"DeformationFieldTransform\")\n(NumberOfParameters 0)\n(DeformationFieldFileName \"" +
               field + "\")\n(DeformationFieldInterpolationOrder 1)\n";
    } else {
        text = "(Transform \"" + (rigid ? "EulerTransform" : p.name) + "\")\n(NumberOfParameters " +
               std::to_string(p.parameters.size()) + ")\n(TransformParameters " + numbers_text(p.parameters) + ")\n";
        if (auto const* const spline = std::get_if<bspline2>(&part)) {
            bspline_grid const& g = spline->grid();
            text += "(GridSize " + std::to_string(g.size.w) + " " + std::to_string(g.size.h) +
                    ")\n(GridIndex 0 0)\n(GridSpacing " + numbers_text(std::array{g.spacing.x, g.spacing.y}) +
                    ")\n(GridOrigin " + numbers_text(std::array{g.origin.x, g.origin.y}) + ")\n(GridDirection " +
                    numbers_text(transposed(by_rows(g.direction))) +
                    ")\n(BSplineTransformSplineOrder 3)\n(UseCyclicTransform \"false\")\n";
        } else if (!shift) {
            text += "(CenterOfRotationPoint " + numbers_text(p.fixed) + ")\n";
        }
    }
    text += elastix_initial(initial) +
            "(HowToCombineTransforms \"Compose\")\n"
            "(UseBinaryFormatForTransformationParameters \"false\")\n"
            "(FixedImageDimension 2)\n(MovingImageDimension 2)\n"
            "(FixedInternalImagePixelType \"float\")\n(MovingInternalImagePixelType \"float\")\n";
    if (image.size[0] > 0 && image.size[1] > 0)
        text += "(Size " + std::to_string(image.size[0]) + " " + std::to_string(image.size[1]) + ")\n";
    return text + "(Index 0 0)\n(Spacing " + numbers_text(image.grid.spacing) + ")\n(Origin " +
           numbers_text(image.grid.origin) + ")\n(Direction " + numbers_text(transposed(image.grid.direction)) +
           ")\n(UseDirectionCosines \"true\")\n"
           "(ResampleInterpolator \"FinalBSplineInterpolator\")\n(FinalBSplineInterpolationOrder 1)\n"
           "(Resampler \"DefaultResampler\")\n(DefaultPixelValue 0)\n(ResultImageFormat \"tif\")\n"
           "(ResultImagePixelType \"float\")\n(CompressResultImage \"false\")\n";
}

}}}  // namespace comir::COMIR_ABI::detail
