#include <support/unet_check.hpp>

#include <comir/image/c4.hpp>
#include <comir/models/any_unet.hpp>

using namespace unet_check;

namespace {

constexpr comir::unet_shape in_fours{
    .in = 3, .out = 2, .first = 4, .down = {1, 2}, .bottleneck = 2, .up = {2, 1}, .growth = 4};

/// Largest difference between the representations of turned images and the turned representations.
template <class State>
double turning_error(State& s) {
    using T = typename State::T;
    auto const x = random_tensor<T>({2, 3, 24, 24}, 6);
    comir::tensor<T> turned_x(x.shape()), y({2, 2, 24, 24}), turned_y(y.shape()), expected(y.shape());
    s.network.encode(s.parameters, s.running, x, y, s.work, 2);
    double worst = 0;
    for (std::uint8_t k = 1; k < 4; ++k) {
        std::vector<std::uint8_t> const turns(2, k);
        comir::turn<T>(x.view(), turns, turned_x.view(), 1);
        comir::turn<T>(std::as_const(y).view(), turns, expected.view(), 1);
        s.network.encode(s.parameters, s.running, turned_x, turned_y, s.work, 2);
        auto const a = values_of(turned_y), b = values_of(expected);
        for (std::size_t i = 0; i < a.size(); ++i)
            worst = std::max(worst, std::abs(static_cast<double>(a[i] - b[i])));
    }
    return worst;
}

/// Parameters and statistics as a training could leave them: none is at its beginning.
template <class State>
void stir(State& s) {
    comir::random_stream random(8);
    for (auto& p : s.parameters)
        p += static_cast<typename State::T>(0.2 * random.normal());
    for (auto& r : s.running)
        r = static_cast<typename State::T>(random.uniform(0.3, 2));
}

}  // namespace

TEST_CASE("turn_symmetry: a tied network turns with its image, others do not") {
    state<comir::dense_unet<in_fours, double>> s;
    stir(s);
    CHECK(turning_error(s) > 1e-2);
    auto const before = s.parameters;
    s.network.tie_turns(s.parameters, s.running);
    CHECK(turning_error(s) < 1e-12);
    CHECK(s.parameters[0] == before[0]);

    // What is tied is left as it is, but for rounding; the mean of what is not turns with the image, too.
    auto parameters = s.parameters;
    auto running = s.running;
    s.network.average_tied(parameters, running);
    for (std::size_t i = 0; i < parameters.size(); ++i)
        CHECK(parameters[i] == doctest::Approx(s.parameters[i]).epsilon(1e-14));
    s.parameters = before;
    s.network.average_tied(s.parameters, s.running);
    CHECK(turning_error(s) < 1e-12);
}

TEST_CASE_TEMPLATE("turn_symmetry: other poolings and an early transition can be tied, too", Pooling,
                   std::integral_constant<comir::pooling, comir::pooling::average>,
                   std::integral_constant<comir::pooling, comir::pooling::blur>) {
    constexpr auto shape = [] {
        auto s = in_fours;
        s.pooling = Pooling::value;
        s.early_transition = true;
        return s;
    }();
    state<comir::dense_unet<shape, double>> s;
    stir(s);
    s.network.tie_turns(s.parameters, s.running);
    CHECK(turning_error(s) < 1e-12);
}

TEST_CASE("turn_symmetry: the mean of a gradient is the derivative along what is tied") {
    state<comir::dense_unet<in_fours, double>> s;
    stir(s);  // initial shifts are zero, a kink of the ReLU behind channels that are constant
    s.network.tie_turns(s.parameters, s.running);
    auto const x = random_tensor<double>({2, 3, 16, 16}, 6), weights = random_tensor<double>({2, 2, 16, 16}, 7);
    comir::tensor<double> y(weights.shape()), dx(x.shape());
    auto const loss = [&](std::vector<double> const& parameters) {
        auto running = s.running;
        s.network.forward(parameters, running, x, y, 3, s.work, 1);
        auto const a = values_of(y), b = values_of(weights);
        double sum = 0;
        for (std::size_t i = 0; i < a.size(); ++i)
            sum += a[i] * b[i];
        return sum;
    };
    loss(s.parameters);
    std::vector<double> gradient(s.parameters.size());
    s.network.backward(s.parameters, x, weights, dx, gradient, 3, s.work, 1);
    auto running = s.running;
    s.network.average_tied(gradient, running);

    // A step along a direction that is tied as the parameters are.
    std::vector<double> direction(s.parameters.size());
    comir::random_stream random(12);
    for (double& d : direction)
        d = random.normal();
    s.network.average_tied(direction, running);
    double expected = 0;
    auto forth = s.parameters, back = s.parameters;
    for (std::size_t i = 0; i < direction.size(); ++i) {
        expected += gradient[i] * direction[i];
        forth[i] += 1e-6 * direction[i];
        back[i] -= 1e-6 * direction[i];
    }
    CHECK((loss(forth) - loss(back)) / 2e-6 == doctest::Approx(expected).epsilon(1e-5));
}

TEST_CASE("turn_symmetry: networks that cannot be tied say so") {
    auto const can = [](auto change) {
        comir::unet_shape shape = in_fours;
        change(shape);
        return comir::any_unet(shape).can_tie_turns();
    };
    CHECK(can([](comir::unet_shape&) {}));
    CHECK_FALSE(can([](comir::unet_shape& s) { s.first = 6; }));
    CHECK_FALSE(can([](comir::unet_shape& s) { s.growth = 3; }));
    CHECK_FALSE(can([](comir::unet_shape& s) { s.compression_percent = 75; }));
    CHECK(can([](comir::unet_shape& s) { s.pooling = comir::pooling::blur; }));
    CHECK_FALSE(can([](comir::unet_shape& s) { s.upsampling = comir::upsampling::transposed; }));
    CHECK_FALSE(can([](comir::unet_shape& s) { s.upsampling = comir::upsampling::pixel_shuffle; }));
    CHECK(comir::dense_unet<comir::compact_shape>{}.can_tie_turns());

    comir::dense_unet<comir::paper_shape> const paper;
    std::vector<float> parameters(paper.parameter_count()), running(paper.running_count());
    CHECK_THROWS_AS(paper.tie_turns(parameters, running), comir::shape_error);
    parameters.pop_back();
    CHECK_THROWS_AS(paper.average_tied(parameters, running), comir::shape_error);
}
