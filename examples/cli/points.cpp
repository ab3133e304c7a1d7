#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <string>
#include <vector>

#include <comir/io/atomic_file.hpp>
#include <comir/io/csv_file.hpp>

#include "commands.hpp"
#include "images.hpp"
#include "outputs.hpp"
#include "transforms.hpp"

namespace {

applied_image image_of(std::string const& path) {
    if (path.empty())
        return {};
    comir::image_info const info = load_image_info(path);
    return {{info.shape.w, info.shape.h}, {info.spacing}};
}

/// The table with other places in its columns x and y, and a further column if there are errors to state.
std::string with_places(comir::csv_table const& table, std::vector<comir::inverted_point> const& places, bool errors) {
    std::string text;
    for (std::string const& name : table.names())
        text += (text.empty() ? "" : ",") + comir::csv_field(name);
    text += errors ? ",error_px\n" : "\n";
    std::size_t const x = table.column("x"), y = table.column("y");
    for (std::size_t i = 0; i < table.size(); ++i) {
        for (std::size_t column = 0; column < table.names().size(); ++column)
            text += (column == 0 ? "" : ",") + (column == x   ? comir::csv_field(places[i].point.x)
                                                : column == y ? comir::csv_field(places[i].point.y)
                                                              : comir::csv_field(table.field(i, column)));
        text += errors ? "," + comir::csv_field(places[i].error) + "\n" : "\n";
    }
    return text;
}

/// Tells of points for which no place was found.
void tell_of_lost(std::string const& path, comir::csv_table const& table,
                  std::vector<comir::inverted_point> const& places) {
    constexpr double near_enough = 0.01;  // px
    auto const is_lost = [](comir::inverted_point const& p) { return !(p.converged || p.error < near_enough); };
    auto const count = std::ranges::count_if(places, is_lost);
    if (count == 0)
        return;
    auto const first = static_cast<std::size_t>(std::ranges::find_if(places, is_lost) - places.begin());
    std::fprintf(stderr,
                 "comir: %s: the transform maps nothing to %td of %zu points, the first of them in line %zu: they lie "
                 "where a bend ends. What is nearest is written, and how far off it may be in the column error_px\n",
                 path.c_str(), count, places.size(), table.line(first));
}

/// Tells of points of the fixed image that a bend leaves where they are, since they lie beyond its grid.
void tell_of_unbent(std::string const& path, comir::csv_table const& table, std::vector<comir::point2> const& fixed,
                    comir::transform_chain const& transform) {
    auto const is_beyond = [&](comir::point2 p) { return !comir::is_within_bends(transform, p); };
    auto const count = std::ranges::count_if(fixed, is_beyond);
    if (count == 0)
        return;
    auto const first = static_cast<std::size_t>(std::ranges::find_if(fixed, is_beyond) - fixed.begin());
    std::fprintf(
        stderr,
        "comir: %s: %td of %zu points lie beyond the region that the transform bends, the first of them in line "
        "%zu: only its linear part counts there\n",
        path.c_str(), count, fixed.size(), table.line(first));
}

}  // namespace

void run_points(points_settings const& s) {
    check_output("--out", s.out, {".csv"});
    check_no_input("--out", s.out, {s.points, s.transform});
    comir::require(s.found_on.fixed.empty() || !s.fixed.empty(),
                   "--found-fixed: --fixed is missing, the image that the "
                   "points are of");
    comir::require(s.found_on.moving.empty() || !s.moving.empty(),
                   "--found-moving: --moving is missing, the image that the points are of");
    applied_image const fixed = image_of(s.fixed), moving = image_of(s.moving);
    comir::transform_chain transform = load_applied(s.transform, fixed, moving, s.found_on);
    if (s.units == "length")
        transform = comir::to_physical(transform, fixed.grid, moving.grid);
    bool const bends = !comir::is_linear(transform);
    comir::csv_table const table("comir::points", s.points);
    std::size_t const x = table.column("x"), y = table.column("y");
    bool const errors = s.inverse && bends;
    comir::require(!errors || !table.has_column("error_px"), s.points,
                   ": the table has a column error_px, which is to be written; give it another name");
    std::vector<comir::inverted_point> places;
    // An inverse of several linear parts is composed once.
    auto const linear = comir::as_linear(transform);
    comir::affine2 const back = s.inverse && linear ? comir::to_affine(*linear).inverse() : comir::affine2{};
    for (std::size_t i = 0; i < table.size(); ++i) {
        comir::point2 const p{table.number(i, x), table.number(i, y)};
        if (!s.inverse)
            places.push_back({transform(p), 0.0, true});
        else if (linear)
            places.push_back({back(p), 0.0, true});
        else
            places.push_back(comir::invert(transform, p));
    }
    if (errors && s.units == "length")  // as far as pixels are square
        for (comir::inverted_point& p : places)
            p.error /= std::min(fixed.grid.spacing[0], fixed.grid.spacing[1]);
    comir::write_file("comir::points", s.out, with_places(table, places, errors));
    if (errors)
        tell_of_lost(s.points, table, places);
    if (bends) {
        std::vector<comir::point2> in_fixed;
        for (std::size_t i = 0; i < table.size(); ++i)
            in_fixed.push_back(s.inverse ? places[i].point : comir::point2{table.number(i, x), table.number(i, y)});
        tell_of_unbent(s.points, table, in_fixed, transform);
    }
    std::printf("%zu points from the %s image to the %s one in %s\n", table.size(), s.inverse ? "moving" : "fixed",
                s.inverse ? "fixed" : "moving", s.out.c_str());
}
