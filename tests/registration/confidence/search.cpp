#include <cmath>

#include <doctest/doctest.h>

#include <comir/registration/confidence/search.hpp>

using comir::rigid2;

TEST_CASE("search_confidence: grows with every kind of evidence") {
    comir::search_evidence const weak{0.4, 0.1};
    double const before = comir::search_confidence(weak);
    for (comir::search_evidence const more : {comir::search_evidence{0.6, 0.1}, {0.4, 0.8}})
        CHECK(comir::search_confidence(more) > before);
}

TEST_CASE("evidence_of: scores a pose, and compares it with the best other one") {
    comir::search_outcome<rigid2> outcome;
    CHECK_THROWS_AS(comir::evidence_of(outcome), comir::error);
    outcome.statistics = {100.0, 0.1, 0.05};
    outcome.candidates = {{rigid2{}, 0.7, 1.0}, {rigid2{}, 0.3, 1.0}, {rigid2{}, 0.2, 1.0}};
    auto const e = comir::evidence_of(outcome);
    CHECK(e.score == 0.7);
    CHECK(e.runner_up == doctest::Approx(std::log(3.0)));
    CHECK(comir::evidence_of(outcome, 2).score == 0.2);
    CHECK(comir::evidence_of(outcome, 2).runner_up == doctest::Approx(-std::log(6.0)));
    CHECK_THROWS_AS(comir::evidence_of(outcome, 3), comir::error);
    outcome.candidates.resize(1);
    CHECK(comir::evidence_of(outcome).runner_up == doctest::Approx(std::log(12.0)));
}

TEST_CASE("search_confidence: of two equal poses neither is sure") {
    CHECK(comir::search_confidence({1.0, 0.0}) == doctest::Approx(0.5));
    CHECK(comir::search_confidence({1.0, 0.3}) > 0.99);
}
