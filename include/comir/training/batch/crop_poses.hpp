#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <vector>

#include <comir/core/error.hpp>
#include <comir/core/parallel.hpp>
#include <comir/core/random.hpp>
#include <comir/core/tensor.hpp>
#include <comir/training/batch/sampler.hpp>
#include <comir/transform/affine.hpp>
#include <comir/transform/rigid.hpp>

namespace comir { inline namespace COMIR_ABI {

/// Where the modalities' patches of a step lie in the squares that are drawn from scenes, and what they show in common.
/// With one cell a patch is its square. With more, a square is two cells wider than a patch: of each sample one
/// modality's patch lies at a corner of the square, the others' in its middle, turned about it by angles of their own,
/// and what is common is the square's middle without two cells at each side. Networks feel the zeros around a patch,
/// and would tell cells at equal places apart by their distances from the border; and representations learn to turn
/// with their images from patches turned unalike.
template <std::size_t M>
class crop_poses {
public:
    /// Patches of `patch` px in cells x cells; `turn`: whether patches are turned against each other.
    /// Errors: shape_error if the cells do not divide the patch, or are two, of which patches would share none
    crop_poses(std::size_t patch, std::size_t grid, bool turn) : patch_(patch), grid_(grid), turn_(turn) {
        require<shape_error>(grid >= 1 && patch % grid == 0, "comir::crop_poses: a patch of ", patch,
                             " px cannot be cut into ", grid, " x ", grid, " cells; give a divisor");
        require<shape_error>(grid != 2,
                             "comir::crop_poses: a patch is cut into 2 x 2 cells, expected 1 or at least "
                             "3 along a side: the patches of two modalities share all but two of them");
    }

    /// Pixels that a square has along a side beyond a patch, and a patch beyond what is common.
    std::size_t rim() const { return grid_ > 1 ? 2 * (patch_ / grid_) : 0; }
    std::size_t square() const { return patch_ + rim(); }
    std::size_t common() const { return patch_ - rim(); }
    /// Whether a patch is its square.
    bool is_whole() const { return grid_ <= 1; }
    /// Cells of what is common, along a side.
    std::size_t common_grid() const { return grid_ > 1 ? grid_ - 2 : 1; }

    /// Draws where the patches of a batch lie.
    void place(std::size_t batch, random_stream& random) {
        samples_.resize(batch);
        double const most = turn_ ? most_angle() : 0.0;
        for (sample& s : samples_) {
            std::size_t const upright = random.below(M), x = random.coin(0.5) ? rim() : 0,
                              y = random.coin(0.5) ? rim() : 0;
            for (affine2& patch : s)
                patch = in_middle(random.uniform(-most, most));
            s[upright] = at_corner(x, y);
        }
    }
    /// The same places for every sample, without turns.
    void place_alike(std::size_t batch) {
        sample s;
        s.fill(in_middle(0));
        s[0] = at_corner(0, 0);
        samples_.assign(batch, s);
    }

    /// From the pixels of modality m's patch of sample n to those of the square.
    affine2 const& to_square(std::size_t m, std::size_t n) const { return samples_[n][m]; }

    /// Calls f with the patch_view through which patches of these poses are drawn from squares.
    template <class F>
    void with_view(F const& f) const {
        if (is_whole())
            f(whole_view{});
        else
            f([this](std::size_t m, std::size_t n) { return to_square(m, n); });
    }

    /// What is common of modality m's patches, turned back, between pixels linear.
    /// Shapes:  x (N, C, P, P) -> y (N, C, common(), common())
    /// Writes:  overwrites y
    /// Threads: over samples; the same bits for any number of threads
    template <class T>
    void cut_common(std::size_t m, tensor_view<T const> const& x, tensor_view<T> const& y, int threads = 0) const {
        for_each_position(m, y.shape(), threads, [&](std::size_t n, std::size_t row, std::size_t column, auto at) {
            for (std::size_t c = 0; c < y.shape().c; ++c) {
                T const* const upper = x.row(n, c, at.y) + at.x;
                T const* const lower = x.row(n, c, at.y + 1) + at.x;
                y.row(n, c, row)[column] = (1 - at.ty) * ((1 - at.tx) * upper[0] + at.tx * upper[1]) +
                                           at.ty * ((1 - at.tx) * lower[0] + at.tx * lower[1]);
            }
        });
    }

