#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <vector>

#include <comir/core/linalg/banded_cholesky.hpp>
#include <comir/core/parallel.hpp>
#include <comir/image/interpolate.hpp>
#include <comir/registration/deformable/bent_map.hpp>
#include <comir/registration/deformable/options.hpp>
#include <comir/registration/deformable/spline_system.hpp>
#include <comir/registration/deformable/window_bend.hpp>
#include <comir/registration/global/level.hpp>
#include <comir/registration/prepared_image.hpp>
#include <comir/transform/bspline.hpp>
#include <comir/transform/geometry.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// What the pixels of a small block say of its displacement d: cost - 2 pull d + d^T hold d.
struct block_evidence {
    double cost = 0.0, count = 0.0;
    point2 pull{};
    double xx = 0.0, xy = 0.0, yy = 0.0;
};

/// The difference of two levels under a bent map, and how displacements would change it, block by block.
class block_grid {
public:
    static constexpr std::size_t side = 4;  // steps

    block_grid(search_level const& fixed, search_level const& moving, bent_map const& map, int threads)
        : columns_((fixed.width() + side - 1) / side),
          step_(fixed.factor),
          blocks_(columns_ * ((fixed.height() + side - 1) / side)) {
        Eigen::Matrix2d const linear = map.affine.linear() * (fixed.factor / moving.factor);
        double const right = static_cast<double>(moving.width() - 1), bottom = static_cast<double>(moving.height() - 1);
        parallel_for(blocks_.size(), threads, [&](std::size_t i) {
            block_evidence& b = blocks_[i];
            std::size_t const x0 = i % columns_ * side, y0 = i / columns_ * side;
            for (std::size_t y = y0; y < std::min(y0 + side, fixed.height()); ++y)
                for (std::size_t x = x0; x < std::min(x0 + side, fixed.width()); ++x) {
                    point2 const at{static_cast<double>(x), static_cast<double>(y)};
                    point2 const p = map(at * fixed.factor) * (1.0 / moving.factor);
                    if ((*fixed.weight)(0, y, x) <= 0.0f ||
                        !(p.x >= 1.0 && p.y >= 1.0 && p.x < right - 1.0 && p.y < bottom - 1.0))
                        continue;
                    add(b, fixed, moving, linear, {x, y}, p);
                }
        });
    }

    std::vector<block_evidence> const& blocks() const { return blocks_; }
    /// The middle of a block, px of the full fixed image.
    point2 middle(std::size_t i) const {
        double const half = 0.5 * static_cast<double>(side - 1);
        return point2{static_cast<double>(i % columns_ * side) + half,
                      static_cast<double>(i / columns_ * side) + half} *
               step_;
    }
    /// The mean squared difference of the pixels that count, and their number.
    std::array<double, 2> difference() const {
        double sum = 0.0, count = 0.0;
        for (block_evidence const& b : blocks_) {
            sum += b.cost;
            count += b.count;
        }
        return {sum / std::max(1.0, count), count};
    }

private:
    static void add(block_evidence& b, search_level const& fixed, search_level const& moving,
                    Eigen::Matrix2d const& linear, std::array<std::size_t, 2> at, point2 p) {
        auto const x0 = static_cast<std::size_t>(p.x), y0 = static_cast<std::size_t>(p.y);
        auto const tx = static_cast<float>(p.x - static_cast<double>(x0)),
                   ty = static_cast<float>(p.y - static_cast<double>(y0));
        // Central differences, between pixels as the values are.
        auto const mix = [&](image<float> const& plane, std::size_t c, std::ptrdiff_t dx, std::ptrdiff_t dy) {
            return between_pixels(plane.row(c, y0 + static_cast<std::size_t>(dy)) + x0 + static_cast<std::size_t>(dx),
                                  plane.width(), tx, ty);
        };
        if (mix(*moving.weight, 0, 0, 0) < 0.999f)
            return;
        for (std::size_t c = 0; c < fixed.values->channels(); ++c) {
            image<float> const& m = *moving.values;
            double const gx = 0.5 * static_cast<double>(mix(m, c, 1, 0) - mix(m, c, -1, 0)),
                         gy = 0.5 * static_cast<double>(mix(m, c, 0, 1) - mix(m, c, 0, -1));
            point2 const g{linear(0, 0) * gx + linear(1, 0) * gy, linear(0, 1) * gx + linear(1, 1) * gy};
            double const r = static_cast<double>((*fixed.values)(c, at[1], at[0]) - mix(m, c, 0, 0));
            // Differences above a deviation or so are something else than a displacement.
            double const weight = 1.0 / (1.0 + r * r);
            b.cost += r * r * weight;
            b.pull = b.pull + (weight * r) * g;
            b.xx += weight * g.x * g.x;
            b.xy += weight * g.x * g.y;
            b.yy += weight * g.y * g.y;
        }
        b.count += 1.0;
    }

    std::size_t columns_;
    double step_;
    std::vector<block_evidence> blocks_;
};

