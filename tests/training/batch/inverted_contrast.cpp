#include <doctest/doctest.h>

#include <comir/training/batch/inverted_contrast.hpp>

TEST_CASE("invert_contrast: the given share is turned over about each channel's mean, the rest stays") {
    comir::tensor<float> x({400, 2, 3, 4}), before(x.view().shape());
    comir::random_stream values(3, 0), random(3, 1);
    for (std::size_t n = 0; n < 400; ++n)
        for (std::size_t c = 0; c < 2; ++c)
            for (std::size_t i = 0; i < 12; ++i)
                before.view()(n, c, i / 4, i % 4) = static_cast<float>(values.uniform());
    comir::copy<float>(std::as_const(before).view(), x.view());
    comir::invert_contrast(x.view(), 0.25, random);
    std::size_t turned = 0;
    for (std::size_t n = 0; n < 400; ++n) {
        bool const same = x.view()(n, 0, 0, 0) == before.view()(n, 0, 0, 0);
        turned += same ? 0 : 1;
        for (std::size_t c = 0; c < 2; ++c) {
            float mean = 0;
            for (std::size_t i = 0; i < 12; ++i)
                mean += before.view()(n, c, i / 4, i % 4) / 12;
            for (std::size_t i = 0; i < 12; ++i) {
                float const was = before.view()(n, c, i / 4, i % 4), is = x.view()(n, c, i / 4, i % 4);
                CHECK(is == doctest::Approx(same ? was : 2 * mean - was));
            }
        }
    }
    CHECK(turned > 70);
    CHECK(turned < 130);
}
