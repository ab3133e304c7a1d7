#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <comir/core/random.hpp>
#include <comir/registration/global/local_scores.hpp>

namespace {

namespace detail = comir::detail;
using comir::image;
using detail::search_level;

/// Smooth enough to have texture, with holes in the weight where `masked`.
search_level random_level(std::size_t c, std::size_t h, std::size_t w, bool masked, std::uint64_t seed) {
    comir::random_stream random(seed);
    search_level level;
    image<float> values({c, h, w}), weight({1, h, w}, 1.0f);
    for (float& v : weight.values())
        v = masked && random.coin(0.3) ? 0.0f : 1.0f;
    for (std::size_t k = 0; k < c; ++k)
        for (std::size_t i = 0; i < h * w; ++i)
            values.channel(k)[i] = weight.values()[i] * static_cast<float>(random.uniform(-1.0, 1.5));
    for (float const v : weight.values())
        level.area += static_cast<double>(v);
    level.values = detail::share(values);
    level.weight = detail::share(weight);
    level.centre_x = 0.5 * (static_cast<double>(w) - 1.0);
    level.centre_y = 0.5 * (static_cast<double>(h) - 1.0);
    return level;
}

struct pixel_pair {
    std::size_t fy, fx, my, mx;
};

/// The pixels that meet and count when moving pixel 0 lies on fixed pixel (x, y).
std::vector<pixel_pair> meeting(search_level const& fixed, search_level const& moving, long x, long y) {
    std::vector<pixel_pair> pairs;
    for (long r = 0; r < static_cast<long>(moving.height()); ++r)
        for (long c = 0; c < static_cast<long>(moving.width()); ++c) {
            long const fy = y + r, fx = x + c;
            if (fy < 0 || fx < 0 || fy >= static_cast<long>(fixed.height()) || fx >= static_cast<long>(fixed.width()))
                continue;
            pixel_pair const p{static_cast<std::size_t>(fy), static_cast<std::size_t>(fx), static_cast<std::size_t>(r),
                               static_cast<std::size_t>(c)};
            if ((*fixed.weight)(0, p.fy, p.fx) > 0.0f && (*moving.weight)(0, p.my, p.mx) > 0.0f)
                pairs.push_back(p);
        }
    return pairs;
}

double plain_correlation(search_level const& fixed, search_level const& moving, std::vector<pixel_pair> const& pairs) {
    double product = 0.0, square_f = 0.0, square_m = 0.0;
    for (std::size_t c = 0; c < fixed.values->channels(); ++c) {
        double mean_f = 0.0, mean_m = 0.0;
        for (pixel_pair const& p : pairs) {
            mean_f += static_cast<double>((*fixed.values)(c, p.fy, p.fx)) / static_cast<double>(pairs.size());
            mean_m += static_cast<double>((*moving.values)(c, p.my, p.mx)) / static_cast<double>(pairs.size());
        }
        for (pixel_pair const& p : pairs) {
            double const f = static_cast<double>((*fixed.values)(c, p.fy, p.fx)) - mean_f;
            double const m = static_cast<double>((*moving.values)(c, p.my, p.mx)) - mean_m;
            product += f * m;
            square_f += f * f;
            square_m += m * m;
        }
    }
    return product / std::sqrt(square_f * square_m);
}

double plain_information(search_level const& fixed, search_level const& moving, std::vector<pixel_pair> const& pairs,
                         double degrees) {
    std::map<std::pair<int, int>, double> joint;
    std::map<int, double> of_f, of_m;
    double const each = 1.0 / static_cast<double>(pairs.size());
    for (pixel_pair const& p : pairs) {
        int const a = static_cast<int>((*fixed.numbers)(0, p.fy, p.fx)),
                  b = static_cast<int>((*moving.numbers)(0, p.my, p.mx));
        joint[{a, b}] += each;
        of_f[a] += each;
        of_m[b] += each;
    }
    double value = -degrees / (2.0 * static_cast<double>(pairs.size()));
    for (auto const& entry : joint)
        value += entry.second * std::log(entry.second / (of_f[entry.first.first] * of_m[entry.first.second]));
    return value;
}

void make_numbers(search_level& level, std::size_t clusters) {
    comir::random_stream random(level.height());
    image<float> numbers(level.weight->shape());
    for (std::size_t i = 0; i < numbers.values().size(); ++i)
        numbers.values()[i] = level.weight->values()[i] > 0.0f ? static_cast<float>(random.below(clusters)) : 0.0f;
    level.numbers = detail::share(numbers);
}

/// The image on a plane of the plan, pixel 0 first.
comir::aligned_vector<float> on_plane(comir::fft2 const& plan, image<float> const& from, std::size_t channel) {
    comir::aligned_vector<float> out(plan.image_size(), 0.0f);
    for (std::size_t y = 0; y < from.height(); ++y)
        std::copy_n(from.row(channel, y), from.width(), out.data() + y * plan.pitch());
    return out;
}

search_level half_turned(search_level level) {
    for (detail::shared_image* const part : {&level.values, &level.numbers, &level.weight})
        if (*part) {
            image<float> turned = **part;
            for (std::size_t c = 0; c < turned.channels(); ++c)
                std::reverse(turned.channel(c).begin(), turned.channel(c).end());
            *part = detail::share(turned);
        }
    return level;
}

/// Compares the scores at every shift, of the moving image and of its half turn, with a plain one.
template <class Plain>
void compare_all(comir::fft2 const& plan, detail::score_workspace const& w, search_level const& fixed,
                 search_level const& moving, bool half_turn, float min_pixels, double tolerance, Plain const& plain) {
    long const mh = static_cast<long>(moving.height()), mw = static_cast<long>(moving.width());
    long const back_y = half_turn ? mh - 1 : 0, back_x = half_turn ? mw - 1 : 0;
    long const h = static_cast<long>(plan.height()), width = static_cast<long>(plan.width());
    search_level const seen = half_turn ? half_turned(moving) : moving;
    int compared = 0;
    for (long y = 1 - mh; y < static_cast<long>(fixed.height()); ++y)
        for (long x = 1 - mw; x < static_cast<long>(fixed.width()); ++x) {
            auto const pairs = meeting(fixed, seen, x, y);
            auto const at = static_cast<std::size_t>((y + back_y + h) % h) * plan.pitch() +
                            static_cast<std::size_t>((x + back_x + width) % width);
            CHECK(std::abs(static_cast<double>(w.overlap[at]) - static_cast<double>(pairs.size())) < 1e-3);
            if (static_cast<float>(pairs.size()) < min_pixels) {
                CHECK(w.score[at] == detail::no_score);
                continue;
            }
            ++compared;
            CHECK(std::abs(static_cast<double>(w.score[at]) - plain(seen, pairs)) < tolerance);
        }
    CHECK(compared > 50);
}

}  // namespace

