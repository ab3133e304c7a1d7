#include <cmath>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include <comir/evaluation/success.hpp>

namespace {

using comir::pair_score;

pair_score score(double error, double size, std::string group = {}, double seconds = 0.0, bool ok = true) {
    return {std::move(group), error, size, seconds, ok};
}

}  // namespace

TEST_CASE("summarise: shares, medians and times of a small set counted by hand") {
    std::vector<pair_score> const scores{score(1.0, 100, "b", 1.0), score(2.0, 100, "a", 2.0),
                                         score(4.0, 200, "b", 3.0), score(5.5, 100, "a", 4.0, false)};
    auto const all = comir::summarise(scores);
    CHECK(all.pairs == 4);
    CHECK(all.failed == 1);
    CHECK(all.success_1pct == 0.25);  // 1 <= 1; 2 > 1; 4 > 2; 5.5 > 1
    CHECK(all.success_2pct == 0.75);  // 1 <= 2; 2 <= 2; 4 <= 4
    CHECK(all.success_5pct == 0.75);
    CHECK(all.success_3px == 0.5);
    CHECK(all.success_5px == 0.75);
    CHECK(all.median_error_px == 3.0);
    CHECK(all.seconds_per_pair == doctest::Approx(2.5));
    auto const groups = comir::summarise_groups(scores);
    REQUIRE(groups.size() == 2);
    CHECK(groups.at("a").pairs == 2);
    CHECK(groups.at("a").failed == 1);
    CHECK(groups.at("a").median_error_px == 3.75);
    CHECK(groups.at("b").success_2pct == 1.0);
    CHECK(groups.at("b").seconds_per_pair == doctest::Approx(2.0));
    CHECK(comir::summarise(std::vector{scores[3], scores[0], scores[1]}).median_error_px == 2.0);
}

TEST_CASE("summarise: an infinite error is a failure like any other") {
    double const infinite = std::numeric_limits<double>::infinity();
    auto const s = comir::summarise(std::vector{score(infinite, 100), score(0.5, 100), score(infinite, 100)});
    CHECK(s.success_5pct == doctest::Approx(1.0 / 3));
    CHECK(s.median_error_px == infinite);
}

TEST_CASE("success_curve: rises with the tolerance, counts errors on the tolerance, and ends exactly") {
    std::vector<pair_score> const scores{score(1.0, 50), score(10.0, 50), score(100.0, 50), score(250.0, 50)};
    auto const curve = comir::success_curve(scores, 1.0, 100.0, 5);
    REQUIRE(curve.size() == 5);
    std::vector<double> const tolerances{1.0, std::sqrt(10.0), 10.0, std::sqrt(1000.0), 100.0};
    for (std::size_t i = 0; i < curve.size(); ++i)
        CHECK(curve[i].tolerance_px == doctest::Approx(tolerances[i]).epsilon(1e-12));
    CHECK(curve.front().success == 0.25);
    CHECK(curve[1].success == 0.25);
    CHECK(curve[3].success == 0.5);
    CHECK(curve.back().tolerance_px == 100.0);
    CHECK(curve.back().success == 0.75);
}

TEST_CASE("evaluate: scores without sense are refused") {
    std::vector<pair_score> const none;
    CHECK_THROWS_WITH_AS(comir::summarise(none), "comir::summarise: there are no scores, expected at least one",
                         comir::error);
    CHECK_THROWS_AS(comir::summarise(std::vector{score(std::nan(""), 10)}), comir::error);
    CHECK_THROWS_AS(comir::summarise(std::vector{score(-1.0, 10)}), comir::error);
    CHECK_THROWS_WITH_AS(comir::success_within_px(std::vector{score(1.0, 0)}, 3.0),
                         "comir::success_within_px: score 0 has the size 0 px, expected a positive number",
                         comir::error);
    std::vector<pair_score> const one{score(1.0, 10)};
    CHECK_THROWS_AS(comir::success_curve(one, 0.0, 100.0, 5), comir::error);
    CHECK_THROWS_AS(comir::success_curve(one, 1.0, 100.0, 1), comir::error);
}
