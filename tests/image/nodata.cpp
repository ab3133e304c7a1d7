#include <cstdint>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include <comir/image/nodata.hpp>

namespace {

template <class T>
std::vector<int> mask_of(comir::image<T> const& source, double value, std::size_t channels = 99) {
    auto const mask = comir::nodata_mask(source, value, channels);
    return {mask.values().begin(), mask.values().end()};
}

constexpr float none = std::numeric_limits<float>::quiet_NaN();

}  // namespace

TEST_CASE("nodata_mask: a pixel holds no data where all channels have the value") {
    comir::image<std::uint8_t> const colour({3, 1, 4}, {0, 0, 5, 0, 0, 9, 0, 0, 0, 9, 0, 0});
    CHECK(mask_of(colour, 0) == std::vector{0, 1, 1, 0});
    CHECK(mask_of(colour, 0, 1) == std::vector{0, 0, 1, 0});
    CHECK(comir::nodata_mask(colour, -9999).empty());  // no value of 8 bits
    CHECK(comir::nodata_mask(colour, 0.5).empty());
    CHECK(comir::nodata_mask(colour, none).empty());
    CHECK(mask_of(comir::image<std::uint16_t>({1, 1, 2}, {65535, 7}), 65535) == std::vector{0, 1});
}

TEST_CASE("nodata_mask: floats are compared as floats, and with what is not finite") {
    float const lowest = std::numeric_limits<float>::lowest(), infinite = std::numeric_limits<float>::infinity();
    CHECK(mask_of(comir::image<float>({1, 1, 2}, {0.1f, 0.2f}), 0.1) == std::vector{0, 1});
    CHECK(mask_of(comir::image<float>({1, 1, 3}, {lowest, 0, -infinite}), -3.40282347e+38) == std::vector{0, 1, 1});
    CHECK(mask_of(comir::image<float>({1, 1, 2}, {lowest, 0}), -1e300) == std::vector{0, 1});
    CHECK(mask_of(comir::image<float>({2, 1, 3}, {none, 1, none, none, none, 2}), static_cast<double>(none)) ==
          std::vector{0, 1, 1});
    CHECK(mask_of(comir::image<float>({1, 1, 2}, {-infinite, 0}), -std::numeric_limits<double>::infinity()) ==
          std::vector{0, 1});
    CHECK(comir::nodata_mask(comir::image<float>({1, 1, 1}, 0.0f), 0.0, 0).empty());
    CHECK(comir::nodata_mask(comir::image<float>{}, 0.0).empty());
}

TEST_CASE("finite_mask: one channel that is not finite is enough") {
    auto const mask =
        comir::finite_mask(comir::image<float>({2, 1, 3}, {none, 1, 2, 3, 4, std::numeric_limits<float>::infinity()}));
    CHECK(std::vector<int>(mask.values().begin(), mask.values().end()) == std::vector{0, 1, 0});
    CHECK(comir::finite_mask(comir::image<float>({2, 1, 3}, 1.0f)).empty());
}
