#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <comir/core/random.hpp>
#include <comir/image/filter.hpp>
#include <comir/image/warp.hpp>
#include <comir/registration/local/mutual_information.hpp>
#include <comir/transform/translation.hpp>

namespace {

using comir::image;
using comir::image_mask;
using comir::mutual_information_options;
using comir::point2;
using comir::rigid2;
namespace detail = comir::detail;

image<float> texture(std::size_t h, std::size_t w, std::uint64_t seed) {
    image<float> out({1, h, w});
    comir::random_stream random(seed);
    for (float& value : out.values())
        value = static_cast<float>(random.uniform());
    return comir::normalise(comir::gaussian_blur(out, 3.0, 1));
}

/// Another modality: neither darker nor brighter in order.
float other_modality(float v) {
    return std::cos(5.0f * v) + 0.5f * v;
}

struct pair {
    image<float> fixed, moving;
};

/// Two views on one texture, so that nothing is missing beyond the edges.
template <class Transform>
pair make_pair(Transform const& truth, comir::image_shape fixed, comir::image_shape moving, bool multimodal) {
    constexpr std::size_t margin = 50;
    auto const canvas = texture(fixed.h + 2 * margin, fixed.w + 2 * margin, 1);
    auto const from_moving = truth.inverse();
    comir::affine2 to_canvas = comir::to_affine(from_moving);
    to_canvas.parameters[4] += margin;
    to_canvas.parameters[5] += margin;
    pair p{comir::crop(canvas, {margin, margin, fixed.w, fixed.h}), comir::warp(canvas, to_canvas, moving)};
    if (multimodal)
        for (float& v : p.moving.values())
            v = other_modality(v);
    return p;
}

point2 centre(std::size_t h, std::size_t w) {
    return {0.5 * (double(w) - 1.0), 0.5 * (double(h) - 1.0)};
}

/// Fewer starts, for what does not need them.
mutual_information_options quick() {
    mutual_information_options options;
    options.start_angles = {0.0};
    options.start_shift = 0.0;
    return options;
}

template <class F>
std::string message(F const& f) {
    try {
        f();
    } catch (comir::error const& e) {
        return e.what();
    }
    return "no error";
}

template <class Transform>
void check_recovers(std::array<double, Transform::parameter_count> const& parameters, double tolerance) {
    Transform const truth{parameters, centre(128, 112)};
    auto const images = make_pair(truth, {1, 128, 112}, {1, 128, 112}, true);
    auto const result = comir::register_mutual_information<Transform>(images.fixed, images.moving, quick());
    CHECK(result.converged);
    CHECK(corner_distance(result.transform, truth, 128, 112) < tolerance);
}

}  // namespace

TEST_CASE("register_mutual_information: recovers every kind of transform between modalities") {
    check_recovers<comir::translation2>({5.3, -4.2}, 0.1);
    check_recovers<rigid2>({0.12, 4.0, -5.0}, 0.15);
    check_recovers<comir::similarity2>({0.05, 0.1, 4.0, -5.0}, 0.2);
    check_recovers<comir::affine2>({1.04, -0.08, 0.06, 0.97, 4.0, -5.0}, 0.3);
}

TEST_CASE("register_mutual_information: starts reach far, for unlike sizes, normalised or not") {
    for (bool const normalised : {false, true})
        for (double const angle : {0.5, -0.35}) {
            rigid2 const truth{{angle, 12.0, -9.0}, centre(128, 140)};
            auto const images = make_pair(truth, {1, 128, 140}, {1, 120, 160}, true);
            mutual_information_options options;
            options.normalised = normalised;
            auto const result = comir::register_mutual_information<rigid2>(images.fixed, images.moving, options);
            CAPTURE(angle);
            CHECK(result.converged);
            CHECK(result.overlap > 0.5);
            CHECK(corner_distance(result.transform, truth, 128, 140) < 0.2);
        }
}

