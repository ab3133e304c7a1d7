#include <cmath>
#include <cstddef>

#include <doctest/doctest.h>

#include <comir/registration/confidence/mutual_information.hpp>
#include <comir/transform/rigid.hpp>

#include "support/image_pair.hpp"

namespace {

using comir::information_evidence;
using comir::rigid2;

}  // namespace

TEST_CASE("information_evidence: the peak is what 4 % to every side lose, for an image on itself") {
    constexpr std::size_t side = 96, bins = 16, used = 4096;
    auto const values = grey_texture(side, side, 5);
    comir::mi_points const points(values, {}, 1, bins, 8192, 3);
    comir::mi_field const field(values, {}, 1, bins);
    comir::mi_workspace work(bins, used);
    auto const information = [&](rigid2 const& t) {
        auto const e = comir::evaluate_mi(points, {0, used}, field, t, false, work);
        return e.value - 0.5 * 15 * 15 / (used * e.overlap);
    };
    double peak = information(rigid2{});
    for (int i = 0; i < 8; ++i)
        peak -= information(
                    rigid2{{0.0, 3.84 * std::cos(i * std::acos(-1.0) / 4), 3.84 * std::sin(i * std::acos(-1.0) / 4)}}) /
                8;
    auto const evidence = [&](rigid2 const& at, int threads) {
        return comir::information_evidence_at(points, field, bins, comir::to_affine(at), {1, side, side}, 1, threads);
    };
    auto const here = evidence(rigid2{}, 1);
    CHECK(here.margin == doctest::Approx(peak).epsilon(1e-4));
    CHECK(here.z_score > 10.0);
    CHECK(evidence(rigid2{}, 2).z_score == here.z_score);
    auto const elsewhere = evidence(rigid2{{1.0, 10.0, 5.0}, {47.5, 47.5}}, 1);
    CHECK(elsewhere.z_score < 4.0);
    CHECK(elsewhere.margin < 0.2 * here.margin);
    auto const outside = evidence(rigid2{{0.0, 500.0, 0.0}}, 1);
    CHECK(outside.margin == 0.0);
    CHECK(comir::confidence_of(outside) == 0.0);
    CHECK(comir::confidence_of(information_evidence{0.1, 9.0}) > comir::confidence_of(information_evidence{0.1, 8.0}));
    CHECK(comir::confidence_of(information_evidence{0.1, 8.0}) > comir::confidence_of(information_evidence{0.09, 8.0}));
}
