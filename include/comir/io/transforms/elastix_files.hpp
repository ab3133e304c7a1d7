#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <variant>
#include <vector>

#include <comir/core/error.hpp>
#include <comir/io/atomic_file.hpp>
#include <comir/io/transforms/elastix_text.hpp>
#include <comir/io/transforms/field_file.hpp>
#include <comir/io/transforms/named_file.hpp>
#include <comir/transform/chain.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// The bend whose displacements are those of `bend` by a matrix, plus others of the same grid.
template <class Bend>
Bend displaced(Bend const& bend, Eigen::Matrix2d const& by, std::span<point2 const> more) {
    std::vector<point2> sum(bend.displacements().size());
    for (std::size_t i = 0; i < sum.size(); ++i)
        sum[i] = multiply(by, bend.displacements()[i]) + (more.empty() ? point2{} : more[i]);
    if constexpr (std::is_same_v<Bend, bspline2>)
        return {bend.grid(), std::move(sum)};
    else
        return {bend.grid(), bend.size(), std::move(sum)};
}

/// p -> first(p) + second(p) - p as a chain. Linear parts add up, a bend adds to a linear part or to one of its grid.
/// Errors: format_error for other bends
inline transform_chain add_transforms(std::string const& where, transform_chain const& first,
                                      transform_chain const& second) {
    // Each as a bend before a linear part: p -> A(p + b(p)) = A p + L b(p).
    auto const split = [&](transform_chain const& given) {
        transform_chain const chain = merge_linear(given);
        std::size_t const n = chain.parts.size();
        std::optional<any_transform> const last = n > 0 ? linear_part(chain.parts.back()) : translation2{};
        bool const bent = n > 0 && !linear_part(chain.parts.front());
        require<format_error>(
            n == 0 || (bent && n == 1) || (bent && n == 2 && last) || (!bent && n == 1), where,
            ": HowToCombineTransforms \"Add\" with a chain in which a linear transform comes before a "
            "bend; comir can only add bends that come first");
        return std::pair(bent ? std::optional(chain.parts.front()) : std::nullopt, last ? to_affine(*last) : affine2{});
    };
    auto const [bend_a, affine_a] = split(first);
    auto const [bend_b, affine_b] = split(second);
    Eigen::Matrix2d const linear = affine_a.linear() + affine_b.linear() - Eigen::Matrix2d::Identity();
    point2 const shift = affine_a({}) + affine_b({});
    affine2 const sum = make_affine(linear, shift, {});
    if (!bend_a && !bend_b)
        return {{sum}};
    affine2 const back = sum.inverse();
    auto const scaled = [&](transform_part const& bend, affine2 const& own) {
        return std::visit(
            [&]<class T>(T const& held) -> transform_part {
                if constexpr (affine_transform<T>)
                    return held;
                else
                    return displaced(held, back.linear() * own.linear(), {});
            },
            bend);
    };
    if (!bend_a || !bend_b)
        return {{bend_a ? scaled(*bend_a, affine_a) : scaled(*bend_b, affine_b), sum}};
    transform_part const a = scaled(*bend_a, affine_a), b = scaled(*bend_b, affine_b);
    auto const* const spline_a = std::get_if<bspline2>(&a);
    auto const* const spline_b = std::get_if<bspline2>(&b);
    require<format_error>(spline_a && spline_b && spline_a->grid() == spline_b->grid(), where,
                          ": HowToCombineTransforms \"Add\" of two bends on different grids, which comir cannot add");
    return {{displaced(*spline_a, Eigen::Matrix2d::Identity(), spline_b->displacements()), sum}};
}

/// What reading a chain of files needs.
struct elastix_source {
    std::string who{};
    std::vector<std::string>* notes = nullptr;
    int depth = 0;
};

