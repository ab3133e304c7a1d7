#include <cstddef>
#include <cstdio>
#include <string>
#include <variant>

#include <comir/io/atomic_file.hpp>
#include <comir/io/csv_file.hpp>

#include "commands.hpp"
#include "images.hpp"
#include "outputs.hpp"
#include "transforms.hpp"

namespace {

comir::pixel_grid grid_of_file(std::string const& path) {
    if (path.empty())
        return {};
    return std::visit([](auto const& held) { return comir::grid_of(held); }, load_image(path));
}

}  // namespace

void run_points(points_settings const& s) {
    check_output("--out", s.out, {".csv"});
    check_no_input("--out", s.out, {s.points, s.transform});
    comir::any_transform const transform = load_transform(s.transform, {grid_of_file(s.fixed), grid_of_file(s.moving)});
    comir::csv_table const table("comir::points", s.points);
    std::size_t const x = table.column("x"), y = table.column("y");
    std::string text = "x,y\n";
    std::visit(
        [&](auto const& given) {
            auto const t = s.inverse ? given.inverse() : given;
            for (std::size_t i = 0; i < table.size(); ++i) {
                comir::point2 const p = t({table.number(i, x), table.number(i, y)});
                text += comir::csv_field(p.x) + "," + comir::csv_field(p.y) + "\n";
            }
        },
        transform);
    comir::write_file("comir::points", s.out, text);
    std::printf("%zu points from the %s image to the %s one in %s\n", table.size(), s.inverse ? "moving" : "fixed",
                s.inverse ? "fixed" : "moving", s.out.c_str());
}
