#include <cstdint>

#include <doctest/doctest.h>

#include <comir/core/tensor.hpp>

TEST_CASE("tensor: rows start on the alignment and padding does not count") {
    for (std::size_t w : {1u, 3u, 15u, 16u, 17u, 33u}) {
        comir::tensor<float> t({2, 3, 4, w});
        CHECK(t.shape().size() == 24 * w);
        CHECK(t.stride_h() >= w);
        for (std::size_t y = 0; y < 4; ++y)
            CHECK(reinterpret_cast<std::uintptr_t>(t.row(1, 2, y)) % comir::alignment == 0);
    }
}

TEST_CASE("tensor_view: channel ranges, sample ranges and windows see the same values") {
    comir::tensor<double> t({2, 5, 4, 6});
    for (std::size_t n = 0; n < 2; ++n)
        for (std::size_t c = 0; c < 5; ++c)
            for (std::size_t y = 0; y < 4; ++y)
                for (std::size_t x = 0; x < 6; ++x)
                    t(n, c, y, x) = static_cast<double>(1000 * n + 100 * c + 10 * y + x);
    auto const v = t.view();
    CHECK(v.channels(2, 2)(1, 1, 3, 5) == 1335);
    CHECK(v.samples(1, 1)(0, 4, 0, 2) == 1402);
    CHECK(v.window(1, 2, 3, 3)(0, 0, 2, 1) == 33);
    v.channels(4, 1)(0, 0, 0, 0) = -1;
    CHECK(t(0, 4, 0, 0) == -1);
}

TEST_CASE("tensor: as_xtensor reads through padded rows") {
    comir::tensor<float> t({1, 2, 3, 5});
    t(0, 1, 2, 4) = 7.0f;
    auto const x = comir::as_xtensor(t.view());
    CHECK(x(0, 1, 2, 4) == 7.0f);
    CHECK(x.shape()[3] == 5);
}

TEST_CASE("copy: different shapes are refused with both shapes") {
    comir::tensor<float> const a({1, 2, 3, 4});
    comir::tensor<float> b({1, 2, 3, 5});
    CHECK_THROWS_WITH_AS(comir::copy(a.view(), b.view()),
                         "comir::copy: from is (1, 2, 3, 4), to is (1, 2, 3, 5); give views of one shape",
                         comir::shape_error);
}
