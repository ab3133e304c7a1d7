#include "plots/study_plot.hpp"

#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <comir/io/image_file.hpp>

#include "support/temporary_folder.hpp"

namespace {

/// Pixels near this colour, 0 to 1 each.
std::size_t count_near(comir::image<float> const& i, float r, float g, float b) {
    std::size_t count = 0;
    for (std::size_t y = 0; y < i.height(); ++y)
        for (std::size_t x = 0; x < i.width(); ++x) {
            float const dr = i(0, y, x) - r, dg = i(1, y, x) - g, db = i(2, y, x) - b;
            count += dr * dr + dg * dg + db * db < 0.02f ? 1 : 0;
        }
    return count;
}
std::size_t count_blue(comir::image<float> const& i) {
    return count_near(i, 0.1f, 0.502f, 0.728f) + count_near(i, 0.0f, 0.447f, 0.698f);
}
std::size_t count_orange(comir::image<float> const& i) {
    return count_near(i, 0.8515f, 0.4321f, 0.1f) + count_near(i, 0.835f, 0.369f, 0.0f);
}

std::string const odd_text = "\"it's\" `x` {/Symbol a}_b %s\n$(y)\\";

}  // namespace

TEST_CASE("plot_lines: curves, and labels with any character") {
    temporary_folder const folder;
    std::vector<comir::plot_line> const lines{{"with c4", {{10, 0.9}, {90, 0.99}, {350, 0.91}}},
                                              {odd_text, {{10, 0.5}, {90, 0.4}, {350, 0.3}}}};
    auto const path = folder / "lines.png";
    comir::plot_lines(path, lines,
                      {.x_label = "angle (degrees)",
                       .y_label = odd_text,
                       .x_tics = 45,
                       .picture = {.title = odd_text, .width_px = 640, .height_px = 480}});
    auto const picture = comir::read_image_float(path);
    REQUIRE(picture.shape() == comir::image_shape{3, 480, 640});
    CHECK(count_blue(picture) > 400);
    CHECK(count_orange(picture) > 400);
}

TEST_CASE("plot_bars: bars have the height of their values, those that are no number are left out") {
    temporary_folder const folder;
    std::vector<std::string> const series{"shg", "bf"};
    auto const drawn = [&](double second) {
        std::vector<comir::bar_group> const groups{{odd_text, {0.8, second}}, {"l1", {0.8, std::nan("")}}};
        auto const path = folder / "bars.png";
        comir::plot_bars(path, groups, series, {.y_label = "success"});
        return comir::read_image_float(path);
    };
    auto const low = drawn(0.2), high = drawn(0.4);
    // Two bars of 0.8 against one of 0.2 or 0.4; the key's samples blur the ratio.
    double const ratio = static_cast<double>(count_blue(low)) / static_cast<double>(count_orange(low));
    CHECK(ratio > 6.0);
    CHECK(ratio < 8.5);
    CHECK(static_cast<double>(count_orange(high)) / static_cast<double>(count_orange(low)) ==
          doctest::Approx(2.0).epsilon(0.1));
}

TEST_CASE("plot_lines and plot_bars: what is wrong is said, and no file is left") {
    temporary_folder const folder;
    auto const path = folder / "x.png";
    std::vector<comir::plot_line> lines{{"empty", {}}};
    CHECK_THROWS_AS(comir::plot_lines(path, {}), comir::error);
    CHECK_THROWS_WITH_AS(comir::plot_lines(path, lines), "comir::plot_lines: the curve 'empty' has no points",
                         comir::error);
    lines[0].points.push_back({1.0, std::nan("")});
    CHECK_THROWS_AS(comir::plot_lines(path, lines), comir::error);
    std::vector<comir::bar_group> const groups{{"a", {1.0}}};
    std::vector<std::string> const one{"s"}, two{"s", "t"};
    CHECK_THROWS_AS(comir::plot_bars(path, groups, {}), comir::error);
    CHECK_THROWS_WITH_AS(comir::plot_bars(path, groups, two), "comir::plot_bars: the group 'a' has 1 bars, expected 2",
                         comir::error);
    CHECK_THROWS_AS(comir::plot_bars(path, groups, one, {.low = 1.0}), comir::error);
    CHECK_THROWS_WITH_AS(comir::plot_bars(path, groups, one, {.picture = {.gnuplot = "false"}}),
                         "comir::plot_bars: false made no picture (exit code 1): it gave no reason", comir::error);
    CHECK_FALSE(std::filesystem::exists(path));
}
