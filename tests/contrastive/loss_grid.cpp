#include <doctest/doctest.h>

#include <comir/contrastive/loss_grid.hpp>
#include <comir/core/tensor.hpp>

TEST_CASE("cells: every value lies where its cell says, and joining brings it back") {
    comir::shape4 const whole{2, 3, 6, 4};
    comir::tensor<float> x(whole), y({8, 3, 3, 2}), back(whole);
    float next = 0;
    comir::for_each_row(x.view(), [&](float* row, std::size_t w) {
        for (std::size_t i = 0; i < w; ++i)
            row[i] = next++;
    });
    comir::cut_grid<float>(std::as_const(x).view(), 2, y.view());
    for (std::size_t n = 0; n < 2; ++n)
        for (std::size_t c = 0; c < 3; ++c)
            for (std::size_t r = 0; r < 6; ++r)
                for (std::size_t s = 0; s < 4; ++s)
                    CHECK(y.view()(n * 4 + r / 3 * 2 + s / 2, c, r % 3, s % 2) == x.view()(n, c, r, s));
    comir::join_grid<float>(std::as_const(y).view(), 2, back.view());
    for (std::size_t n = 0; n < 2; ++n)
        for (std::size_t c = 0; c < 3; ++c)
            for (std::size_t r = 0; r < 6; ++r)
                for (std::size_t s = 0; s < 4; ++s)
                    CHECK(back.view()(n, c, r, s) == x.view()(n, c, r, s));
}

TEST_CASE("cells: a number that does not divide the rows is refused") {
    comir::tensor<float> x({1, 1, 6, 6}), y({16, 1, 1, 1});
    CHECK_THROWS_AS(comir::cut_grid<float>(std::as_const(x).view(), 4, y.view()), comir::shape_error);
    CHECK_THROWS_AS(comir::cut_grid<float>(std::as_const(x).view(), 2, y.view()), comir::shape_error);
}
