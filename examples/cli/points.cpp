#include <cstddef>
#include <cstdio>
#include <memory>
#include <string>
#include <variant>

#include <comir/io/atomic_file.hpp>
#include <comir/io/csv_file.hpp>
#include <comir/io/image_file.hpp>
#include <comir/io/transform_file.hpp>

#include "cli.hpp"

namespace {

struct settings {
    std::string transform, points, out, fixed, moving;
    bool inverse = false;
};

comir::pixel_grid grid_of_file(std::string const& path) {
    if (path.empty())
        return {};
    return std::visit([](auto const& held) { return comir::grid_of(held); }, comir::read_image(path));
}

void run(settings const& s) {
    check_output("--out", s.out, {".csv"});
    comir::any_transform const transform =
        comir::read_transform(s.transform, {grid_of_file(s.fixed), grid_of_file(s.moving)});
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

}  // namespace

void add_points(CLI::App& app) {
    auto const s = std::make_shared<settings>();
    CLI::App& command = *app.add_subcommand(
        "points", "Map points by a saved transform, from the fixed image's pixels to the moving image's.");
    command.add_option("--transform", s->transform, "saved transform: ITK (.tfm), elastix (.txt) or .json")->required();
    command.add_option("--points", s->points, "table with the columns x and y, in pixels (.csv)")->required();
    command.add_option("--out", s->out, "file for the mapped points, in the same order (.csv)")->required();
    command.add_flag("--inverse", s->inverse, "map from the moving image to the fixed one");
    command.add_option(
        "--fixed", s->fixed,
        "fixed image; needed where its file states a pixel size and the transform is ITK's or elastix's");
    command.add_option("--moving", s->moving, "moving image, likewise");
    command.callback([s] { run(*s); });
}
