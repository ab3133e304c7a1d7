#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <comir/evaluation/landmark_error.hpp>
#include <comir/evaluation/landmark_file.hpp>

#include "support/message.hpp"
#include "support/temporary_folder.hpp"

namespace {

/// Landmarks that lie 1, 2, ... px off the map that moves nothing, and 10 px off what was before.
std::vector<comir::landmark> steps(std::size_t count) {
    std::vector<comir::landmark> landmarks;
    for (std::size_t i = 0; i < count; ++i) {
        double const x = 7.0 * static_cast<double>(i), off = static_cast<double>(i + 1);
        landmarks.push_back({{x, 3.0}, {x, 3.0 + off}});
    }
    return landmarks;
}

comir::point2 stay(comir::point2 p) {
    return p;
}

comir::landmark_score score_of(std::size_t count, double diagonal) {
    auto const before = [](comir::point2 p) { return p + comir::point2{0.0, -4.5}; };
    auto score = comir::score_landmarks(steps(count), stay, before);
    score.diagonal_px = diagonal;
    return score;
}

}  // namespace

TEST_CASE("landmark_error: the errors of one pair") {
    auto const s = score_of(11, 200.0);
    CHECK(s.landmarks == 11);
    CHECK(s.median_px == doctest::Approx(6.0));
    CHECK(s.mean_px == doctest::Approx(6.0));
    CHECK(s.p90_px == doctest::Approx(10.0));
    CHECK(s.max_px == doctest::Approx(11.0));
    CHECK(s.before_median_px == doctest::Approx(10.5));
    CHECK(s.nearer == doctest::Approx(1.0));
    CHECK(s.relative(s.median_px) == doctest::Approx(0.03));
    CHECK(message([] { comir::score_landmarks({}, stay, stay); }).find("there are no landmarks") != std::string::npos);
}

TEST_CASE("landmark_error: the figures of many pairs, with one that could not be read") {
    comir::landmark_score unread;
    unread.name = "gone";
    unread.failure = "cannot open, it is gone";
    std::vector<comir::landmark_score> const scores{score_of(11, 600.0), score_of(1, 100.0), score_of(3, 100.0),
                                                    unread};
    std::vector<double> const tolerances{0.01, 0.02};
    auto const s = comir::summarise_landmarks(scores, tolerances);
    CHECK(s.pairs == 4);
    CHECK(s.measured == 3);
    CHECK(s.failed == 1);
    CHECK(s.median_of_medians == doctest::Approx(0.01));
    CHECK(s.mean_of_medians == doctest::Approx((0.01 + 0.01 + 0.02) / 3.0));
    CHECK(s.median_of_largest == doctest::Approx(11.0 / 600.0));
    REQUIRE(s.within.size() == 2);
    CHECK(s.within[0] == doctest::Approx(0.5));
    CHECK(s.within[1] == doctest::Approx(0.75));
    CHECK(comir::landmark_table(scores, tolerances).find("4, 1 of them failed, 1 could not be read") !=
          std::string::npos);
    temporary_folder const folder;
    comir::write_landmark_scores(folder / "s.csv", scores);
    std::string const text = read_all(folder / "s.csv");
    CHECK(text.find("\ngone,0,,,,,,,,,,,,,,\"cannot open, it is gone\"\n") != std::string::npos);
    CHECK(comir::csv_table("test", folder / "s.csv").size() == 4);
    CHECK(message([&] { comir::summarise_landmarks({}, tolerances); }).find("no scores") != std::string::npos);
}

TEST_CASE("read_landmarks: columns in any order, and what is wrong is told with its line") {
    temporary_folder const folder;
    auto const read = [&](std::string const& text) { return comir::read_landmarks(folder.file("l.csv", text)); };
    auto const landmarks = read("name,moving_y,moving_x,fixed_x,fixed_y\na,4,3,1,2\nb,8,7,5.5,-6\n");
    REQUIRE(landmarks.size() == 2);
    CHECK(landmarks[0].fixed == comir::point2{1.0, 2.0});
    CHECK(landmarks[1].moving == comir::point2{7.0, 8.0});
    CHECK(landmarks[1].fixed == comir::point2{5.5, -6.0});
    CHECK(message([&] { read("fixed_x,fixed_y,moving_x,moving_y\n"); }).find("there are no landmarks") !=
          std::string::npos);
    CHECK(message([&] {
              read("fixed_x,fixed_y,moving_x,moving_y\n1,2,3,here\n");
          }).find("line 2: the value of 'moving_y' is 'here'") != std::string::npos);
    CHECK(message([&] { read("fixed_x,fixed_y,moving_x\n1,2,3\n"); }).find("has no column 'moving_y'") !=
          std::string::npos);
}
