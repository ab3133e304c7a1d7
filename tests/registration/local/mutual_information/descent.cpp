#include <algorithm>
#include <cmath>
#include <cstddef>

#include <doctest/doctest.h>

#include <comir/registration/local/mutual_information.hpp>

#include "support/image_pair.hpp"

namespace {

using comir::point2;
using comir::register_mutual_information;
using comir::rigid2;
namespace detail = comir::detail;

}  // namespace

TEST_CASE("register_mutual_information: a resolution ends early where nothing moves") {
    auto const image = grey_texture(64, 64, 2);
    comir::mutual_information_options options;
    options.start_angles = {0.0};
    options.start_shift = 0.0;
    options.still = 0.0;
    auto const whole = register_mutual_information<rigid2>(image, image, options);
    CHECK(whole.iterations == 560);
    options.still = 5.0;
    CHECK(register_mutual_information<rigid2>(image, image, options).iterations == 336);
}

TEST_CASE("mutual_information: reach and its mean equal those over all pixels") {
    comir::affine2 const t{{0.9, -0.3, 0.4, 1.1, 3.0, -2.0}, {20.0, 10.0}};
    std::size_t const h = 40, w = 30;
    auto const reach = detail::find_mi_reach(t, h, w);
    // Thin samples of the rectangle that the pixels cover.
    Eigen::Matrix<double, 6, 6> mean = Eigen::Matrix<double, 6, 6>::Zero();
    constexpr int fine = 200;
    auto const point = [&](int i, int j) {
        return point2{(double(i) + 0.5) / fine * double(w) - 0.5, (double(j) + 0.5) / fine * double(h) - 0.5};
    };
    for (int i = 0; i < fine; ++i)
        for (int j = 0; j < fine; ++j) {
            auto const jacobian = t.jacobian(point(i, j));
            mean += jacobian.transpose() * jacobian / double(fine * fine);
        }
    Eigen::Matrix<double, 6, 6> unit = Eigen::Matrix<double, 6, 6>::Zero();
    for (Eigen::Index k = 0; k < 6; ++k) {
        CHECK(1.0 / reach.scale[static_cast<std::size_t>(k)] == doctest::Approx(mean(k, k)).epsilon(1e-3));
        unit(k, k) = 1.0 / std::sqrt(mean(k, k));
    }
    Eigen::Matrix<double, 6, 6> const c = unit * mean * unit;
    double largest_j = 0.0, largest_jcj = 0.0;
    for (int i = 0; i < fine; ++i)
        for (int j = 0; j < fine; ++j) {
            Eigen::Matrix<double, 2, 6> const jacobian = t.jacobian(point(i, j)) * unit;
            Eigen::Matrix2d const jj = jacobian * jacobian.transpose(), jcj = jacobian * c * jacobian.transpose();
            largest_j = std::max(largest_j, jj.trace() + std::sqrt(8.0) * jj.norm());
            largest_jcj = std::max(largest_jcj, jcj.trace() + std::sqrt(8.0) * jcj.norm());
        }
    CHECK(reach.terms.trace_c == doctest::Approx(6.0));
    CHECK(reach.terms.trace_cc == doctest::Approx((c * c).trace()).epsilon(1e-3));
    CHECK(reach.terms.largest_j == doctest::Approx(largest_j).epsilon(0.02));
    CHECK(reach.terms.largest_jcj == doctest::Approx(largest_jcj).epsilon(0.02));
}

TEST_CASE("mutual_information: a trail holds the means of its last windows") {
    detail::mi_trail<1> trail(2);
    for (int i = 0; i < 18; ++i) {
        CHECK(trail.has_two() == (i >= 12));
        CHECK(trail.add({double(i)}) == (i % 2 == 1));
    }
    // The last three windows hold 12 to 17, those before 6 to 11.
    CHECK(trail.mean(true)[0] == doctest::Approx(14.5));
    CHECK(trail.mean(false)[0] == doctest::Approx(8.5));
}
