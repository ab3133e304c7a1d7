#include <limits>
#include <string>

#include <doctest/doctest.h>

#include <comir/core/check_range.hpp>

namespace {

std::string problem(double value, comir::number_range const& range, char const* unit = "") {
    try {
        comir::check_range("comir::f", "x", value, range, unit);
    } catch (comir::error const& e) {
        return e.what();
    }
    return "";
}

}  // namespace

TEST_CASE("check_range: says who, what was given and what was expected") {
    CHECK(problem(1.5, comir::between(0, 1)) == "comir::f: x is 1.5, expected 0 to 1");
    CHECK(problem(1, comir::up_to_below(0, 1)) == "comir::f: x is 1, expected 0 to below 1");
    CHECK(problem(0, comir::above(0), "px") == "comir::f: x is 0, expected a finite number above 0 px");
    CHECK(problem(-1, comir::at_least(0)) == "comir::f: x is -1, expected a finite number of at least 0");
}

TEST_CASE("check_range: limits belong to their ranges as the range says; NaN and infinity never do") {
    double const infinity = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
    for (comir::number_range const& range :
         {comir::between(0, 1), comir::up_to_below(0, 1), comir::at_least(0), comir::above(0)}) {
        CHECK(problem(0.5, range).empty());
        CHECK_FALSE(problem(nan, range).empty());
        CHECK_FALSE(problem(infinity, range).empty());
        CHECK(problem(0, range).empty() == range.with_from);
    }
    CHECK(problem(1, comir::between(0, 1)).empty());
    CHECK(problem(1e300, comir::above(0)).empty());
}
