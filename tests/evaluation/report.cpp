#include <cmath>
#include <limits>
#include <numbers>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <comir/evaluation/report.hpp>

#include "support/temporary_folder.hpp"

namespace {

comir::pair_extent const size{{256, 256}, {101, 101}};

/// A pair whose moving image lies in the fixed one as `truth` says.
comir::registration_pair make_pair(std::string const& name, bool forward, comir::displacement truth) {
    comir::registration_pair p;
    p.name = name;
    p.fixed_modality = forward ? "rgb" : "nir";
    p.moving_modality = forward ? "nir" : "rgb";
    p.size_px = 101;
    p.truth = truth;
    p.corners = comir::map_corners(comir::to_transform(truth, size).inverse(), size.moving);
    auto const unmoved = comir::map_corners(comir::to_transform({}, size).inverse(), size.moving);
    p.initial_error_px = comir::corner_error(unmoved, p.corners);
    return p;
}

/// Errors of 0, 1.5, 4 and 30 px (refused).
std::vector<comir::pair_result> some_results() {
    auto const a = make_pair("a, 1", true, {10.0, 2.0, 3.0}), b = make_pair("b", false, {-20.0, 5.0, 0.0}),
               c = make_pair("c", true, {0.0, 0.0, 0.0}), d = make_pair("d", false, {0.0, 18.0, 24.0});
    return {comir::score_pair(a, comir::to_transform(a.truth, size), size, 0.5),
            comir::score_pair(b, comir::to_transform({-20.0, 5.0, 1.5}, size), size, 1.5),
            comir::score_pair(c, comir::to_transform({0.0, 4.0, 0.0}, size), size, 1.0),
            comir::refused_pair(d, size, 2.0)};
}

}  // namespace

TEST_CASE("score_pair: the error of an estimate is that of its corners, and a refusal has the initial error") {
    auto const results = some_results();
    std::vector<double> const errors{0.0, 1.5, 4.0, 30.0};
    for (std::size_t i = 0; i < 4; ++i)
        CHECK(results[i].score.error_px == doctest::Approx(errors[i]).epsilon(1e-9).scale(1));
    CHECK(results[0].score.group == "rgb to nir");
    CHECK(results[1].score.group == "nir to rgb");
    CHECK(results[0].estimate.angle_deg == doctest::Approx(10.0));
    CHECK(results[1].estimate.ty_px == doctest::Approx(1.5));
    CHECK(results[2].score.ok);
    CHECK_FALSE(results[3].score.ok);
    CHECK(results[3].estimate.angle_deg == 0.0);
    // The unmoved corner (0, 0) of the moving image lies half the sizes' difference inside the fixed image.
    CHECK(results[3].corners[0] == comir::point2{77.5, 77.5});
}

TEST_CASE("score_pair: a transform that is not finite counts as refused") {
    auto const pair = make_pair("p", true, {0.0, 3.0, 4.0});
    for (double const bad : {std::nan(""), std::numeric_limits<double>::infinity()}) {
        auto const result = comir::score_pair(pair, comir::rigid2{{0.0, bad, 0.0}, {}}, size, 1.0);
        CHECK_FALSE(result.score.ok);
        CHECK(result.score.error_px == doctest::Approx(5.0));
        CHECK(result.estimate.tx_px == 0.0);
    }
}

TEST_CASE("write_results: the columns in their order, and the numbers with their bits") {
    temporary_folder const folder;
    auto results = some_results();
    results[1].confidence = 0.375;
    comir::write_results(folder / "results.csv", results);
    std::string const text = read_all(folder / "results.csv");
    CHECK(text.substr(0, text.find('\n')) ==
          "pair,error_px,success,seconds,angle_deg,tx_px,ty_px,x0,y0,x1,y1,x2,y2,x3,y3,confidence,failure");
    comir::csv_table const table("test", folder / "results.csv");
    REQUIRE(table.size() == 4);
    for (std::size_t i = 0; i < 4; ++i) {
        CHECK(table.text(i, table.column("pair")) == results[i].name);
        CHECK(table.number(i, table.column("error_px")) == results[i].score.error_px);
        // 2% of 101 px are 2.02 px.
        CHECK(table.text(i, table.column("success")) == (i < 2 ? "1" : "0"));
        CHECK(table.number(i, table.column("seconds")) == results[i].score.seconds);
        CHECK(table.number(i, table.column("angle_deg")) == results[i].estimate.angle_deg);
        CHECK(table.number(i, table.column("y2")) == results[i].corners[2].y);
        CHECK(table.number(i, table.column("confidence")) == results[i].confidence);
    }
}

TEST_CASE("write_summary: the figures of all pairs and of each direction") {
    temporary_folder const folder;
    comir::write_summary(folder / "summary.json", some_results());
    auto const json = comir::json_value::parse(read_all(folder / "summary.json"));
    CHECK(json["pairs"] == 4);
    CHECK(json["failed"] == 1);
    CHECK(json["success_1pct"] == 0.25);
    CHECK(json["success_2pct"] == 0.5);
    CHECK(json["success_5pct"] == 0.75);
    CHECK(json["success_3px"] == 0.5);
    CHECK(json["success_5px"] == 0.75);
    CHECK(json["median_error_px"].get<double>() == doctest::Approx(2.75));
    CHECK(json["seconds_per_pair"].get<double>() == doctest::Approx(1.25));
    REQUIRE(json["by_direction"].size() == 2);
    CHECK(json["by_direction"]["rgb to nir"]["pairs"] == 2);
    CHECK(json["by_direction"]["rgb to nir"]["failed"] == 0);
    CHECK(json["by_direction"]["nir to rgb"]["success_2pct"] == 0.5);
    CHECK(json["by_direction"]["nir to rgb"]["median_error_px"].get<double>() == doctest::Approx(15.75));
    CHECK_THROWS_AS(comir::write_summary(folder / "none.json", {}), comir::error);
    CHECK_FALSE(std::filesystem::exists(folder / "none.json"));
    CHECK_THROWS_AS(comir::write_summary(folder / "no/such/folder.json", some_results()), comir::error);
}

TEST_CASE("report_table: one line a direction and one for all, in columns") {
    CHECK(comir::report_table(some_results()) ==
          "direction   pairs  failed  in 1%  in 2%  in 5%  in 3 px  in 5 px  median px   s/pair\n"
          "nir to rgb      2       1    0.0   50.0   50.0     50.0     50.0      15.75    1.750\n"
          "rgb to nir      2       0   50.0   50.0  100.0     50.0    100.0       2.00    0.750\n"
          "all             4       1   25.0   50.0   75.0     50.0     75.0       2.75    1.250\n");
}
