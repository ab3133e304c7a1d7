#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include <comir/core/error.hpp>
#include <comir/io/transforms/text.hpp>
#include <comir/transform/chain.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// A transform as ITK stores it: its class without the suffix, parameters, and what the optimizer does not change.
struct itk_part {
    std::string name{};
    std::vector<double> parameters{}, fixed{};
};

/// Bends list all displacements' x before all y in a spline, and x and y in turn in a field.
inline std::vector<double> spline_parameters(std::span<point2 const> displacements) {
    std::vector<double> result;
    result.reserve(2 * displacements.size());
    for (point2 const& d : displacements)
        result.push_back(d.x);
    for (point2 const& d : displacements)
        result.push_back(d.y);
    return result;
}
inline std::vector<point2> spline_displacements(std::vector<double> const& parameters) {
    std::size_t const n = parameters.size() / 2;
    std::vector<point2> result(n);
    for (std::size_t i = 0; i < n; ++i)
        result[i] = {parameters[i], parameters[n + i]};
    return result;
}
inline std::vector<double> field_parameters(std::span<point2 const> displacements) {
    std::vector<double> result;
    result.reserve(2 * displacements.size());
    for (point2 const& d : displacements) {
        result.push_back(d.x);
        result.push_back(d.y);
    }
    return result;
}
inline std::vector<point2> field_displacements(std::span<double const> parameters) {
    std::vector<point2> result(parameters.size() / 2);
    for (std::size_t i = 0; i < result.size(); ++i)
        result[i] = {parameters[2 * i], parameters[2 * i + 1]};
    return result;
}

inline std::array<double, 4> by_rows(Eigen::Matrix2d const& m) {
    return {m(0, 0), m(0, 1), m(1, 0), m(1, 1)};
}
inline Eigen::Matrix2d from_rows(std::span<double const> rows) {
    Eigen::Matrix2d m;
    m << rows[0], rows[1], rows[2], rows[3];
    return m;
}

/// Makes an itk_part of each kind.
struct itk_part_maker {
    itk_part operator()(translation2 const& t) const {
        return {"TranslationTransform", {t.parameters.begin(), t.parameters.end()}, {}};
    }
    itk_part operator()(rigid2 const& t) const { return with_centre("Euler2DTransform", t); }
    itk_part operator()(similarity2 const& t) const {
        itk_part result = with_centre("Similarity2DTransform", t);
        result.parameters[0] = std::exp(result.parameters[0]);
        return result;
    }
    itk_part operator()(affine2 const& t) const { return with_centre("AffineTransform", t); }
    itk_part operator()(bspline2 const& t) const {
        auto const& g = t.grid();
        auto const [a, b, c, d] = by_rows(g.direction);
        return {"BSplineTransform",
                spline_parameters(t.displacements()),
                {static_cast<double>(g.size.w), static_cast<double>(g.size.h), g.origin.x, g.origin.y, g.spacing.x,
                 g.spacing.y, a, b, c, d}};
    }
    itk_part operator()(displacement_field2 const& t) const {
        auto const& g = t.grid();
        auto const& [a, b, c, d] = g.direction;
        return {"DisplacementFieldTransform",
                field_parameters(t.displacements()),
                {static_cast<double>(t.size().w), static_cast<double>(t.size().h), g.origin[0], g.origin[1],
                 g.spacing[0], g.spacing[1], a, b, c, d}};
    }
    template <class T>
    static itk_part with_centre(char const* name, T const& t) {
        return {name, {t.parameters.begin(), t.parameters.end()}, {t.centre.x, t.centre.y}};
    }
};

