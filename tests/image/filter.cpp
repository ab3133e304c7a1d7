#include <cmath>
#include <limits>

#include <doctest/doctest.h>

#include <comir/core/random.hpp>
#include <comir/image/filter.hpp>

namespace {

template <class T>
comir::image<T> random_image(comir::image_shape shape, std::uint64_t seed) {
    comir::image<T> out(shape);
    comir::random_stream random(seed);
    for (T& value : out.values())
        value = static_cast<T>(random.uniform());
    return out;
}

std::size_t reflect(long i, long n) {
    while (i < 0 || i >= n)
        i = i < 0 ? -1 - i : 2 * n - 1 - i;
    return static_cast<std::size_t>(i);
}

/// The two-dimensional sum, straight from the definition.
template <class T>
double plain_blur(comir::image<T> const& source, std::size_t c, std::size_t y, std::size_t x, double sigma) {
    long const radius = static_cast<long>(4.0 * sigma + 0.5);
    double total = 0.0, weights = 0.0;
    for (long dy = -radius; dy <= radius; ++dy)
        for (long dx = -radius; dx <= radius; ++dx) {
            double const weight = radius == 0 ? 1.0 : std::exp(-0.5 * double(dx * dx + dy * dy) / (sigma * sigma));
            weights += weight;
            total += weight * static_cast<double>(source(c, reflect(long(y) + dy, long(source.height())),
                                                         reflect(long(x) + dx, long(source.width()))));
        }
    return total / weights;
}

}  // namespace

TEST_CASE_TEMPLATE("gaussian_blur: every size equals the plain double sum", T, float, double) {
    // The weights add to one, so 20 roundings of values below one bound the error.
    double const tolerance = 20.0 * static_cast<double>(std::numeric_limits<T>::epsilon());
    for (std::size_t const w : {1u, 3u, 15u, 16u, 17u, 67u, 130u})
        for (double const sigma : {0.0, 0.1, 0.8, 2.3}) {
            auto const source = random_image<T>({2, 19, w}, w);
            auto const one = comir::gaussian_blur(source, sigma, 1), two = comir::gaussian_blur(source, sigma, 2);
            double worst = 0.0;
            for (std::size_t c = 0; c < 2; ++c)
                for (std::size_t y = 0; y < 19; ++y)
                    for (std::size_t x = 0; x < w; ++x)
                        worst = std::max(
                            worst, std::abs(static_cast<double>(one(c, y, x)) - plain_blur(source, c, y, x, sigma)));
            CAPTURE(w);
            CAPTURE(sigma);
            CHECK(worst <= tolerance);
            CHECK(std::equal(one.values().begin(), one.values().end(), two.values().begin()));
        }
}

TEST_CASE("gaussian_blur: a kernel wider than the image keeps a constant and mirrors more than once") {
    auto const source = random_image<double>({1, 2, 3}, 3);
    auto const out = comir::gaussian_blur(source, 5.0);
    for (std::size_t y = 0; y < 2; ++y)
        for (std::size_t x = 0; x < 3; ++x)
            CHECK(out(0, y, x) == doctest::Approx(plain_blur(source, 0, y, x, 5.0)).epsilon(1e-12));
}

TEST_CASE("gaussian_blur: numbers of OpenCV") {
    // OpenCV 4.6.0: cv2.GaussianBlur(numpy.arange(63.0).reshape(7, 9) ** 2 % 101, (13, 13), 1.5,
    // borderType=cv2.BORDER_REFLECT)[2]
    comir::image<double> source({1, 7, 9});
    for (std::size_t i = 0; i < 63; ++i)
        source.values()[i] = static_cast<double>(i * i % 101);
    auto const out = comir::gaussian_blur(source, 1.5);
    double const expected[] = {48.092542996917,  49.1134878881135, 49.8812079819253, 50.3667878861056, 50.7411012100679,
                               50.4371390461765, 49.6995971185889, 49.475764900895,  49.7931629637273};
    for (std::size_t x = 0; x < 9; ++x)
        CHECK(out(0, 2, x) == doctest::Approx(expected[x]).epsilon(1e-12));
}

TEST_CASE("gaussian_blur: bad input is refused") {
    CHECK_THROWS_AS(comir::gaussian_blur(comir::image<float>(), 1.0), comir::shape_error);
    CHECK_THROWS_AS(comir::gaussian_blur(comir::image<float>({1, 2, 2}), -1.0), comir::error);
    CHECK_THROWS_AS(comir::gaussian_blur(comir::image<float>({1, 2, 2}), std::nan("")), comir::error);
}