/// A parameter file and those that it names.
inline transform_chain read_elastix(elastix_source const& source, std::filesystem::path const& path,
                                    std::string_view text) {
    std::string const where = source.who + ": " + path.string();
    constexpr int most = 100;
    require<format_error>(source.depth < most, where, ": it is number ", most,
                          " of a chain of files; do they name each other?");
    elastix_fields const fields(where, text);
    std::optional<transform_part> const part = part_from_elastix(fields);
    transform_chain own;
    if (part) {
        own.parts.push_back(*part);
    } else {
        require<format_error>(without_blanks(fields.get("DeformationFieldInterpolationOrder", "0")) == "1", where,
                              ": DeformationFieldInterpolationOrder is ",
                              fields.get("DeformationFieldInterpolationOrder", "0, its default"),
                              "; only 1, linear, can be read");
        own.parts.push_back(read_field_file(
            source.who, find_named_file(where, path, fields.get("DeformationFieldFileName"), source.notes)));
    }
    std::string_view initial;
    for (char const* name : {"InitialTransformParametersFileName", "InitialTransformParameterFileName"}) {
        std::optional<std::string_view> const given = fields.find(name);
        if (given && given->empty() && source.notes)
            source.notes->push_back(path.string() + ": " + name +
                                    " is empty: if a transform came first, its file is no longer known");
        if (!given || given->empty() || *given == "NoInitialTransform")
            continue;
        require<format_error>(initial.empty() || initial == *given, where,
                              ": InitialTransformParametersFileName and InitialTransformParameterFileName name "
                              "different files");
        initial = *given;
    }
    if (initial.empty())
        return own;
    std::filesystem::path const first = find_named_file(where, path, initial, source.notes);
    transform_chain const before = read_elastix({source.who, source.notes, source.depth + 1}, first,
                                                read_text_file(source.who, first, std::size_t{1} << 30));
    std::string_view const how = fields.get("HowToCombineTransforms", "Compose");
    require<format_error>(how == "Compose" || how == "Add", where, ": HowToCombineTransforms is '", how.substr(0, 40),
                          "', expected Compose or Add");
    return how == "Compose" ? compose(own, before) : add_transforms(where, before, own);
}

/// The same spline with a further column or row of control points where its domain ends at the centres of the fixed
/// image's last pixels: elastix leaves out the domain's end. Displacements up to there stay what they are.
inline bspline2 closed_for_elastix(bspline2 const& spline, elastix_image const& image) {
    bspline_grid grid = spline.grid();
    if (image.size[0] == 0 || image.size[1] == 0)
        return spline;
    auto const last = [](std::size_t n) { return static_cast<double>(n) - 1.0; };
    affine2 const place = pixel_to_place(image.grid);
    Eigen::Matrix2d steps = grid.direction;
    steps.col(0) *= grid.spacing.x;
    steps.col(1) *= grid.spacing.y;
    affine2 const to_index = make_affine(steps, grid.origin, {}).inverse();
    bool wider = false, higher = false;
    for (point2 const corner : {point2{last(image.size[0]), 0.0}, point2{0.0, last(image.size[1])},
                                point2{last(image.size[0]), last(image.size[1])}}) {
        point2 const at = to_index(place(corner));
        wider = wider || std::abs(at.x - static_cast<double>(grid.size.w - 2)) < 1e-6;
        higher = higher || std::abs(at.y - static_cast<double>(grid.size.h - 2)) < 1e-6;
    }
    if (!wider && !higher)
        return spline;
    extent2 const old = grid.size;
    grid.size = {old.w + (wider ? 1 : 0), old.h + (higher ? 1 : 0)};
    std::vector<point2> displacements(grid.count());
    for (std::size_t j = 0; j < grid.size.h; ++j)
        for (std::size_t i = 0; i < grid.size.w; ++i)
            displacements[j * grid.size.w + i] =
                spline.displacements()[std::min(j, old.h - 1) * old.w + std::min(i, old.w - 1)];
    return {grid, std::move(displacements)};
}

/// Writes a chain as parameter files: the last part under the name itself, those before it as NAME.0.txt and so on,
/// named with their folders, since elastix looks for them from the working directory.
inline void write_elastix(std::string const& who, std::filesystem::path const& path, transform_chain const& given,
                          elastix_image const& image) {
    namespace fs = std::filesystem;
    transform_chain chain = merge_linear(given);
    if (chain.parts.empty())
        chain.parts.push_back(translation2{});
    auto const beside = [&](std::size_t i, char const* extension) {
        fs::path result = fs::absolute(path).lexically_normal();
        return result.replace_extension("." + std::to_string(i) + extension);
    };
    if (auto* const first = std::get_if<bspline2>(&chain.parts.front()))
        *first = closed_for_elastix(*first, image);
    bool const names_files = chain.parts.size() > 1 || std::holds_alternative<displacement_field2>(chain.parts[0]);
    require(!names_files || beside(0, "").string().find('"') == std::string::npos, who, ": ", path.string(),
            ": the path has a quotation mark, which elastix cannot read");
    std::string initial;
    for (std::size_t i = 0; i < chain.parts.size(); ++i) {
        bool const last = i + 1 == chain.parts.size();
        std::string field;
        if (auto const* const held = std::get_if<displacement_field2>(&chain.parts[i])) {
            field = beside(i, ".mha").string();
            write_file(who, field, meta_image_bytes(*held));
        }
        fs::path const target = last ? path : beside(i, ".txt");
        write_file(who, target, elastix_text(chain.parts[i], image, initial, field));
        initial = target.string();
    }
}

}}}  // namespace comir::COMIR_ABI::detail
