#include <cmath>

#include <doctest/doctest.h>

#include <comir/core/random.hpp>
#include <comir/image/local_detail.hpp>

TEST_CASE("local_detail: an image less the weighted mean around each pixel that counts") {
    comir::image<float> values({2, 9, 14});
    comir::random_stream random(3, 0);
    for (float& v : values.values())
        v = static_cast<float>(random.uniform());
    comir::image_mask mask({1, 9, 14}, 1);
    mask(0, 4, 6) = mask(0, 0, 1) = 0;
    constexpr double sigma = 1.2;
    for (comir::image_mask const& counted : {comir::image_mask{}, mask}) {
        auto const found = comir::local_detail(values, sigma, counted, 1);
        for (std::size_t c = 0; c < 2; ++c) {
            double sum = 0.0, total = 0.0;
            for (long y = 0; y < 9; ++y)
                for (long x = 0; x < 14; ++x) {
                    double const weight =
                        std::exp(-0.5 * double((x - 7) * (x - 7) + (y - 4) * (y - 4)) / sigma / sigma);
                    bool const counts =
                        counted.empty() || counted(0, static_cast<std::size_t>(y), static_cast<std::size_t>(x));
                    sum += counts ? weight * double(values(c, static_cast<std::size_t>(y), static_cast<std::size_t>(x)))
                                  : 0.0;
                    total += counts ? weight : 0.0;
                }
            // The kernel of the blur ends at three to four sigmas.
            CHECK(double(found(c, 4, 7)) == doctest::Approx(double(values(c, 4, 7)) - sum / total).epsilon(0.02));
        }
    }
}
