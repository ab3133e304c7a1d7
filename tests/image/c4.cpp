#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

#include <comir/image/c4.hpp>

namespace {

comir::image<float> numbered(std::size_t c, std::size_t h, std::size_t w) {
    comir::image<float> picture({c, h, w});
    for (std::size_t i = 0; i < picture.values().size(); ++i)
        picture.values()[i] = static_cast<float>(i);
    return picture;
}

/// The definition: a quarter turn carries the pixel at (x, y) of h rows to (h - 1 - y, x).
comir::image<float> plain_quarter_turn(comir::image<float> const& source) {
    comir::image<float> result({source.channels(), source.width(), source.height()});
    for (std::size_t c = 0; c < source.channels(); ++c)
        for (std::size_t y = 0; y < source.height(); ++y)
            for (std::size_t x = 0; x < source.width(); ++x)
                result(c, x, source.height() - 1 - y) = source(c, y, x);
    return result;
}

comir::image<float> plain_turn(comir::image<float> source, int k) {
    for (int i = 0; i < k; ++i)
        source = plain_quarter_turn(source);
    return source;
}

bool equal(comir::image<float> const& a, comir::image<float> const& b) {
    return a.shape() == b.shape() && std::ranges::equal(a.values(), b.values());
}

struct c2 {
    static constexpr std::size_t order = 2;
    static constexpr char const* name = "c2";
};
struct c3 {
    static constexpr std::size_t order = 3;
    static constexpr char const* name = "c3";
};

constexpr std::array<std::size_t, 7> sizes{1, 3, 15, 16, 17, 33, 70};

}  // namespace

TEST_CASE("rotation_group: the groups' elements are quarter turns") {
    static_assert(comir::rotation_group<comir::c4> && comir::rotation_group<comir::trivial_group>);
    static_assert(comir::rotation_group<c2> && !comir::rotation_group<c3> && !comir::rotation_group<int>);
    static_assert(comir::quarter_turns_of<comir::c4>(3) == 3);
    static_assert(comir::quarter_turns_of<c2>(1) == 2);
    static_assert(comir::quarter_turns_of<comir::trivial_group>(0) == 0);
    for (std::uint8_t k = 0; k < 8; ++k)
        CHECK((k + comir::inverse_turn(k)) % 4 == 0);
}

TEST_CASE("turn: a positive quarter turn carries the x axis towards the y axis") {
    // From (0, 0): right is 1, down is 2. After the turn right has become down.
    comir::image<float> const cross({1, 2, 2}, {0, 1, 2, 3});
    CHECK(equal(turn(cross, 1), comir::image<float>({1, 2, 2}, {2, 0, 3, 1})));
}

TEST_CASE("turn: images of any shape equal the plain loop") {
    for (std::size_t const h : sizes)
        for (std::size_t const w : sizes) {
            auto const picture = numbered(2, h, w);
            for (int k = 0; k < 4; ++k) {
                CHECK(equal(turn(picture, k), plain_turn(picture, k)));
                CHECK(equal(turn(picture, k - 4), turn(picture, k)));
                CHECK(equal(turn(picture, k + 4), turn(picture, k)));
            }
        }
}

TEST_CASE("turn: by a, then by b, is by a + b; four quarter turns are none") {
    auto const picture = numbered(1, 5, 19);
    for (int a = 0; a < 4; ++a)
        for (int b = 0; b < 4; ++b)
            CHECK(equal(turn(turn(picture, a), b), turn(picture, a + b)));
    CHECK(equal(plain_turn(picture, 4), picture));
    CHECK_FALSE(equal(turn(numbered(1, 3, 3), 1), turn(numbered(1, 3, 3), 3)));
}

TEST_CASE("turn: the spacings of an image turn along") {
    auto picture = numbered(1, 2, 3);
    picture.spacing = {0.5, 2.0};
    CHECK(turn(picture, 1).spacing == std::array{2.0, 0.5});
    CHECK(turn(picture, 2).spacing == std::array{0.5, 2.0});
}

TEST_CASE("turn: every sample of a batch gets its own turn, the same for any number of threads") {
    for (std::size_t const size : sizes) {
        comir::tensor<float> x({4, 3, size, size}), y({4, 3, size, size}), z({4, 3, size, size});
        std::array<std::uint8_t, 4> const turns{2, 1, 0, 7};
        std::vector<comir::image<float>> samples;
        for (std::size_t n = 0; n < 4; ++n) {
            samples.push_back(numbered(3, size, size));
            for (float& v : samples[n].values())
                v += static_cast<float>(100000 * n);
            comir::copy<float>(samples[n].view(), x.view().samples(n, 1));
        }
        turn(x, turns, y.view(), 1);
        turn(x, turns, z.view(), 2);
        for (std::size_t n = 0; n < 4; ++n) {
            comir::image<float> given({3, size, size}), threaded({3, size, size});
            comir::copy<float>(y.view().samples(n, 1), given.view());
            comir::copy<float>(z.view().samples(n, 1), threaded.view());
            CHECK(equal(given, plain_turn(samples[n], turns[n] % 4)));
            CHECK(equal(given, threaded));
        }
        std::array<std::uint8_t, 4> back{};
        std::ranges::transform(turns, back.begin(), comir::inverse_turn);
        turn(y, back, z.view(), 1);
        CHECK(std::equal(x.data(), x.data() + x.storage_size(), z.data()));
    }
}

TEST_CASE("turn: works between channel ranges and leaves the others alone") {
    comir::tensor<double> x({1, 4, 5, 5}), y({1, 4, 5, 5});
    fill(x.view(), 1.0);
    std::array<std::uint8_t, 1> const turns{1};
    turn(x.view().channels(1, 2), turns, y.view().channels(2, 2));
    for (std::size_t c = 0; c < 4; ++c)
        CHECK(y(0, c, 4, 4) == (c < 2 ? 0.0 : 1.0));
}

TEST_CASE("turn: shapes that do not fit are refused") {
    comir::tensor<float> x({2, 1, 4, 6}), y({2, 1, 4, 6}), other({2, 1, 6, 4});
    std::array<std::uint8_t, 2> const half{2, 0}, quarter{0, 3};
    std::array<std::uint8_t, 1> const one{0};
    CHECK_NOTHROW(turn(x, half, y.view()));
    CHECK_THROWS_WITH_AS(turn(x, quarter, y.view()), doctest::Contains("as many rows as columns"), comir::shape_error);
    CHECK_THROWS_AS(turn(x, half, other.view()), comir::shape_error);
    CHECK_THROWS_WITH_AS(turn(x, one, y.view()), doctest::Contains("comir::turn: 1 turns were given"),
                         comir::shape_error);
}
