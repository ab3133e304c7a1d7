#include "support/golden.hpp"

#include <cstddef>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <comir/registration/metrics/alpha_amd/measure.hpp>
#include <comir/transform/affine.hpp>
#include <comir/transform/rigid.hpp>

namespace {

constexpr char const* cases[] = {"symmetric", "one_way", "cut_off", "squared", "masks", "weights", "factor"};

golden_file const& golden() {
    static golden_file const file("registration/alpha_amd.txt");
    return file;
}

std::vector<double> const& numbers(std::string const& name) {
    return golden()[name].values;
}

template <class T>
comir::image<T> golden_image(std::string const& name) {
    golden_array const& array = golden()[name];
    bool const flat = array.shape.size() == 2;
    return {{flat ? 1 : array.shape[0], array.shape[flat ? 0 : 1], array.shape[flat ? 1 : 2]}, array.as<T>()};
}

comir::alpha_cut_maps golden_level(std::string const& name, std::string const& side, bool slopes) {
    auto const& settings = numbers(name + ".settings");
    comir::alpha_cut_maps::settings s;
    s.alpha_levels = static_cast<int>(settings[0]);
    s.d_max = static_cast<float>(settings[2]);
    s.squared = settings[4] > 0.0;
    s.slopes = slopes;
    s.points = 1000;
    return comir::alpha_cut_maps(golden_image<float>(name + "." + side), static_cast<std::size_t>(settings[1]),
                                 golden_image<unsigned char>(name + "." + side + "_mask"), s,
                                 golden_image<float>(name + "." + side + "_weights"));
}

/// The program measures from centre to centre; the translation takes up how far these lie apart.
template <class Transform>
Transform golden_transform(std::string const& name, std::string const& kind) {
    auto const factor = numbers(name + ".settings")[1];
    auto const centre = [&](std::string const& side) {
        auto const& shape = golden()[name + "." + side].shape;
        return comir::point2{0.5 * factor * (static_cast<double>(shape[2]) - 1.0),
                             0.5 * factor * (static_cast<double>(shape[1]) - 1.0)};
    };
    Transform t;
    auto const& parameters = numbers(name + "." + kind);
    std::copy(parameters.begin(), parameters.end(), t.parameters.begin());
    t.centre = centre("fixed");
    comir::point2 const apart = centre("moving") - t.centre;
    t.parameters[Transform::parameter_count - 2] += apart.x;
    t.parameters[Transform::parameter_count - 1] += apart.y;
    return t;
}

template <class Transform>
void check_golden(std::string const& kind) {
    for (std::string const name : cases) {
        auto const t = golden_transform<Transform>(name, kind);
        bool const symmetric = numbers(name + ".settings")[3] > 0.0;
        for (bool const slopes : {false, true}) {
            auto const fixed = golden_level(name, "fixed", slopes), moving = golden_level(name, "moving", slopes);
            comir::point_sample const everything{0, 1000};
            auto const e = comir::evaluate_amd(fixed, everything, moving, everything, t, symmetric);
            CAPTURE(name);
            CAPTURE(slopes);
            CHECK(e.value == doctest::Approx(numbers(name + "." + kind + "_value")[0]).epsilon(1e-5));
            auto const& gradient = numbers(name + "." + kind + "_gradient");
            // Single-precision maps and places; moments reach twenty times a shift's derivative.
            if (slopes)
                CHECK(golden_error(e.gradient, gradient) < 2e-5);
            else
                CHECK(golden_error(e.gradient, gradient) > 1e-2);
        }
    }
}

}  // namespace

TEST_CASE("alpha_amd: values and published gradients of a rigid transform equal the published program's") {
    check_golden<comir::rigid2>("rigid");
}

TEST_CASE("alpha_amd: values and published gradients of an affine transform equal the published program's") {
    check_golden<comir::affine2>("affine");
}
