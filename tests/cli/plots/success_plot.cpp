#include "plots/success_plot.hpp"

#include <filesystem>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <comir/io/image_file.hpp>

#include "support/temporary_folder.hpp"

namespace {

std::vector<comir::labelled_curve> const curves{
    {"raw images", {{1, 0.05}, {3, 0.1}, {10, 0.2}, {100, 0.9}}},
    {"CoMIRs", {{1, 0.3}, {3, 0.8}, {10, 0.9}, {100, 1.0}}},
};

/// Pixels that are rather this colour (0 to 1 each) than white, grey or another curve.
std::size_t count_colour(comir::image<float> const& i, float r, float g, float b) {
    std::size_t count = 0;
    for (std::size_t y = 0; y < i.height(); ++y)
        for (std::size_t x = 0; x < i.width(); ++x) {
            float const dr = i(0, y, x) - r, dg = i(1, y, x) - g, db = i(2, y, x) - b;
            count += dr * dr + dg * dg + db * db < 0.01f ? 1 : 0;
        }
    return count;
}

std::string problem(std::filesystem::path const& path, comir::plot_options const& options) {
    try {
        comir::plot_success(path, curves, options);
    } catch (comir::error const& error) {
        return error.what();
    }
    return "none";
}

}  // namespace

TEST_CASE("plot_success: a picture of the asked size in which both curves are drawn") {
    temporary_folder const folder;
    auto const path = folder / "curves.png";
    comir::plot_success(path, curves, {.title = "success", .width_px = 640, .height_px = 480});
    auto const picture = comir::read_image_float(path);
    REQUIRE(picture.shape() == comir::image_shape{3, 480, 640});
    CHECK(count_colour(picture, 0.0f, 0.447f, 0.698f) > 400);
    CHECK(count_colour(picture, 0.835f, 0.369f, 0.0f) > 400);
    CHECK(count_colour(picture, 0.0f, 0.620f, 0.451f) == 0);
}

TEST_CASE("plot_success: labels, titles and paths with any character neither break the plot nor run anything") {
    temporary_folder const folder;
    auto const mark = (folder / "mark").string();
    std::vector<comir::labelled_curve> odd;
    for (std::string const& label :
         {"it's; system('touch " + mark + "'); '", "`touch " + mark + "`", "\"\nsystem('touch " + mark + "')\n$x\\",
          std::string("@macro #comment {/Symbol a}_b^c %s"), std::string("nul \0 inside", 12),
          std::string("\"50%\" \xff")})
        odd.push_back({label, curves[0].points});
    auto const path = folder / "it's a \"path\" `x` $(touch mark).png";
    comir::plot_success(path, odd, {.title = "'\nset output '" + mark + "'\n#"});
    auto const picture = comir::read_image_float(path);
    CHECK(picture.width() == 800);
    // A misread label leaves a black area; a whole picture is nearly white.
    CHECK(count_colour(picture, 1.0f, 1.0f, 1.0f) > 8 * 800 * 560 / 10);
    CHECK_FALSE(std::filesystem::exists(mark));
    std::size_t files = 0;
    for ([[maybe_unused]] auto const& entry : std::filesystem::directory_iterator(folder.path()))
        ++files;
    CHECK(files == 1);
}

TEST_CASE("plot_success: what is wrong is said, and no file is left") {
    temporary_folder const folder;
    auto const path = folder / "curves.png";
    CHECK(problem(path, {.gnuplot = "/no/such/gnuplot"}) ==
          "comir::plot_success: cannot run /no/such/gnuplot: No such file or directory; install gnuplot (Debian: "
          "gnuplot-nox) or leave the plot out");
    CHECK(problem(path, {.gnuplot = "false"}) ==
          "comir::plot_success: false made no picture (exit code 1): it gave no reason");
    CHECK(problem(path, {.gnuplot = "true"}) ==
          "comir::plot_success: true made no picture (exit code 0): it gave no reason");
    CHECK(problem(path, {.width_px = 0}).find("made no picture") != std::string::npos);
    CHECK_FALSE(std::filesystem::exists(path));
    CHECK(problem(folder / "none" / "curves.png", {}).find("No such file or directory") != std::string::npos);
    CHECK_THROWS_AS(comir::plot_success(path, {}), comir::error);
    CHECK_THROWS_AS(comir::plot_success(path, std::vector<comir::labelled_curve>{{"empty", {}}}), comir::error);
}