TEST_CASE("register_mutual_information: masked pixels, NaN among them, do not matter") {
    rigid2 const truth{{0.1, 4.0, -3.0}, centre(128, 128)};
    auto images = make_pair(truth, {1, 128, 128}, {1, 128, 128}, true);
    image_mask fixed_mask({1, 128, 128}, 1), moving_mask({1, 128, 128}, 1);
    for (std::size_t y = 0; y < 128; ++y)
        for (std::size_t x = 0; x < 30; ++x) {
            images.fixed(0, y, x) = std::numeric_limits<float>::quiet_NaN();
            fixed_mask(0, y, x) = 0;
            images.moving(0, x, y) = y % 2 ? 100.0f : 0.0f;
            moving_mask(0, x, y) = 0;
        }
    auto const result =
        comir::register_mutual_information<rigid2>(images.fixed, images.moving, quick(), fixed_mask, moving_mask);
    CHECK(result.converged);
    CHECK(corner_distance(result.transform, truth, 128, 128) < 0.2);
}

TEST_CASE("register_mutual_information: the same bits for 1 and 2 threads, and for a prepared target") {
    rigid2 const truth{{0.2, 4.0, -3.0}, centre(64, 96)};
    auto const images = make_pair(truth, {1, 64, 96}, {1, 64, 96}, true);
    mutual_information_options one, two;
    one.start_angles = two.start_angles = {0.0, 0.2};
    one.threads = 1;
    two.threads = 2;
    auto const a = comir::register_mutual_information<rigid2>(images.fixed, images.moving, one);
    auto const b = comir::register_mutual_information<rigid2>(images.fixed, images.moving, two);
    comir::mutual_information_target<rigid2> const target(images.fixed, one);
    target.register_to(images.fixed);
    auto const c = target.register_to(images.moving);
    CHECK(a.transform.parameters == b.transform.parameters);
    CHECK(a.transform.parameters == c.transform.parameters);
    CHECK(a.value == b.value);
    CHECK(a.iterations == b.iterations);

    one.seed = 2;
    auto const d = comir::register_mutual_information<rigid2>(images.fixed, images.moving, one);
    CHECK(d.transform.parameters != a.transform.parameters);
    CHECK(corner_distance(d.transform, a.transform, 64, 96) < 0.2);
}

TEST_CASE("register_mutual_information: several channels count as their principal component") {
    rigid2 const truth{{0.1, 4.0, -3.0}, centre(96, 96)};
    auto const images = make_pair(truth, {1, 96, 96}, {1, 96, 96}, false);
    image<float> colours({3, 96, 96});
    for (std::size_t i = 0; i < 96 * 96; ++i) {
        float const v = images.moving.values()[i];
        colours.channel(0)[i] = 0.9f * v;
        colours.channel(1)[i] = -0.4f * v;
        colours.channel(2)[i] = 0.1f;
    }
    auto const grey = comir::principal_component(colours);
    auto const a = comir::register_mutual_information<rigid2>(images.fixed, colours, quick());
    auto const b = comir::register_mutual_information<rigid2>(images.fixed, grey, quick());
    CHECK(a.transform.parameters == b.transform.parameters);
    CHECK(corner_distance(a.transform, truth, 96, 96) < 0.2);

    // Masked pixels do not turn the component.
    image_mask mask({1, 96, 96}, 1);
    for (std::size_t i = 0; i < 500; ++i) {
        mask.values()[i] = 0;
        colours.channel(2)[i] = 1e6f;
    }
    auto const masked = comir::register_mutual_information<rigid2>(images.fixed, colours, quick(), {}, mask);
    CHECK(corner_distance(masked.transform, truth, 96, 96) < 0.2);
}

TEST_CASE("register_mutual_information: starts given reach what the default angles do not") {
    rigid2 const truth{{2.6, 3.0, -4.0}, centre(96, 96)};
    auto const images = make_pair(truth, {1, 96, 96}, {1, 96, 96}, false);
    comir::mutual_information_target<rigid2> const target(images.fixed);
    auto const result = target.register_to(images.moving, {}, {rigid2{{2.5, 0.0, 0.0}, centre(96, 96)}});
    CHECK(result.converged);
    CHECK(corner_distance(result.transform, truth, 96, 96) < 0.2);
}

