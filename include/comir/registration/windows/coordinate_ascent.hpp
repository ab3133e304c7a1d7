#pragma once

#include <cstddef>

#include <comir/core/abi.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// The steps of an ascent: from `first`, halved as long as they are above `last`, each for so many passes at most.
struct ascent_steps {
    double first, last;
    int passes;
};

/// Moves `best` along its coordinates, one step forth or back at a time, as long as the score rises. `top` is its score;
/// move(point, coordinate, step) changes a point. Returns the highest score.
template <class Point, class Move, class Score>
double coordinate_ascent(Point& best, double top, std::size_t coordinates, ascent_steps const& steps, Move const& move,
                         Score const& score) {
    for (double step = steps.first; step > steps.last; step *= 0.5)
        for (int pass = 0; pass < steps.passes; ++pass) {
            bool moved = false;
            for (std::size_t k = 0; k < coordinates; ++k)
                for (double const sign : {-1.0, 1.0}) {
                    Point trial = best;
                    move(trial, k, sign * step);
                    if (double const value = score(trial); value > top) {
                        top = value;
                        best = trial;
                        moved = true;
                    }
                }
            if (!moved)
                break;
        }
    return top;
}

}}}  // namespace comir::COMIR_ABI::detail
