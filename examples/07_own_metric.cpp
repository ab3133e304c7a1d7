// A metric of one's own in the library's descent over resolutions and starts.
#include <algorithm>
#include <array>
#include <cstdio>
#include <exception>
#include <string>

#include <comir/image/pyramid.hpp>
#include <comir/image/warp.hpp>
#include <comir/io/image_file.hpp>
#include <comir/registration/local/register_by_descent.hpp>

// [metric]
// The mean squared difference of one channel, for images that are alike, such as two photographs by one camera.
class squared_difference {
public:
    static constexpr char const* name = "squared_difference";  // begins error messages
    squared_difference(comir::image<float> const& f, comir::image<float> const& m) : full_fixed_(f), full_moving_(m) {}
    // Brings the images to every factor-th pixel. The moving one gets its derivatives by x and y as further channels.
    void prepare(std::size_t factor) {
        factor_ = static_cast<double>(factor);
        fixed_ = comir::make_pyramid_level(full_fixed_, {.factor = factor, .sigma = factor_}).values;
        auto const m = comir::make_pyramid_level(full_moving_, {.factor = factor, .sigma = factor_}).values;
        moving_ = comir::image<float>({3, m.height(), m.width()});
        std::ranges::copy(m.values(), moving_.channel(0).begin());
        for (std::size_t y = 1; y + 1 < m.height(); ++y)
            for (std::size_t x = 1; x + 1 < m.width(); ++x) {
                moving_(1, y, x) = (m(0, y, x + 1) - m(0, y, x - 1)) / 2;
                moving_(2, y, x) = (m(0, y + 1, x) - m(0, y - 1, x)) / 2;
            }
    }
    // The value, and for each point p of the fixed image how the value changes with the point that p is mapped to. The
    // transform turns that into the derivatives by its parameters: the metric works with any transform.
    template <class Transform, class Gradient>
    comir::measured measure(Transform const& transform, Gradient& gradient) const {
        double sum = 0.0, count = 0.0;
        for (std::size_t y = 0; y < fixed_.height(); ++y)
            for (std::size_t x = 0; x < fixed_.width(); ++x) {
                comir::point2 const p{factor_ * static_cast<double>(x), factor_ * static_cast<double>(y)};
                std::array<float, 3> there;
                if (!comir::sample(moving_, (1.0 / factor_) * transform(p), there))
                    continue;  // p lies outside the moving image
                double const d = static_cast<double>(there[0] - fixed_(0, y, x));
                gradient.add(p, d * comir::point2{there[1], there[2]});
                sum += d * d;
                ++count;
            }
        return {.value = sum / count, .overlap = count / static_cast<double>(fixed_.height() * fixed_.width())};
    }

private:
    comir::image<float> const &full_fixed_, &full_moving_;
    comir::image<float> fixed_, moving_;
    double factor_ = 1.0;
};
// [metric]

int main(int argc, char** argv) try {
    if (argc != 2) {
        std::fprintf(stderr, "usage: 07_own_metric DATA\nDATA holds infrared/scene.png\n");
        return 2;
    }
    auto const scene = comir::read_image_float(std::string(argv[1]) + "/infrared/scene.png");
    // The moving image is the scene turned by 0.12 radians about its centre, and shifted. The cuts share that centre.
    comir::rigid2 const truth{{0.12, 7.0, -4.0}, comir::image_centre(scene.shape())};
    comir::region const middle{.x = 46, .y = 48, .w = 257, .h = 256};
    auto const fixed = comir::crop(scene, middle);
    auto const moving = comir::crop(comir::warp(scene, truth.inverse(), scene.shape()), middle);
    // [register]
    squared_difference metric(fixed, moving);
    auto const result = comir::register_by_descent<comir::rigid2>(metric, fixed.shape(), moving.shape());
    auto const [angle, x, y] = result.transform.parameters;
    std::printf("angle %.3f radians, shift %.2f, %.2f px, mean square %.6f\n", angle, x, y, result.value);
    // [register]
    comir::rigid2 const expected{truth.parameters, comir::image_centre(fixed.shape())};
    return result.converged && comir::corner_distance(result.transform, expected, 256, 257) < 0.2 ? 0 : 1;
} catch (std::exception const& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
}
