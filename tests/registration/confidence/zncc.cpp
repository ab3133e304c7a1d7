#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include <doctest/doctest.h>

#include <comir/core/random.hpp>
#include <comir/image/filter.hpp>
#include <comir/registration/confidence/zncc.hpp>

namespace {

using comir::image;
using comir::image_mask;
using comir::rigid2;
namespace detail = comir::detail;

constexpr std::size_t side = 100;

image<float> texture(std::uint64_t seed) {
    image<float> out({1, side, side});
    comir::random_stream random(seed);
    for (float& v : out.values())
        v = static_cast<float>(random.uniform());
    return comir::gaussian_blur(out, 1.5, 1);
}

/// The same bright blob in all, and texture that is weaker.
image<float> blob_with(image<float> out) {
    for (std::size_t y = 0; y < side; ++y)
        for (std::size_t x = 0; x < side; ++x)
            out(0, y, x) +=
                static_cast<float>(std::exp(-(std::pow(double(x) - 40, 2) + std::pow(double(y) - 60, 2)) / 600));
    return out;
}

comir::correlation_evidence evidence(image<float> const& fixed, image<float> const& moving, rigid2 const& t = {},
                                     int threads = 1) {
    return comir::correlation_evidence_at(fixed, {}, moving, {}, comir::to_affine(t), 1, threads);
}

}  // namespace

TEST_CASE("correlation_evidence: the peak is what 4 % to every side lose") {
    auto const a = texture(1), b = texture(2);
    auto moving = a;
    for (std::size_t i = 0; i < moving.values().size(); ++i)
        moving.values()[i] += 0.5f * b.values()[i];
    // The means around, by a plain sum of Gaussian weights.
    auto const details = [](image<float> const& from) {
        image<float> out = from;
        for (std::size_t y = 0; y < side; ++y)
            for (std::size_t x = 0; x < side; ++x) {
                double sum = 0.0, weights = 0.0;
                for (int dy = -16; dy <= 16; ++dy)
                    for (int dx = -16; dx <= 16; ++dx) {
                        auto const inside = [](std::size_t at, int d) {
                            return static_cast<std::size_t>(std::clamp(static_cast<int>(at) + d, 0, int(side) - 1));
                        };
                        double const weight = std::exp(-(dx * dx + dy * dy) / 32.0);
                        sum += weight * static_cast<double>(from(0, inside(y, dy), inside(x, dx)));
                        weights += weight;
                    }
                out(0, y, x) -= static_cast<float>(sum / weights);
            }
        return out;
    };
    auto const f = details(a), m = details(moving);
    auto const correlation = [&](double x, double y) { return zncc(f, {}, m, {}, rigid2{{0.0, x, y}}, 1).correlation; };
    double peak = correlation(0.0, 0.0);
    for (int i = 0; i < 8; ++i)
        peak -= correlation(4.0 * std::cos(i * std::acos(-1.0) / 4), 4.0 * std::sin(i * std::acos(-1.0) / 4)) / 8;
    auto const found = evidence(a, moving);
    CHECK(found.margin == doctest::Approx(peak).epsilon(0.02));
    CHECK(found.margin > 0.5);
    CHECK(found.margin_over_null > 0.5);
    CHECK(found.margin_over_null < correlation(0.0, 0.0) + 0.1);
    CHECK(evidence(a, moving, {}, 2).margin_over_null == found.margin_over_null);
}

TEST_CASE("correlation_evidence: a blob in both images says little, what is in it much") {
    auto const fixed = blob_with(texture(1)), same = blob_with(texture(1)), other = blob_with(texture(2));
    CHECK(zncc(fixed, {}, other, {}, rigid2{}, 1).correlation > 0.8);
    CHECK(comir::confidence_of(evidence(fixed, same)) > 0.9);
    CHECK(comir::confidence_of(evidence(fixed, other)) < 0.1);
    CHECK(comir::confidence_of(evidence(fixed, same, {{3.0, 0.0, 0.0}, {40.0, 60.0}})) < 0.1);
    CHECK(comir::confidence_of(evidence(fixed, same, {{0.0, 500.0, 0.0}, {}})) == 0.0);
}

TEST_CASE("correlation_evidence: masked pixels, NaN among them, do not count") {
    auto const fixed = texture(1);
    auto spoilt = fixed;
    image_mask mask({1, side, side}, 1);
    for (std::size_t y = 0; y < side; ++y)
        for (std::size_t x = 0; x < 50; ++x) {
            spoilt(0, y, x) = std::nanf("");
            mask(0, y, x) = 0;
        }
    auto const by_moving = comir::correlation_evidence_at(fixed, {}, spoilt, mask, comir::to_affine(rigid2{}), 1, 1);
    auto const by_fixed = comir::correlation_evidence_at(spoilt, mask, fixed, {}, comir::to_affine(rigid2{}), 1, 1);
    CHECK(comir::confidence_of(by_moving) > 0.9);
    CHECK(comir::confidence_of(by_fixed) > 0.9);
}

TEST_CASE("confidence_of: grows with the peak and with the lead") {
    CHECK(comir::confidence_of(comir::correlation_evidence{0.5, 0.3}) >
          comir::confidence_of(comir::correlation_evidence{0.4, 0.3}));
    CHECK(comir::confidence_of(comir::correlation_evidence{0.5, 0.3}) >
          comir::confidence_of(comir::correlation_evidence{0.5, 0.2}));
    CHECK(comir::confidence_of(comir::correlation_evidence{-0.5, 0.3}) == 0.0);
}
