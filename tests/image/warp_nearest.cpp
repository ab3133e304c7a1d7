#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include <comir/image/warp_nearest.hpp>
#include <comir/transform/chain.hpp>
#include <comir/transform/rigid.hpp>

TEST_CASE("warp_nearest: labels of any type are copied, beyond the edge too if asked") {
    comir::image<std::int32_t> labels({2, 5, 7});
    for (std::size_t i = 0; i < labels.values().size(); ++i)
        labels.values()[i] = std::numeric_limits<std::int32_t>::max() - static_cast<std::int32_t>(i * 3);
    comir::rigid2 const t{{0.4, 1.3, -0.6}, {3, 2}};
    for (bool const edge : {false, true})
        for (int const threads : {1, 2}) {
            auto const warped = comir::warp_nearest<std::int32_t>(labels, t, {1, 9, 8}, {-5, edge, threads});
            REQUIRE(warped.shape() == comir::image_shape{2, 9, 8});
            for (std::size_t y = 0; y < 9; ++y)
                for (std::size_t x = 0; x < 8; ++x) {
                    auto const p = t({static_cast<double>(x), static_cast<double>(y)});
                    auto i = static_cast<std::ptrdiff_t>(std::floor(p.x + 0.5)),
                         j = static_cast<std::ptrdiff_t>(std::floor(p.y + 0.5));
                    bool const inside = i >= 0 && j >= 0 && i < 7 && j < 5;
                    i = std::clamp<std::ptrdiff_t>(i, 0, 6);
                    j = std::clamp<std::ptrdiff_t>(j, 0, 4);
                    for (std::size_t c = 0; c < 2; ++c)
                        CHECK(warped(c, y, x) ==
                              (inside || edge ? labels(c, static_cast<std::size_t>(j), static_cast<std::size_t>(i))
                                              : -5));
                }
        }
    comir::transform_chain const chain{{t}};
    auto const chained = comir::warp_nearest<std::int32_t>(labels, chain, {1, 9, 8}, {-5});
    auto const plain = comir::warp_nearest<std::int32_t>(labels, t, {1, 9, 8}, {-5});
    CHECK(std::ranges::equal(chained.values(), plain.values()));
    CHECK_THROWS_AS(comir::warp_nearest<std::int32_t>({}, t, {1, 2, 2}), comir::shape_error);
}