TEST_CASE("register_mutual_information: what cannot be registered has not converged") {
    image<float> const flat({1, 48, 48}, 0.3f);
    auto const image = texture(48, 48, 1);
    CHECK_FALSE(comir::register_mutual_information<rigid2>(flat, flat, quick()).converged);
    CHECK_FALSE(comir::register_mutual_information<rigid2>(image, flat, quick()).converged);
    CHECK_FALSE(comir::register_mutual_information<rigid2>(flat, image, quick()).converged);

    comir::mutual_information_target<rigid2> const target(image);
    auto const away = target.register_to(image, {}, {rigid2{{0.0, 500.0, 0.0}, {}}});
    CHECK_FALSE(away.converged);
    CHECK(away.overlap == 0.0);
    CHECK(std::isinf(away.value));

    // A single pixel has no neighbours to interpolate between.
    image_mask mask({1, 48, 48});
    mask(0, 7, 7) = 1;
    CHECK_FALSE(comir::register_mutual_information<rigid2>(image, image, quick(), mask).converged);
    CHECK_FALSE(comir::register_mutual_information<rigid2>(image, image, quick(), {}, mask).converged);
}

TEST_CASE("register_mutual_information: confidence tells images of one scene from images of two") {
    for (std::uint64_t const seed : {1u, 2u, 3u}) {
        rigid2 const truth{{0.1, 4.0, -5.0}, centre(128, 112)};
        auto const images = make_pair(truth, {1, 128, 112}, {1, 128, 112}, true);
        mutual_information_options options;
        options.seed = seed;
        auto const same = comir::register_mutual_information<rigid2>(images.fixed, images.moving, options);
        CHECK(same.confidence > 0.9);
        CHECK(same.confidence <= 1.0);
        auto const other =
            comir::register_mutual_information<rigid2>(texture(128, 112, 40 + seed), images.moving, options);
        CHECK(other.confidence < 0.5);
        // The true place is out of reach.
        auto const wrong = comir::mutual_information_target<rigid2>(images.fixed, quick())
                               .register_to(images.moving, {}, {rigid2{{2.0, 0.0, 0.0}, centre(128, 112)}});
        CHECK(wrong.confidence < 0.5);
    }
    image<float> const flat({1, 64, 64}, 0.5f);
    CHECK(comir::register_mutual_information<rigid2>(flat, flat, quick()).confidence == 0.0);
}

TEST_CASE("information_evidence: the peak is what 4 % to every side lose, for an image on itself") {
    constexpr std::size_t side = 96, bins = 16, used = 4096;
    auto const values = texture(side, side, 5);
    detail::mi_points const points(values, {}, 1, bins, 8192, 3);
    detail::mi_field const field(values, {}, 1, bins);
    detail::mi_workspace work(bins, used);
    auto const information = [&](rigid2 const& t) {
        auto const e = detail::evaluate_mi(points, {0, used}, field, t, false, work);
        return e.value - 0.5 * 15 * 15 / (used * e.overlap);
    };
    double peak = information(rigid2{});
    for (int i = 0; i < 8; ++i)
        peak -= information(
                    rigid2{{0.0, 3.84 * std::cos(i * std::acos(-1.0) / 4), 3.84 * std::sin(i * std::acos(-1.0) / 4)}}) /
                8;
    auto const evidence = [&](rigid2 const& at, int threads) {
        return detail::information_evidence_at(points, field, bins, comir::to_affine(at), {1, side, side}, 1, threads);
    };
    auto const here = evidence(rigid2{}, 1);
    CHECK(here.margin == doctest::Approx(peak).epsilon(1e-4));
    CHECK(here.z_score > 10.0);
    CHECK(evidence(rigid2{}, 2).z_score == here.z_score);
    auto const elsewhere = evidence(rigid2{{1.0, 10.0, 5.0}, {47.5, 47.5}}, 1);
    CHECK(elsewhere.z_score < 4.0);
    CHECK(elsewhere.margin < 0.2 * here.margin);
    auto const outside = evidence(rigid2{{0.0, 500.0, 0.0}}, 1);
    CHECK(outside.margin == 0.0);
    CHECK(detail::confidence_of(outside) == 0.0);
    CHECK(detail::confidence_of({0.1, 9.0}) > detail::confidence_of({0.1, 8.0}));
    CHECK(detail::confidence_of({0.1, 8.0}) > detail::confidence_of({0.09, 8.0}));
}