    /// The gradient of cut_common: each value of dy goes where it came from.
    /// Shapes:  dy (N, C, common(), common()) -> dx (N, C, P, P)
    /// Writes:  adds to dx
    /// Threads: as cut_common
    template <class T>
    void add_common(std::size_t m, tensor_view<T const> const& dy, tensor_view<T> const& dx, int threads = 0) const {
        for_each_position(m, dy.shape(), threads, [&](std::size_t n, std::size_t row, std::size_t column, auto at) {
            for (std::size_t c = 0; c < dy.shape().c; ++c) {
                T const v = dy.row(n, c, row)[column];
                T* const upper = dx.row(n, c, at.y) + at.x;
                T* const lower = dx.row(n, c, at.y + 1) + at.x;
                upper[0] += (1 - at.ty) * (1 - at.tx) * v;
                upper[1] += (1 - at.ty) * at.tx * v;
                lower[0] += at.ty * (1 - at.tx) * v;
                lower[1] += at.ty * at.tx * v;
            }
        });
    }

private:
    using sample = std::array<affine2, M>;  // to_square of each modality
    /// The upper left one of four pixels, and how far beyond it a position lies.
    struct position {
        std::size_t x, y;
        float tx, ty;
    };

    affine2 placed(double angle, point2 shift) const {
        double const middle = 0.5 * (static_cast<double>(patch_) - 1.0);
        return detail::make_affine(rigid2{{angle, 0, 0}, {}}.linear(), shift, {middle, middle});
    }
    affine2 in_middle(double angle) const {
        double const half_rim = 0.5 * static_cast<double>(rim());
        return placed(angle, {half_rim, half_rim});
    }
    affine2 at_corner(std::size_t x, std::size_t y) const {
        return placed(0, {static_cast<double>(x), static_cast<double>(y)});
    }

    /// The largest angle at which a turned patch holds what is common, to half a pixel: at most 45 degrees. Quarter
    /// turns besides are the trainer's.
    double most_angle() const {
        // A square of side s, turned by a, reaches as far as one of side s (cos a + sin a), whose square is
        // s^2 (1 + sin 2a).
        double const ratio = static_cast<double>(patch_) / (static_cast<double>(common()) - 1.0);
        return 0.5 * std::asin(std::min(1.0, ratio * ratio - 1.0));
    }

    template <class F>
    void for_each_position(std::size_t m, shape4 const& s, int threads, F const& f) const {
        double const last = static_cast<double>(patch_) - 1.0;
        auto const before = [&](double v) { return std::min(static_cast<std::size_t>(v), patch_ - 2); };
        parallel_for(s.n, threads, [&](std::size_t n) {
            affine2 const to_patch = to_square(m, n).inverse();
            for (std::size_t row = 0; row < s.h; ++row)
                for (std::size_t column = 0; column < s.w; ++column) {
                    point2 const p = to_patch({static_cast<double>(column + rim()), static_cast<double>(row + rim())});
                    double const x = std::clamp(p.x, 0.0, last), y = std::clamp(p.y, 0.0, last);
                    std::size_t const x0 = before(x), y0 = before(y);
                    f(n, row, column,
                      position{x0, y0, static_cast<float>(x - static_cast<double>(x0)),
                               static_cast<float>(y - static_cast<double>(y0))});
                }
        });
    }

    std::size_t patch_, grid_;
    bool turn_;
    std::vector<sample> samples_;
};

}}  // namespace comir::COMIR_ABI
