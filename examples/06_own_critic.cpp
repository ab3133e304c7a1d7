// A critic of one's own: what "alike" means when networks learn to make images alike.
#include <cmath>
#include <cstdio>
#include <exception>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <comir/contrastive/pair_critic.hpp>
#include <comir/image/c4.hpp>
#include <comir/io/image_file.hpp>
#include <comir/models/dense_unet.hpp>
#include <comir/registration/global/search.hpp>
#include <comir/training/trainer.hpp>
#include <comir/transform/geometry.hpp>

// [critic]
// The similarity of two representations x and y, given as plain rows of values: minus the mean of log(1 + d^2), where d
// is the difference of two values. A few large differences count less than in mean squares.
struct cauchy {
    static constexpr std::string_view name = "cauchy";  // as model files call it

    template <class T>
    T value(std::span<T const> x, std::span<T const> y) const {
        T sum{};
        for (std::size_t i = 0; i < x.size(); ++i)
            sum += std::log1p((x[i] - y[i]) * (x[i] - y[i]));
        return -sum / static_cast<T>(x.size());
    }

    // Adds ds times the derivative of value(x, y) by x to dx, and by y to dy.
    template <class T>
    void gradient(std::span<T const> x, std::span<T const> y, T ds, std::span<T> dx, std::span<T> dy) const {
        for (std::size_t i = 0; i < x.size(); ++i) {
            T const d = x[i] - y[i], slope = -ds * 2 * d / ((1 + d * d) * static_cast<T>(x.size()));
            dx[i] += slope;
            dy[i] -= slope;
        }
    }
};
using cauchy_critic = comir::pair_critic<cauchy>;  // all pairs of a batch, on all threads
static_assert(comir::critic<cauchy_critic>);
// [critic]

int main(int argc, char** argv) try {
    if (argc != 2) {
        std::fprintf(stderr, "usage: 06_own_critic DATA\nDATA holds visible/scene.png and infrared/scene.png\n");
        return 2;
    }
    std::string const data = argv[1];
    auto const rgb = comir::read_image_float(data + "/visible/scene.png");
    auto const nir = comir::read_image_float(data + "/infrared/scene.png");
    std::vector<comir::aligned_images<2>> const pairs{{rgb, nir}};

    // [train]
    constexpr comir::unet_shape small{.first = 8, .down = {1, 1}, .bottleneck = 1, .up = {1, 1}, .growth = 8};
    using visible = comir::dense_unet<comir::with_channels(small, 3, 1)>;
    using infrared = comir::dense_unet<comir::with_channels(small, 1, 1)>;
    comir::trainer<cauchy_critic, comir::c4, visible, infrared> trainer(
        {.temperature = 0.25, .batch = 8, .augment = {.patch = 64}, .learning_rate = 4e-2, .group_convolutions = true});
    double first = 0.0, last = 0.0;
    trainer.fit(pairs, {.steps = 80, .on_step = [&](comir::training_step const& step) {
                            (step.step == 1 ? first : last) = step.loss.loss;
                            return true;
                        }});
    std::printf("the loss fell from %.3f to %.3f\n", first, last);
    // [train]

    auto const a = trainer.encoder<0>().encode(comir::crop(rgb, {100, 60, 128, 128}));
    auto const b = trainer.encoder<1>().encode(comir::crop(nir, {112, 52, 128, 128}));
    auto const result = comir::global_search(a, b);
    double const error = comir::corner_distance(result.transform, comir::rigid2{{0.0, -12.0, 8.0}}, 128, 128);
    std::printf("registered with an error of %.2f px, confidence %.2f\n", error, result.confidence);
    return last < first && error < 3.0 ? 0 : 1;
} catch (std::exception const& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
}
