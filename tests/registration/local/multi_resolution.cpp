#include <cmath>
#include <cstddef>
#include <vector>

#include <doctest/doctest.h>

#include <comir/registration/local/multi_resolution.hpp>
#include <comir/transform/translation.hpp>

#include "support/message.hpp"

namespace {

using comir::translation2;

/// A metric without images: the squared distance of the translation from (3, -2). Each resolution goes half the way.
struct bowl {
    using state = comir::descent_state<translation2>;
    struct workspace {};
    static constexpr char const* name = "bowl";
    static constexpr std::size_t least_side = 8;

    std::vector<std::size_t> factors;
    std::size_t most = 100;  // starts that go on
    std::vector<std::size_t> prepared = {};
    mutable std::vector<std::size_t> left = {};  // starts at each resolution

    std::size_t resolution_count() const { return factors.size(); }
    std::size_t factor(std::size_t r) const { return factors[r]; }
    void prepare(std::size_t r) { prepared.push_back(r); }
    workspace make_workspace() const { return {}; }
    void descend(state& s, std::size_t, workspace&) const {
        s.middle = s.transform;
        s.transform.parameters[0] += 0.5 * (3.0 - s.transform.parameters[0]);
        s.transform.parameters[1] += 0.5 * (-2.0 - s.transform.parameters[1]);
        s.informed = true;
        s.iterations = 10;
        s.value = std::pow(s.transform.parameters[0] - 3.0, 2) + std::pow(s.transform.parameters[1] + 2.0, 2);
        s.overlap = s.transform.parameters[0] < 50.0 ? 1.0 : 0.0;
    }
    void compare(std::vector<state>& states) const { left.push_back(states.size()); }
    bool fits(state const& s) const { return s.overlap > 0.5; }
    bool better(state const& a, state const& b) const { return fits(a) != fits(b) ? fits(a) : a.value < b.value; }
    bool gives_up(state const& s, std::vector<state> const& kept) const { return !fits(s) || kept.size() >= most; }
    double same_distance() const { return 0.5; }
    void end_resolution(std::size_t) {}
    double confidence(state const& s) const { return fits(s) ? 0.75 : 0.0; }
};

static_assert(comir::local_metric<bowl, translation2>);

comir::image_shape const fixed{1, 64, 64};

std::vector<translation2> starts() {
    return {{{1000.0, 0.0}, {}}, {{20.0, 0.0}, {}}, {{4.0, 0.0}, {}}, {{4.1, 0.0}, {}}};
}

}  // namespace

TEST_CASE("register_at_resolutions: the best start wins, like ones and hopeless ones end") {
    bowl metric{.factors = {4, 2, 1}};
    auto const result = comir::register_at_resolutions<translation2>(metric, fixed, fixed, starts(), {});
    CHECK(metric.prepared == std::vector<std::size_t>{0, 1, 2});
    // 4 and 4.1 come within half a pixel; 1000 does not fit.
    CHECK(metric.left == std::vector<std::size_t>{4, 2, 2});
    CHECK(result.iterations == 80);
    CHECK(result.transform.parameters[0] == doctest::Approx(3.125));
    CHECK(result.value == doctest::Approx(0.125 * 0.125 + 0.25 * 0.25));
    CHECK(result.overlap == 1.0);
    CHECK(result.confidence == 0.75);
    CHECK(result.converged);
    auto const strict =
        comir::register_at_resolutions<translation2>(metric, fixed, fixed, starts(), {.rest = 0.01, .threads = 2});
    CHECK(strict.transform.parameters == result.transform.parameters);
    CHECK_FALSE(strict.converged);
}

TEST_CASE("register_at_resolutions: what a small moving image cannot show is left out, but not the last") {
    bowl metric{.factors = {8, 4, 2}};
    auto const result = comir::register_at_resolutions<translation2>(metric, fixed, {1, 30, 30}, starts(), {});
    CHECK(metric.prepared == std::vector<std::size_t>{2});
    CHECK(result.iterations == 40);
    CHECK(message([&] {
              comir::register_at_resolutions<translation2>(metric, fixed, {1, 2, 30}, starts(), {});
          }) == "bowl: the moving image is 1 x 2 x 30, too small for the last pyramid factor 2");
}

TEST_CASE("register_at_resolutions: progress counts resolutions and can stop; nothing that fits has no confidence") {
    bowl metric{.factors = {4, 2, 1}, .most = 1};
    std::vector<std::size_t> seen;
    auto const stop = [&seen](std::size_t done, std::size_t total) {
        seen.push_back(10 * done + total);
        return done < 2;
    };
    auto const result = comir::register_at_resolutions<translation2>(metric, fixed, fixed, starts(),
                                                                     {.rest = 100.0, .on_progress = stop});
    CHECK(seen == std::vector<std::size_t>{13, 23});
    CHECK(metric.left == std::vector<std::size_t>{4, 1});
    CHECK_FALSE(result.converged);
    bowl single{.factors = {1}};
    auto const lost = comir::register_at_resolutions<translation2>(single, fixed, fixed, {{{1000.0, 0.0}, {}}}, {});
    CHECK_FALSE(lost.converged);
    CHECK(lost.confidence == 0.0);
}