/// The displacements that take a bend nearer to the least sum of the blocks' costs, over the mean one, and its energy.
inline std::vector<point2> gauss_newton_step(block_grid const& evidence, bspline2 const& bend,
                                             banded_matrix const& energy, double step) {
    bspline_grid const& grid = bend.grid();
    auto const [cost, count] = evidence.difference();
    // Pulls are by steps of the level, displacements in pixels.
    double const scale = 1.0 / (std::max(1e-9, cost) * std::max(1.0, count));
    banded_matrix system(2 * grid.count(), 2 * (3 * grid.size.w + 3) + 1);
    std::vector<double> right(2 * grid.count());
    for (std::size_t i = 0; i < grid.count(); ++i) {
        for (std::size_t j = i; j <= std::min(energy.size - 1, i + energy.band); ++j) {
            system(2 * i, 2 * j) += energy(i, j);
            system(2 * i + 1, 2 * j + 1) += energy(i, j);
        }
        point2 const pull = row_times(energy, i, bend.displacements());
        right[2 * i] -= pull.x;
        right[2 * i + 1] -= pull.y;
    }
    for (std::size_t k = 0; k < evidence.blocks().size(); ++k) {
        block_evidence const& b = evidence.blocks()[k];
        auto const w = b.count > 0.0 ? bend.weights_at(evidence.middle(k)) : std::nullopt;
        if (!w)
            continue;
        for (std::size_t p = 0; p < 16; ++p) {
            double const wp = w->x[p % 4] * w->y[p / 4];
            std::size_t const i = (w->first_y + p / 4) * grid.size.w + w->first_x + p % 4;
            right[2 * i] += scale / step * wp * b.pull.x;
            right[2 * i + 1] += scale / step * wp * b.pull.y;
            for (std::size_t q = p; q < 16; ++q) {
                double const wq = scale / (step * step) * wp * w->x[q % 4] * w->y[q / 4];
                std::size_t const j = (w->first_y + q / 4) * grid.size.w + w->first_x + q % 4;
                system(2 * i, 2 * j) += wq * b.xx;
                system(2 * i, 2 * j + 1) += wq * b.xy;
                system(2 * i + 1, 2 * j + 1) += wq * b.yy;
                if (j > i)
                    system(2 * i + 1, 2 * j) += wq * b.xy;
            }
        }
    }
    solve_in_place(system, right);
    std::vector<point2> by(grid.count());
    for (std::size_t i = 0; i < by.size(); ++i)
        by[i] = {right[2 * i], right[2 * i + 1]};
    return by;
}

/// Moves a bend to where the local contrasts of the values differ least, by Gauss-Newton steps, if they are alike at all.
/// Differences are compared as correlations are: both levels have mean 0 and deviation 1.
inline void polish(bent_map& map, prepared_image const& fixed, prepared_image const& moving,
                   deformable_options const& o) {
    constexpr int most_steps = 8;
    constexpr double alike = 0.4, most_pixels = 1.1e6;
    double const scale = mean_scale(map.affine);
    image_shape const& shape = fixed.shape();
    double const pixels = static_cast<double>(shape.h) * static_cast<double>(shape.w);
    double const coarse = std::max(1.0, std::ceil(std::sqrt(pixels / most_pixels)));
    auto const window = windows_of(coarse, scale, 1, 0);
    global_search_options search = o.search;
    search.threads = o.threads;
    search_level const &a = level_of(fixed, window.fixed_factor, search, search_metric::zncc),
                       &b = level_of(moving, window.moving_factor, search, search_metric::zncc);
    if (a.values->channels() != b.values->channels())
        return;
    banded_matrix const energy = energy_of(
        map.bend.grid(), {.bending = 0.1 * o.stiffness, .membrane = 0.0025 * o.stiffness, .unit = bend_unit(shape)});
    block_grid evidence(a, b, map, o.threads);
    // The mean of r^2 / (1 + r^2) of two unrelated images is about 0.55, of equal ones 0.
    if (evidence.difference()[0] > alike)
        return;
    auto const objective = [&](block_grid const& at, bspline2 const& bend) {
        return at.difference()[0] / std::max(1e-9, evidence.difference()[0]) + energy_at(energy, bend.displacements());
    };
    for (int i = 0; i < most_steps; ++i) {
        auto const by = gauss_newton_step(evidence, map.bend, energy, a.factor);
        double const before = objective(evidence, map.bend);
        bent_map trial = map;
        bool better = false;
        double longest = 0.0;
        for (double share = 1.0; share > 0.2 && !better; share *= 0.5) {
            longest = 0.0;
            for (std::size_t k = 0; k < by.size(); ++k) {
                trial.bend.displacements()[k] = map.bend.displacements()[k] + share * by[k];
                longest = std::max(longest, share * std::hypot(by[k].x, by[k].y));
            }
            block_grid const there(a, b, trial, o.threads);
            if (objective(there, trial.bend) < before) {
                better = true;
                map = trial;
                evidence = there;
            }
        }
        if (!better || longest < 0.02)
            return;
    }
}

}}}  // namespace comir::COMIR_ABI::detail
