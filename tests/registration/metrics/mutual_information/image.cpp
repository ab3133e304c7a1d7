#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>
#include <vector>

#include <doctest/doctest.h>

#include <comir/registration/metrics/mutual_information/image.hpp>

#include "support/image_pair.hpp"

namespace {

using comir::image_mask;
namespace detail = comir::detail;

}  // namespace

TEST_CASE("mutual_information: equalising keeps the order, by its amount") {
    auto values = grey_texture(40, 40, 3);
    for (float& v : values.values())
        v = 7.0f + 3.0f * v * v * v;
    image_mask mask({1, 40, 40}, 1);
    mask(0, 0, 0) = 0;
    values(0, 0, 0) = std::numeric_limits<float>::quiet_NaN();
    auto none = values, half = values, full = values;
    detail::equalise_mi(none, mask, 0.0);
    detail::equalise_mi(half, mask, 0.5);
    detail::equalise_mi(full, mask, 1.0);
    std::vector<std::size_t> order(1599);
    std::iota(order.begin(), order.end(), std::size_t{1});
    std::ranges::sort(order, [&](std::size_t a, std::size_t b) { return values.values()[a] < values.values()[b]; });
    float const low = values.values()[order.front()], high = values.values()[order.back()];
    for (std::size_t i = 0; i < order.size(); ++i) {
        std::size_t const k = order[i];
        float const value = (values.values()[k] - low) / (high - low);
        CHECK(none.values()[k] == doctest::Approx(value).epsilon(1e-5));
        // As far as 4096 cells tell them apart.
        float const share = static_cast<float>(i) / 1599.0f;
        CHECK(std::abs(full.values()[k] - share) < 0.02f);
        CHECK(half.values()[k] == doctest::Approx(0.5f * (none.values()[k] + full.values()[k])).epsilon(1e-5));
    }
    CHECK(full(0, 0, 0) == 0.0f);
}