/// The part as ITK has it; elastix shares the parameters of linear ones.
inline itk_part to_itk(transform_part const& part) {
    return std::visit(itk_part_maker{}, part);
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

/// One linear transform from the parameters that ITK and elastix share; `name` is either's name without a suffix.
inline any_transform transform_from_itk(std::string const& where, std::string_view name,
                                        std::vector<double> const& parameters, std::vector<double> centre) {
    if (name == "TranslationTransform") {
        centre.resize(2, 0.0);  // it has none
        return transform_from<translation2>(where, parameters, centre);
    }
    if (name == "IdentityTransform")
        return translation2{};
    if (name == "Euler2DTransform" || name == "Rigid2DTransform" || name == "EulerTransform")
        return transform_from<rigid2>(where, parameters, centre);
    if (name == "Similarity2DTransform" || name == "SimilarityTransform")
        return similarity_from_scale(where, parameters, centre);
    if (name == "AffineTransform" || name == "MatrixOffsetTransformBase")
        return transform_from<affine2>(where, parameters, centre);
    fail<format_error>(where, ": the transform is '", name.substr(0, 60),
                       "', expected a two-dimensional translation, Euler (rigid), similarity, affine or cubic B-spline "
                       "transform or a displacement field");
}

/// A bend's grid: size, origin, spacing, direction by rows.
struct stored_grid {
    extent2 size{};
    std::array<double, 2> origin{}, spacing{};
    std::array<double, 4> direction{1.0, 0.0, 0.0, 1.0};
};

/// Calls f, whose errors become the file's.
template <class F>
auto as_format_error(std::string const& where, F&& f) {
    try {
        return f();
    } catch (format_error const&) {
        throw;
    } catch (error const& problem) {
        fail<format_error>(where, ": ", problem.what());
    }
}

inline bspline2 spline_from(std::string const& where, stored_grid const& g, std::vector<double> const& parameters) {
    require<format_error>(parameters.size() == 2 * g.size.w * g.size.h, where, ": a spline of ", g.size.w, " x ",
                          g.size.h, " control points has ", 2 * g.size.w * g.size.h, " parameters, the file has ",
                          parameters.size());
    return as_format_error(where, [&] {
        return bspline2({g.size, {g.origin[0], g.origin[1]}, {g.spacing[0], g.spacing[1]}, from_rows(g.direction)},
                        spline_displacements(parameters));
    });
}
inline displacement_field2 field_from(std::string const& where, stored_grid const& g,
                                      std::span<double const> parameters) {
    require<format_error>(parameters.size() == 2 * g.size.w * g.size.h, where, ": a field of ", g.size.w, " x ",
                          g.size.h, " grid points has ", 2 * g.size.w * g.size.h, " numbers, the file has ",
                          parameters.size());
    return as_format_error(where, [&] {
        return displacement_field2({g.spacing, g.origin, g.direction}, g.size, field_displacements(parameters));
    });
}

inline stored_grid grid_from_itk(std::string const& where, std::vector<double> const& fixed) {
    require<format_error>(fixed.size() == 10, where, ": the grid has ", fixed.size(),
                          " fixed parameters, expected 10: size, origin, spacing and direction");
    for (std::size_t i = 0; i < 2; ++i)
        require<format_error>(fixed[i] >= 1 && fixed[i] < 1e9 && fixed[i] == std::floor(fixed[i]), where,
                              ": the grid has ", fixed[0], " x ", fixed[1], " points, expected whole numbers from 1");
    return {{static_cast<std::size_t>(fixed[0]), static_cast<std::size_t>(fixed[1])},
            {fixed[2], fixed[3]},
            {fixed[4], fixed[5]},
            {fixed[6], fixed[7], fixed[8], fixed[9]}};
}

/// One part of any kind; the name still has the suffix that tells precision and dimensions.
inline transform_part part_from_itk(std::string const& where, itk_part const& part) {
    std::string_view const full = part.name, name = full.substr(0, full.find('_'));
    bool const flat = full.ends_with("_double_2_2") || full.ends_with("_float_2_2");
    if (name == "BSplineTransform" && (full.ends_with("_2_2_1") || full.ends_with("_2_2_2")))
        fail<format_error>(where, ": the spline is of order ", full.back(), ", expected 3, whose name has no suffix");
    require<format_error>(flat, where, ": the transform is '", full.substr(0, 60),
                          "', expected a name that ends in _double_2_2 (two dimensions)");
    if (name == "BSplineTransform")
        return spline_from(where, grid_from_itk(where, part.fixed), part.parameters);
    if (name == "DisplacementFieldTransform")
        return field_from(where, grid_from_itk(where, part.fixed), part.parameters);
    return to_part(transform_from_itk(where, name, part.parameters, part.fixed));
}

/// The chain that ITK means by its transforms in a file: those of a composite, the last one applied first, or one.
inline transform_chain chain_from_itk(std::string const& where, std::vector<itk_part> const& parts) {
    require<format_error>(!parts.empty(), where, ": the line 'Transform:' is missing");
    bool const composite = parts.front().name.starts_with("CompositeTransform_");
    require<format_error>(composite || parts.size() == 1, where, ": the file has ", parts.size(),
                          " separate transforms and does not say that they belong together; put 'Transform: "
                          "CompositeTransform_double_2_2' before them if they are a chain whose last one is applied "
                          "first (SimpleITK: write a sitk.CompositeTransform), or give each a file of its own");
    if (!composite)
        return {{part_from_itk(where, parts.front())}};
    require<format_error>(parts.front().name.ends_with("_2_2"), where, ": the transform is '",
                          parts.front().name.substr(0, 60),
                          "', expected a name that ends in _double_2_2 (two dimensions)");
    transform_chain chain;
    for (std::size_t i = parts.size(); i-- > 1;) {
        require<format_error>(!parts[i].name.starts_with("CompositeTransform_"), where,
                              ": a composite within a composite; save it with its parts in one (SimpleITK: "
                              "FlattenTransform())");
        chain.parts.push_back(part_from_itk(where, parts[i]));
    }
    return chain;
}

}}}  // namespace comir::COMIR_ABI::detail