TEST_CASE("register_mutual_information: starts beyond all numbers do not converge") {
    auto const image = texture(48, 48, 1);
    comir::mutual_information_target<comir::similarity2> const similar(image);
    CHECK_FALSE(similar.register_to(image, {}, {comir::similarity2{{1e4, 0.0, 0.0, 0.0}, {}}}).converged);
    CHECK_FALSE(similar.register_to(image, {}, {comir::similarity2{{0.0, 0.0, 1e300, 0.0}, {}}}).converged);
    comir::mutual_information_target<comir::affine2> const affine(image);
    CHECK_FALSE(affine.register_to(image, {}, {comir::affine2{{1e300, 0.0, 0.0, 1e300, 0.0, 0.0}, {}}}).converged);
}

TEST_CASE("register_mutual_information: a patch is found in a larger image, either way round") {
    rigid2 const truth{{0.1, -33.0, -28.0}, centre(160, 160)};
    auto const images = make_pair(truth, {1, 160, 160}, {1, 96, 96}, true);
    auto const there = comir::register_mutual_information<rigid2>(images.fixed, images.moving, quick());
    CHECK(there.converged);
    CHECK(corner_distance(there.transform, truth, 160, 160) < 0.3);
    auto const back = comir::register_mutual_information<rigid2>(images.moving, images.fixed, quick());
    CHECK(back.converged);
    CHECK(corner_distance(back.transform, truth.inverse(), 96, 96) < 0.3);
}

TEST_CASE("mutual_information_pyramid: four resolutions, and more for large images") {
    auto const factors = [](std::size_t side) {
        std::vector<std::size_t> out;
        for (auto const& step : comir::mutual_information_pyramid({1, side, side}))
            out.push_back(step.factor);
        return out;
    };
    CHECK(factors(64) == std::vector<std::size_t>{4, 2, 1, 1});
    CHECK(factors(511) == std::vector<std::size_t>{4, 2, 1, 1});
    CHECK(factors(512) == std::vector<std::size_t>{8, 4, 2, 1, 1});
    CHECK(factors(8000) == std::vector<std::size_t>{32, 16, 8, 4, 2, 1, 1});
}

TEST_CASE("register_mutual_information: the smallest images are registered or say that they are not") {
    auto const image = texture(8, 9, 1);
    auto const result = comir::register_mutual_information<rigid2>(image, image);
    for (double const p : result.transform.parameters)
        CHECK(std::isfinite(p));
}

TEST_CASE("register_mutual_information: progress counts resolutions and can stop") {
    auto const image = texture(64, 64, 2);
    std::vector<std::size_t> seen;
    auto options = quick();
    options.on_progress = [&](std::size_t done, std::size_t total) {
        seen.push_back(done);
        seen.push_back(total);
        return done < 2;
    };
    auto const result = comir::register_mutual_information<rigid2>(image, image, options);
    CHECK(seen == std::vector<std::size_t>{1, 4, 2, 4});
    CHECK_FALSE(result.converged);
    CHECK(corner_distance(result.transform, rigid2{{}, result.transform.centre}, 64, 64) < 3.0);
}

TEST_CASE("register_mutual_information: a resolution ends early where nothing moves") {
    auto const image = texture(64, 64, 2);
    auto options = quick();
    options.still = 0.0;
    auto const whole = comir::register_mutual_information<rigid2>(image, image, options);
    CHECK(whole.iterations == 560);
    options.still = 5.0;
    CHECK(comir::register_mutual_information<rigid2>(image, image, options).iterations == 336);
}