TEST_CASE("correlation_scores: every shift of masked images of several channels equals the plain loop") {
    for (std::size_t const channels : {1u, 3u}) {
        auto const fixed = random_level(channels, 13, 17, true, 1), moving = random_level(channels, 9, 7, true, 2);
        comir::fft2 const plan(24, 24);
        detail::score_workspace w(plan, 2 + channels, 2 + channels, channels + 1);
        std::vector<comir::complex_plane> spectra(2 + channels, plan.make_spectrum());
        std::vector<comir::aligned_vector<float>> planes;
        for (std::size_t c = 0; c < channels; ++c)
            planes.push_back(on_plane(plan, *fixed.values, c));
        comir::aligned_vector<float> square(plan.image_size());
        detail::correlation_spectra(plan, planes, channels, on_plane(plan, *fixed.weight, 0), square, spectra,
                                    w.transform);
        for (std::size_t c = 0; c < channels; ++c)
            planes[c] = on_plane(plan, *moving.values, c);
        detail::correlation_spectra(plan, planes, channels, on_plane(plan, *moving.weight, 0), square, w.moving,
                                    w.transform);
        for (bool const half_turn : {false, true}) {
            detail::correlation_scores(plan, spectra, half_turn, {8.5f, 0.0f}, w);
            compare_all(
                plan, w, fixed, moving, half_turn, 8.5f, 2e-5,
                [&](search_level const& seen, auto const& pairs) { return plain_correlation(fixed, seen, pairs); });
        }
    }
}

