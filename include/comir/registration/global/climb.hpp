#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <utility>
#include <vector>

#include <comir/registration/global/bands.hpp>
#include <comir/registration/global/level.hpp>
#include <comir/registration/global/local_scores.hpp>
#include <comir/registration/global/options.hpp>
#include <comir/registration/global/pose.hpp>
#include <comir/registration/global/rule.hpp>
#include <comir/registration/global/scores.hpp>
#include <comir/registration/global/turn.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// Steps to a pose's neighbours: of the angle in radians, and of the logarithm of the scale.
struct turn_steps {
    double angle = 0.0, scale = 0.0;

    friend turn_steps operator*(double s, turn_steps t) { return {s * t.angle, s * t.scale}; }
};

/// Climbs from a pose to the best of its neighbours, one pixel and one step of angle or scale away, until none is
/// better; then halves these steps, `halvings` times in all.
class pose_climber {
public:
    pose_climber(search_level const& fixed, search_level const& moving, scale_band const& band,
                 global_search_options const& options)
        : fixed_(fixed), moving_(moving), band_(band), options_(options) {}

    search_pose climb(search_pose const& start, turn_steps step, std::size_t halvings, bool between_pixels) const {
        constexpr int most_moves = 8;
        cube scores{};
        search_pose best = start;
        around near{};
        for (std::size_t h = 0; h < halvings; ++h, step = 0.5 * step) {
            for (int move = 0; move < most_moves; ++move) {
                scores = score_around(best, step, near);
                std::size_t top = middle;
                for (std::size_t i = 0; i < scores.size(); ++i)
                    if (scores[i].score > scores[top].score)
                        top = i;
                best = scores[top];
                if (top == middle)
                    break;
            }
        }
        if (between_pixels && halvings > 0)
            best = interpolate(scores, best, 2.0 * step);
        return best;
    }

private:
    // The angle below, the same and above, then the scale below and above, of each y, then x, the centre in the middle.
    static constexpr std::size_t turns = 5, middle = 13;
    using cube = std::array<search_pose, 9 * turns>;

    /// The last cube and its turned images: what recurs in the next one is taken over.
    struct around {
        std::vector<turned_level> turned;
        cube scores{};
    };

    cube score_around(search_pose const& centre, turn_steps const& step, around& near) const {
        cube out{};
        std::vector<turned_level> last;
        last.swap(near.turned);
        double const f = fixed_.factor;
        for (std::size_t a = 0; a < turns; ++a) {
            double const by_angle = a < 3 ? static_cast<double>(a) - 1.0 : 0.0, by_scale = a < 3    ? 0.0
                                                                                           : a == 3 ? -1.0
                                                                                                    : 1.0;
            if ((by_angle != 0.0 && step.angle == 0.0) || (by_scale != 0.0 && step.scale == 0.0))
                continue;
            double const angle = centre.angle + by_angle * step.angle;
            double const scale = by_scale == 0.0 ? centre.scale : centre.scale * std::exp(by_scale * step.scale);
            double const zoom = scale / band_.scale;
            if (!allowed(angle - options_.angle) || !allowed_scale(scale))
                continue;
            auto const known = std::ranges::find_if(last, [&](turned_level const& t) {
                return std::abs(t.any().angle - angle) < 1e-9 && std::abs(t.any().scale - zoom) < 1e-9;
            });
            if (known != last.end()) {
                near.turned.push_back(std::move(*known));
                last.erase(known);  // steps may be so small that the next angle is known as this one
            } else {
                near.turned.push_back(turn(angle, zoom));
            }
            turned_level const& turned = near.turned.back();
            turned_grid const& grid = turned.any().grid;
            score_rule const rule = make_rule(fixed_, moving_, zoom, options_);
            auto const x0 = static_cast<std::ptrdiff_t>(std::lround(centre.x / f - grid.centre_x()));
            auto const y0 = static_cast<std::ptrdiff_t>(std::lround(centre.y / f - grid.centre_y()));
            for (std::ptrdiff_t dy = -1; dy <= 1; ++dy)
                for (std::ptrdiff_t dx = -1; dx <= 1; ++dx) {
                    std::ptrdiff_t const x = x0 + dx, y = y0 + dy;
                    double const pose_x = f * (static_cast<double>(x) + grid.centre_x());
                    double const pose_y = f * (static_cast<double>(y) + grid.centre_y());
                    search_pose& pose = out[9 * a + static_cast<std::size_t>(3 * (dy + 1) + dx + 1)];
                    auto const seen = std::ranges::find_if(near.scores, [&](search_pose const& p) {
                        return p.overlap > 0.0 && std::abs(p.angle - angle) < 1e-9 &&
                               std::abs(p.scale - scale) < 1e-9 && std::abs(p.x - pose_x) < 1e-6 &&
                               std::abs(p.y - pose_y) < 1e-6;
                    });
                    if (seen != near.scores.end()) {
                        pose = *seen;
                        continue;
                    }
                    local_score s = score_at(fixed_, turned, x, y, options_);
                    if (s.overlap < static_cast<double>(rule.min_pixels) ||
                        !within(pose_x - f * fixed_.centre_x, options_.max_shift_x) ||
                        !within(pose_y - f * fixed_.centre_y, options_.max_shift_y))
                        s.score = static_cast<double>(no_score);
                    if (s.score > static_cast<double>(no_score))
                        s.score *= rule.weight(s.overlap);
                    pose = {angle, pose_x, pose_y, s.score, s.overlap, scale, centre.band};
                }
        }
        near.scores = out;
        return out;
    }
    turned_level turn(double angle, double zoom) const {
        turned_level turned;
        if (uses_zncc(options_.metric))
            turned.values.emplace(moving_, angle, zoom, false);
        if (uses_mi(options_.metric))
            turned.numbers.emplace(moving_, angle, zoom, true);
        return turned;
    }
    bool allowed(double from_middle) const {
        return options_.max_angle >= std::numbers::pi ||
               std::abs(std::remainder(from_middle, 2.0 * std::numbers::pi)) <= options_.max_angle + 1e-9;
    }
    bool allowed_scale(double scale) const {
        return scale >= options_.min_scale * (1.0 - 1e-9) && scale <= options_.max_scale * (1.0 + 1e-9);
    }
    static bool within(double shift, double limit) { return limit == 0.0 || std::abs(shift) <= limit + 1e-9; }

    /// The top of parabolas through the neighbours of the middle, along each axis.
    search_pose interpolate(cube const& scores, search_pose const& best, turn_steps const& step) const {
        auto const between = [&](std::size_t below, std::size_t above) {
            double const low = scores[below].score, mid = scores[middle].score, high = scores[above].score,
                         bend = low - 2.0 * mid + high;
            bool const usable = low > static_cast<double>(no_score) && high > static_cast<double>(no_score);
            return usable && bend < 0.0 ? std::clamp(0.5 * (low - high) / bend, -0.5, 0.5) : 0.0;
        };
        auto const top = [&](std::size_t stride) { return between(middle - stride, middle + stride); };
        search_pose out = best;
        out.angle += step.angle * top(9);
        out.y += fixed_.factor * top(3);
        out.x += fixed_.factor * top(1);
        if (step.scale > 0.0)
            out.scale = std::clamp(out.scale * std::exp(step.scale * between(middle + 18, middle + 27)),
                                   options_.min_scale, options_.max_scale);
        return out;
    }

    search_level const& fixed_;
    search_level const& moving_;
    scale_band const& band_;
    global_search_options const& options_;
};

}}}  // namespace comir::COMIR_ABI::detail