TEST_CASE("mutual_information: reach and its mean equal those over all pixels") {
    comir::affine2 const t{{0.9, -0.3, 0.4, 1.1, 3.0, -2.0}, {20.0, 10.0}};
    std::size_t const h = 40, w = 30;
    auto const reach = detail::find_mi_reach(t, h, w);
    // Thin samples of the rectangle that the pixels cover.
    Eigen::Matrix<double, 6, 6> mean = Eigen::Matrix<double, 6, 6>::Zero();
    constexpr int fine = 200;
    auto const place = [&](int i, int j) {
        return point2{(double(i) + 0.5) / fine * double(w) - 0.5, (double(j) + 0.5) / fine * double(h) - 0.5};
    };
    for (int i = 0; i < fine; ++i)
        for (int j = 0; j < fine; ++j) {
            auto const jacobian = t.jacobian(place(i, j));
            mean += jacobian.transpose() * jacobian / double(fine * fine);
        }
    Eigen::Matrix<double, 6, 6> unit = Eigen::Matrix<double, 6, 6>::Zero();
    for (Eigen::Index k = 0; k < 6; ++k) {
        CHECK(1.0 / reach.scale[static_cast<std::size_t>(k)] == doctest::Approx(mean(k, k)).epsilon(1e-3));
        unit(k, k) = 1.0 / std::sqrt(mean(k, k));
    }
    Eigen::Matrix<double, 6, 6> const c = unit * mean * unit;
    double largest_j = 0.0, largest_jcj = 0.0;
    for (int i = 0; i < fine; ++i)
        for (int j = 0; j < fine; ++j) {
            Eigen::Matrix<double, 2, 6> const jacobian = t.jacobian(place(i, j)) * unit;
            Eigen::Matrix2d const jj = jacobian * jacobian.transpose(), jcj = jacobian * c * jacobian.transpose();
            largest_j = std::max(largest_j, jj.trace() + std::sqrt(8.0) * jj.norm());
            largest_jcj = std::max(largest_jcj, jcj.trace() + std::sqrt(8.0) * jcj.norm());
        }
    CHECK(reach.terms.trace_c == doctest::Approx(6.0));
    CHECK(reach.terms.trace_cc == doctest::Approx((c * c).trace()).epsilon(1e-3));
    CHECK(reach.terms.largest_j == doctest::Approx(largest_j).epsilon(0.02));
    CHECK(reach.terms.largest_jcj == doctest::Approx(largest_jcj).epsilon(0.02));
}

TEST_CASE("mutual_information: equalising keeps the order, by its amount") {
    auto source = texture(40, 40, 3);
    for (float& v : source.values())
        v = 7.0f + 3.0f * v * v * v;
    image_mask mask({1, 40, 40}, 1);
    mask(0, 0, 0) = 0;
    source(0, 0, 0) = std::numeric_limits<float>::quiet_NaN();
    auto none = source, half = source, full = source;
    detail::equalise_mi(none, mask, 0.0);
    detail::equalise_mi(half, mask, 0.5);
    detail::equalise_mi(full, mask, 1.0);
    std::vector<std::size_t> order(1599);
    std::iota(order.begin(), order.end(), std::size_t{1});
    std::ranges::sort(order, [&](std::size_t a, std::size_t b) { return source.values()[a] < source.values()[b]; });
    float const low = source.values()[order.front()], high = source.values()[order.back()];
    for (std::size_t i = 0; i < order.size(); ++i) {
        std::size_t const k = order[i];
        float const value = (source.values()[k] - low) / (high - low);
        CHECK(none.values()[k] == doctest::Approx(value).epsilon(1e-5));
        // As far as 4096 cells tell them apart.
        float const share = static_cast<float>(i) / 1599.0f;
        CHECK(std::abs(full.values()[k] - share) < 0.02f);
        CHECK(half.values()[k] == doctest::Approx(0.5f * (none.values()[k] + full.values()[k])).epsilon(1e-5));
    }
    CHECK(full(0, 0, 0) == 0.0f);
}