TEST_CASE("information_scores: every shift of masked images equals the plain joint histogram") {
    for (std::size_t const clusters : {2u, 5u, 8u}) {
        auto fixed = random_level(1, 13, 17, true, 3), moving = random_level(1, 9, 7, true, 4);
        make_numbers(fixed, clusters);
        make_numbers(moving, clusters);
        comir::fft2 const plan(24, 24);
        detail::score_workspace w(plan, 1 + clusters, 2, 2);
        std::vector<comir::complex_plane> spectra(1 + (clusters + 1) / 2, plan.make_spectrum());
        detail::fixed_cluster_spectra(plan, on_plane(plan, *fixed.numbers, 0), on_plane(plan, *fixed.weight, 0),
                                      spectra, w.transform);
        comir::aligned_vector<float> mask(plan.image_size());
        detail::moving_cluster_spectra(plan, on_plane(plan, *moving.numbers, 0), on_plane(plan, *moving.weight, 0),
                                       mask, w.moving, w.transform);
        std::size_t const degrees = (clusters - 1) * (clusters - 1);
        for (bool const half_turn : {false, true}) {
            detail::information_scores(plan, spectra, half_turn, {8.5f, 0.0f}, degrees, w);
            compare_all(plan, w, fixed, moving, half_turn, 8.5f, 2e-5,
                        [&](search_level const& seen, auto const& pairs) {
                            return plain_information(fixed, seen, pairs, static_cast<double>(degrees));
                        });
        }
    }
}

TEST_CASE("correlation_at, information_at: single shifts equal the plain loops") {
    auto fixed = random_level(2, 33, 41, true, 5), moving = random_level(2, 20, 37, true, 6);
    detail::turned_image const turned(moving, 0.0, 1.0, false);
    REQUIRE(turned.grid.w == moving.width());
    REQUIRE(turned.grid.h == moving.height());
    for (long const x : {-30L, -3L, 0L, 2L, 35L})
        for (long const y : {-12L, 0L, 1L, 28L}) {
            auto const pairs = meeting(fixed, moving, x, y);
            auto const found = detail::correlation_at(fixed, turned, x, y);
            CHECK(found.overlap == static_cast<double>(pairs.size()));
            CHECK(found.score == doctest::Approx(plain_correlation(fixed, moving, pairs)).epsilon(1e-4));
        }
    make_numbers(fixed, 4);
    make_numbers(moving, 4);
    detail::turned_image const numbers(moving, 0.0, 1.0, true);
    for (long const x : {-30L, 0L, 35L})
        for (long const y : {-12L, 1L, 28L}) {
            auto const pairs = meeting(fixed, moving, x, y);
            auto const found = detail::information_at(fixed, numbers, x, y, 9);
            CHECK(found.overlap == static_cast<double>(pairs.size()));
            CHECK(found.score == doctest::Approx(plain_information(fixed, moving, pairs, 9.0)).epsilon(1e-9));
        }
}

TEST_CASE("turn_level: quarter turns move pixels, and the masked and the outside weigh nothing") {
    auto const level = random_level(1, 6, 8, true, 7);
    std::size_t const h = level.height(), w = level.width();
    for (int k = 0; k < 4; ++k) {
        CAPTURE(k);
        detail::turned_image const turned(level, static_cast<double>(k) * std::acos(0.0), 1.0, false);
        REQUIRE(turned.grid.w == (k % 2 == 0 ? w : h));
        double most = 0.0, counted = 0.0;
        for (std::size_t y = 0; y < turned.grid.h; ++y)
            for (std::size_t x = 0; x < turned.grid.w; ++x) {
                // Pixel q shows centre + R(q - centre).
                std::size_t const from_x = k == 0 ? x : k == 1 ? w - 1 - y : k == 2 ? w - 1 - x : y;
                std::size_t const from_y = k == 0 ? y : k == 1 ? x : k == 2 ? h - 1 - y : h - 1 - x;
                CHECK(turned.weight_row(y)[x] == (*level.weight)(0, from_y, from_x));
                counted += static_cast<double>(turned.weight_row(y)[x]);
                most = std::max(
                    most, static_cast<double>(std::abs(turned.row(0, y)[x] - (*level.values)(0, from_y, from_x))));
            }
        CHECK(most < 1e-5);
        CHECK(counted == level.area);
    }
    detail::turned_image const slanted(level, 0.5, 1.0, false);
    CHECK(slanted.weight_row(0)[0] == 0.0f);
}
