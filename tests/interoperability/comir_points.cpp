// comir's side of run.sh.
//   comir_points write FOLDER   transforms of all kinds in all formats, and points.txt, all in the length unit
//   comir_points map FILE POINTS
#include <cmath>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <comir/io/transform_file.hpp>

namespace {

using comir::point2;

std::vector<point2> waves(std::size_t w, std::size_t h, double size) {
    std::vector<point2> result;
    for (std::size_t j = 0; j < h; ++j)
        for (std::size_t i = 0; i < w; ++i)
            result.push_back({size * std::sin(0.7 * static_cast<double>(j) + 0.1 * static_cast<double>(i)),
                              size * std::cos(0.6 * static_cast<double>(i))});
    return result;
}

struct named_chain {
    char const* name;
    comir::transform_chain chain;
};

void write(std::filesystem::path const& folder) {
    constexpr std::size_t width = 60, height = 44;
    comir::bspline2 const spline({{8, 7}, {-13, -12}, {14, 15}}, waves(8, 7, 5));
    comir::displacement_field2 const field({{6, 6}, {-3, -2}, {1, 0, 0, 1}}, {12, 10}, waves(12, 10, 4));
    comir::affine2 const affine{{1.1, 0.05, -0.03, 0.93, 4, -2}, {30, 22}};
    comir::rigid2 const rigid{{0.2, 3, -4}, {29.5, 21.5}};
    std::vector<named_chain> const chains{{"shift", {{comir::translation2{{3.25, -1.5}, {}}}}},
                                          {"rigid", {{rigid}}},
                                          {"similarity", {{comir::similarity2{{0.1, -0.3, 2, 1}, {20, 10}}}}},
                                          {"affine", {{affine}}},
                                          {"spline", {{spline}}},
                                          {"field", {{field}}},
                                          {"spline_affine", {{spline, affine}}},
                                          {"rigid_spline", {{rigid, spline}}},
                                          {"rigid_affine", {{rigid, affine}}},
                                          {"field_rigid_spline", {{field, rigid, spline}}}};
    struct frames {
        char const* name;
        comir::pixel_grid fixed, moving;
    };
    std::vector<frames> const all{
        {"plain", {}, {}},
        {"scaled", {{0.5, 0.5}, {3, -2}, {1, 0, 0, 1}}, {{0.25, 0.25}, {1, 7}, {1, 0, 0, 1}}},
        {"oblong", {{0.5, 0.3}, {100, -2}, {1, 0, 0, 1}}, {{0.25, 0.4}, {1, 7}, {1, 0, 0, 1}}},
        {"turned", {{0.5, 0.5}, {3, -2}, {0.8, -0.6, 0.6, 0.8}}, {{2, 1}, {50, 60}, {0, -1, 1, 0}}}};
    for (auto const& [frame, fixed, moving] : all) {
        std::filesystem::create_directories(folder / frame);
        std::ofstream points(folder / frame / "points.txt");
        points.precision(17);
        for (double y = 0.5; y < height - 1.5; y += 2.75)
            for (double x = 0.5; x < width - 1.5; x += 3.1) {
                point2 const p = comir::pixel_to_place(fixed)({x, y});
                points << p.x << ' ' << p.y << '\n';
            }
        for (auto const& [name, chain] : chains)
            for (char const* extension : {".tfm", ".txt", ".json", ".mat", ".mha", ".nrrd"}) {
                if (std::string(extension) == ".mat" && !comir::is_linear(chain))
                    continue;
                comir::write_transform(
                    folder / frame / (std::string(name) + extension),
                    std::string(extension) == ".json" ? comir::to_physical(chain, fixed, moving) : chain,
                    {{width, height}, fixed, moving});
            }
    }
}

}  // namespace

int main(int count, char** arguments) try {
    std::string const what = count > 1 ? arguments[1] : "";
    if (what == "write" && count == 3) {
        write(arguments[2]);
    } else if (what == "map" && count == 4) {
        std::vector<std::string> notes;
        auto const t = comir::read_transform_chain(arguments[2], {{}, {}, &notes});
        for (std::string const& note : notes)
            std::fprintf(stderr, "%s\n", note.c_str());
        std::ifstream points(arguments[3]);
        for (point2 p; points >> p.x >> p.y;) {
            point2 const q = t(p);
            std::printf("%.10f %.10f\n", q.x, q.y);
        }
    } else {
        return std::fputs("usage: comir_points write FOLDER | map FILE POINTS\n", stderr), 2;
    }
    return 0;
} catch (std::exception const& problem) {
    std::fprintf(stderr, "comir_points: %s\n", problem.what());
    return 1;
}
