#include <cmath>
#include <cstddef>
#include <limits>
#include <string>

#include <doctest/doctest.h>

#include <comir/registration/local/register_by_descent.hpp>
#include <comir/transform/affine.hpp>
#include <comir/transform/rigid.hpp>
#include <comir/transform/similarity.hpp>
#include <comir/transform/translation.hpp>

namespace {

/// The mean square distance, px^2, of where a transform takes the points of a grid from where they belong.
template <class Truth>
struct point_distance {
    static constexpr char const* name = "point_distance";
    Truth truth;
    double overlap = 1.0;
    std::size_t factor = 0;

    void prepare(std::size_t f) { factor = f; }
    template <class Transform, class Gradient>
    comir::measured measure(Transform const& t, Gradient& gradient) const {
        double sum = 0.0, count = 0.0;
        for (double y = 0.0; y < 96.0; y += 8.0)
            for (double x = 0.0; x < 128.0; x += 8.0) {
                comir::point2 const d = t({x, y}) - truth({x, y});
                gradient.add({x, y}, d);
                sum += d.x * d.x + d.y * d.y;
                ++count;
            }
        return {sum / count, overlap};
    }
};

constexpr comir::image_shape extent{1, 96, 128};

template <class Transform>
void check_finds(Transform truth) {
    truth.centre = comir::image_centre(extent);
    point_distance<Transform> measure{truth};
    auto const found = comir::register_by_descent<Transform>(measure, extent, extent);
    CHECK(found.converged);
    CHECK(found.overlap == 1.0);
    CHECK(found.value < 0.01);
    CHECK(found.confidence == 0.0);
    CHECK(comir::corner_distance(found.transform, truth, extent.h, extent.w) < 0.2);
}

}  // namespace

TEST_CASE("register_by_descent: finds the minimum over the parameters of any affine transform") {
    check_finds(comir::translation2{{9.0, -6.0}});
    check_finds(comir::rigid2{{0.2, 9.0, -6.0}});
    check_finds(comir::similarity2{{0.05, 0.2, 9.0, -6.0}});
    check_finds(comir::affine2{{1.05, 0.1, -0.2, 0.95, 9.0, -6.0}});
}

TEST_CASE("register_by_descent: of several starts the best counts, with equal bits for 1 and 2 threads") {
    point_distance<comir::rigid2> measure{{{1.0, 3.0, 2.0}, comir::image_centre(extent)}};
    auto const run = [&](int threads) {
        return comir::register_by_descent<comir::rigid2>(
            measure, extent, extent, {.start_angles = {-1.0, 0.0, 1.1}, .abandon = 1e9, .threads = threads});
    };
    auto const one = run(1), two = run(2);
    CHECK(comir::corner_distance(one.transform, measure.truth, extent.h, extent.w) < 0.2);
    CHECK(one.transform.parameters == two.transform.parameters);
    CHECK(one.value == two.value);
}

TEST_CASE("register_by_descent: little overlap and values that are not finite have not converged") {
    point_distance<comir::translation2> measure{{{3.0, 2.0}}, 0.2};
    CHECK(!comir::register_by_descent<comir::translation2>(measure, extent, extent).converged);
    measure.overlap = 1.0;
    measure.truth.parameters[0] = std::numeric_limits<double>::quiet_NaN();
    CHECK(!comir::register_by_descent<comir::translation2>(measure, extent, extent).converged);
}

TEST_CASE("register_by_descent: errors name the measure") {
    point_distance<comir::translation2> measure{{{3.0, 2.0}}};
    auto const message = [&](comir::descent_options const& options, comir::image_shape const& moving) -> std::string {
        try {
            static_cast<void>(comir::register_by_descent<comir::translation2>(measure, extent, moving, options));
        } catch (comir::error const& e) {
            return e.what();
        }
        return "no error";
    };
    CHECK(message({.factors = {}}, extent) ==
          "point_distance: there is no resolution, or one has the factor 0; expected factors such as 4, 2, 1");
    CHECK(message({.factors = {2, 0}}, extent).find("the factor 0") != std::string::npos);
    CHECK(message({.factors = {2}}, {1, 2, 2}).find("too small") != std::string::npos);
    CHECK(message({.start_angles = {}}, extent).find("there is no start") != std::string::npos);
}
