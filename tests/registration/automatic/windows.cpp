#include <doctest/doctest.h>

#include <comir/registration/automatic/windows.hpp>
#include <comir/transform/rigid.hpp>

using comir::rigid2;

TEST_CASE("windows_near: hold what can meet, and their transforms are those of the images") {
    rigid2 const t{{0.7, -310.0, -205.0}, {250.0, 200.0}};
    auto const windows = comir::detail::windows_near(t, {1, 400, 500}, {1, 60, 80}, 5.0);
    CHECK(windows.moving == comir::region{0, 0, 80, 60});
    CHECK(windows.fixed.x + windows.fixed.w <= 500);
    CHECK(windows.fixed.y + windows.fixed.h <= 400);
    CHECK(windows.fixed.w < 130);
    rigid2 const inner = windows.to_windows(t), again = windows.to_images(inner);
    comir::point2 const p{12.0, 34.0};
    comir::point2 const offset{static_cast<double>(windows.fixed.x), static_cast<double>(windows.fixed.y)};
    CHECK(inner(p).x == doctest::Approx(t(p + offset).x));
    CHECK(inner(p).y == doctest::Approx(t(p + offset).y));
    CHECK(again(p).x == doctest::Approx(t(p).x));
    CHECK(again(p).y == doctest::Approx(t(p).y));
}
