#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include <comir/core/parallel.hpp>
#include <comir/features/plane.hpp>
#include <comir/features/plane_blur.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// The Gaussian images of one octave, layers + 3 of them: level s has the blur sigma * 2^(s / layers) in the octave's
/// own pixels.
class gaussian_octave {
public:
    gaussian_octave(std::size_t h, std::size_t w, int layers)
        : layers_(layers), storage_(static_cast<std::size_t>(layers + 3) * plane_view(nullptr, h, w).size()) {
        reshape(h, w);
    }

    int levels() const { return layers_ + 3; }
    int layers() const { return layers_; }
    std::size_t height() const { return h_; }
    std::size_t width() const { return w_; }
    plane_view level(int s) const {
        plane_view plane(nullptr, h_, w_);
        plane.data = storage_.data() + static_cast<std::size_t>(s) * plane.size();
        return plane;
    }

    /// Makes the levels above the first. All levels advance together, a band of rows at a time, each as far behind the
    /// one below as its blur reaches: rows are then still in the cache when the next level reads them.
    /// Calls ready(rows) as rows of all levels are there.
    template <class Ready>
    void build(double sigma, plane_blur& blur, Ready&& ready) const {
        std::vector<blur_weights> weights;
        for (int s = 1; s < levels(); ++s)
            weights.emplace_back(sigma * std::exp2((s - 1.0) / layers_) * std::sqrt(std::exp2(2.0 / layers_) - 1.0));
        constexpr std::size_t band = 32;
        std::vector<std::size_t> done(weights.size() + 1, 0);
        while (done.back() < h_) {
            done.front() = std::min(done.front() + band, h_);
            for (std::size_t i = 0; i < weights.size(); ++i) {
                std::size_t const reach = weights[i].radius();
                std::size_t const end = done[i] == h_ ? h_ : done[i] - std::min(done[i], reach);
                if (end <= done[i + 1])
                    continue;
                blur.rows(level(static_cast<int>(i)), level(static_cast<int>(i) + 1), weights[i], done[i + 1], end);
                done[i + 1] = end;
            }
            if (done.back() > 0)
                ready(done.back());
        }
    }

    /// Goes on to the next octave: every other pixel of the level of twice the blur becomes the first level.
    void halve(int threads) {
        plane_view const from = level(layers_);
        reshape((h_ + 1) / 2, (w_ + 1) / 2);
        plane_view const to = level(0);
        constexpr std::size_t band = 32;
        parallel_for((to.h + band - 1) / band, threads, [&](std::size_t item) {
            for (std::size_t y = item * band; y < std::min((item + 1) * band, to.h); ++y)
                for (std::size_t x = 0; x < to.w; ++x)
                    to.row(y)[x] = from.row(2 * y)[2 * x];
        });
    }

private:
    void reshape(std::size_t h, std::size_t w) {
        h_ = h;
        w_ = w;
    }

    int layers_;
    std::size_t h_ = 0, w_ = 0;
    plane_storage storage_;
};

}}}  // namespace comir::COMIR_ABI::detail