TEST_CASE("mutual_information: a trail holds the means of its last windows") {
    detail::mi_trail<1> trail(2);
    for (int i = 0; i < 18; ++i) {
        CHECK(trail.has_two() == (i >= 12));
        CHECK(trail.add({double(i)}) == (i % 2 == 1));
    }
    // The last three windows hold 12 to 17, those before 6 to 11.
    CHECK(trail.mean(true)[0] == doctest::Approx(14.5));
    CHECK(trail.mean(false)[0] == doctest::Approx(8.5));
}

TEST_CASE("register_mutual_information: bad input is refused with a sentence that says what to do") {
    auto const good = texture(32, 32, 3);
    auto const run = [&](image<float> const& fixed, image<float> const& moving, auto change, image_mask const& a = {},
                         image_mask const& b = {}) {
        auto options = quick();
        change(options);
        return message([&] { comir::register_mutual_information<rigid2>(fixed, moving, options, a, b); });
    };
    auto const has = [](std::string const& text, char const* part) { return text.find(part) != std::string::npos; };
    auto const keep = [](mutual_information_options&) {};
    auto broken = good;
    broken(0, 3, 5) = std::numeric_limits<float>::quiet_NaN();
    CHECK(run(broken, good, keep) ==
          "comir::register_mutual_information: the fixed image is not finite at channel 0, x = 5, y = 3; mask such "
          "pixels or replace them");
    CHECK(has(run(good, broken, keep), "the moving image is not finite"));
    CHECK(has(run(image<float>({1, 1, 1}), good, keep), "fixed image is 1 x 1 x 1, expected at least 8 rows"));
    CHECK(has(run(good, {}, keep), "moving image is 0 x 0 x 0"));
    CHECK(has(run(good, good, keep, image_mask({1, 32, 32})), "the fixed image leaves no pixel"));
    CHECK(has(run(good, good, keep, {}, image_mask({1, 32, 31}, 1)), "expected 1 x 32 x 32"));
    CHECK(has(run(good, good, [](auto& o) { o.equalise = 1.5; }), "equalise is 1.5, expected 0 to 1"));
    CHECK(has(run(good, good, [](auto& o) { o.start_shift = -1.0; }), "start_shift is -1"));
    CHECK(has(run(good, good, [](auto& o) { o.start_angles = {}; }), "there is no start"));
    CHECK(has(run(good, good, [](auto& o) { o.start_angles = {std::nan("")}; }), "start angle is infinite or not"));
    CHECK(has(run(good, good, [](auto& o) { o.kept_starts = 0; }), "kept_starts is 0"));
    CHECK(has(run(good, good, [](auto& o) { o.rest = -1.0; }), "rest is -1"));
    CHECK(has(run(good, good, [](auto& o) { o.min_overlap = 2.0; }), "min_overlap is 2"));
    CHECK(has(run(good, good, [](auto& o) { o.pyramid = {{.factor = 0}}; }), "factor 0"));
    CHECK(has(run(good, good, [](auto& o) { o.pyramid = {{.factor = 64}}; }), "factor 64 but"));
    CHECK(has(run(good, good, [](auto& o) { o.pyramid = {{.bins = 4}}; }), "bins 4"));
    CHECK(has(run(good, good, [](auto& o) { o.pyramid = {{.samples = 1u << 20}}; }), "samples 1048576"));
    comir::mutual_information_target<rigid2> const target(good, quick());
    CHECK(has(message([&] {
                  target.register_to(good, {}, {rigid2{{std::nan(""), 0.0, 0.0}, {}}});
              }),
              "a start has a parameter or centre that is not finite"));
    CHECK(has(message([&] {
                  auto options = quick();
                  options.start_angles = {0.3};
                  comir::register_mutual_information<comir::translation2>(good, good, options);
              }),
              "with the angle 0 for translation2"));
}
