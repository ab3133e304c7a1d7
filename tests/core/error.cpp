#include <string>

#include <doctest/doctest.h>

#include <comir/core/error.hpp>

TEST_CASE("require: joins its parts, and throws the error that was asked for") {
    CHECK_NOTHROW(comir::require(true, "never"));
    CHECK_THROWS_WITH_AS(comir::require<comir::shape_error>(false, "who: ", 3, " given, expected ", 2.5, 'x'),
                         "who: 3 given, expected 2.5x", comir::shape_error);
    CHECK_THROWS_AS(comir::require<comir::format_error>(false, std::string("text")), comir::error);
    CHECK_THROWS_WITH_AS(comir::require(false, 1e-9, ' ', -2.5e-7f, ' ', 0.0, ' ', 1e300), "1e-09 -2.5e-07 0 1e+300",
                         comir::error);
}

TEST_CASE("on_failure: sees the message before the throw") {
    static std::string seen;
    comir::on_failure = [](char const* message) { seen = message; };
    CHECK_THROWS(comir::fail("told"));
    comir::on_failure = nullptr;
    CHECK(seen == "told");
}
