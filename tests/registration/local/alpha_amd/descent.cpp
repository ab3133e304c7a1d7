#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include <doctest/doctest.h>

#include <comir/registration/local/alpha_amd.hpp>

#include "support/corner_error.hpp"
#include "support/image_pair.hpp"

namespace {

using comir::register_alpha_amd;
using comir::rigid2;

}  // namespace

TEST_CASE("register_alpha_amd: every gradient, distance and optimizer recovers a displacement") {
    rigid2 const truth{{0.35, 6.0, -7.0}, {47.5, 47.5}};
    auto const images = make_pair(truth, {1, 96, 96}, {1, 96, 96});
    auto const run = [&](auto change) {
        comir::alpha_amd_options options;
        change(options);
        return register_alpha_amd<rigid2>(images.fixed, images.moving, options);
    };
    auto const plain = run([](auto&) {});
    for (auto const& result : {run([](auto& o) { o.gradient = comir::amd_gradient::published; }),
                               run([](auto& o) { o.optimizer = comir::amd_optimizer::adam; }),
                               run([](auto& o) { o.squared = true; }), run([](auto& o) { o.symmetric = false; })}) {
        CHECK(result.converged);
        CHECK(corner_error(result.transform, truth, {1, 96, 96}) < 0.2);
        CHECK(result.transform.parameters != plain.transform.parameters);
    }
    auto const patient = run([](auto& o) {
        o.stop_at_rest = false;
        o.abandon = 0.0;
    });
    CHECK(corner_error(patient.transform, truth, {1, 96, 96}) < 0.2);
    CHECK(plain.iterations < patient.iterations);
}

TEST_CASE("register_alpha_amd: details are registered where whole regions disagree in brightness") {
    std::size_t with = 0, without = 0;
    for (std::uint64_t seed = 1; seed <= 4; ++seed) {
        rigid2 const truth{{seed % 2 == 0 ? 0.3 : -0.25, 9.0, -12.0}, {63.5, 63.5}};
        image_pair p = make_pair(truth, {1, 128, 128}, {1, 128, 128}, seed);
        auto const own = comir::gaussian_blur(noise(p.fixed.shape(), 50 + seed), 20.0, 1),
                   other = comir::gaussian_blur(noise(p.fixed.shape(), 90 + seed), 20.0, 1);
        for (std::size_t i = 0; i < own.values().size(); ++i) {
            p.fixed.values()[i] = 0.3f * p.fixed.values()[i] + 0.35f + 20.0f * (own.values()[i] - 0.5f);
            p.moving.values()[i] = 0.3f * p.moving.values()[i] + 0.35f + 20.0f * (other.values()[i] - 0.5f);
        }
        auto options = comir::comir_alpha_amd_options();
        auto const found = register_alpha_amd<rigid2>(p.fixed, p.moving, options);
        if (corner_error(found.transform, truth, p.fixed.shape()) < 1.0) {
            CHECK(found.confidence > 0.5);
            ++with;
        }
        options.details = 0.0;
        auto const bright = register_alpha_amd<rigid2>(p.fixed, p.moving, options);
        without += corner_error(bright.transform, truth, p.fixed.shape()) < 1.0 ? 1 : 0;
    }
    CHECK(with == 4);
    CHECK(without < with);
}

TEST_CASE("register_alpha_amd: the settings for CoMIRs reach far, with noise, and the same bits for 1 and 2 threads") {
    std::size_t plain = 0, own = 0;
    for (std::uint64_t seed = 1; seed <= 6; ++seed) {
        comir::random_stream random(seed, 77);
        double const side = seed % 2 == 0 ? 1.0 : -1.0;
        rigid2 const truth{
            {side * random.uniform(0.2, 0.5), side * random.uniform(24.0, 28.0), random.uniform(-28.0, 28.0)},
            {79.5, 79.5}};
        image_pair p = make_pair(truth, {1, 160, 160}, {1, 160, 160}, seed);
        for (float& v : p.moving.values())
            v += static_cast<float>(random.uniform(-0.2, 0.2));
        auto options = comir::comir_alpha_amd_options();
        options.threads = 1;
        auto const one = register_alpha_amd<rigid2>(p.fixed, p.moving, options);
        options.threads = 2;
        auto const two = register_alpha_amd<rigid2>(p.fixed, p.moving, options);
        CHECK(one.transform.parameters == two.transform.parameters);
        own += corner_error(one.transform, truth, p.fixed.shape()) < 1.0 ? 1 : 0;
        auto const published = register_alpha_amd<rigid2>(p.fixed, p.moving);
        plain += corner_error(published.transform, truth, p.fixed.shape()) < 1.0 ? 1 : 0;
    }
    CHECK(own == 6);
    CHECK(plain < own);
}
