#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <utility>
#include <vector>

#include <comir/core/error.hpp>
#include <comir/core/parallel.hpp>
#include <comir/core/progress.hpp>
#include <comir/image/image.hpp>
#include <comir/registration/local/descent_state.hpp>
#include <comir/registration/result.hpp>
#include <comir/transform/geometry.hpp>

namespace comir { inline namespace COMIR_ABI {

/// What register_at_resolutions asks of a metric that registers one moving image. Resolutions are numbered from coarse
/// to fine; a metric keeps the one that was prepared last.
///   name               begins error messages
///   least_side         pixels that a coarse resolution must leave of the moving image's shorter side
///   workspace          scratch memory of one thread, made by make_workspace() for the prepared resolution
///   resolution_count() factor(r): how many there are, and every how-manieth pixel one takes
///   prepare(r)         brings the moving image to resolution r
///   descend(state, i, workspace)  moves start i of those left and measures where it ends; called by many threads
///   compare(states)    measures what needs all threads, after all starts have come to rest
///   fits(state)        whether its overlap is enough; better(a, b): a strict weak order
///   gives_up(state, kept)  whether a start ends here that is no better than all those kept, which may be none
///   same_distance()    pixels between the corners below which two starts are one
///   end_resolution(r)  keeps what the confidence needs
///   confidence(state)  of the best state, from 0 to 1
template <class M, class Transform>
concept local_metric = requires(M metric, M const read, descent_state<Transform>& state,
                                std::vector<descent_state<Transform>>& states, typename M::workspace& workspace,
                                std::size_t i) {
    { M::name } -> std::convertible_to<char const*>;
    { M::least_side } -> std::convertible_to<std::size_t>;
    { read.resolution_count() } -> std::same_as<std::size_t>;
    { read.factor(i) } -> std::same_as<std::size_t>;
    metric.prepare(i);
    { read.make_workspace() } -> std::same_as<typename M::workspace>;
    read.descend(state, i, workspace);
    read.compare(states);
    { read.fits(state) } -> std::same_as<bool>;
    { read.better(state, state) } -> std::same_as<bool>;
    { read.gives_up(state, states) } -> std::same_as<bool>;
    { read.same_distance() } -> std::same_as<double>;
    metric.end_resolution(i);
    { read.confidence(state) } -> std::same_as<double>;
};

/// What register_at_resolutions needs beside the metric.
struct multi_resolution_options {
    double rest = 1.0;  // pixels; converged if the corners moved less at the end of the last resolution
    int threads = 0;
    progress on_progress = {};  // after each resolution; stopping leaves the best transform so far, not converged
};

namespace detail {

/// Of sorted states those that go on: the metric does not give them up, and no better one lies at the same transform.
template <class Transform, local_metric<Transform> Metric>
std::vector<descent_state<Transform>> keep_starts(Metric const& metric,
                                                  std::vector<descent_state<Transform>> const& states,
                                                  image_shape const& fixed) {
    std::vector<descent_state<Transform>> kept;
    for (auto const& state : states)
        if (!metric.gives_up(state, kept) && std::ranges::none_of(kept, [&](auto const& other) {
                return corner_distance(state.transform, other.transform, fixed.h, fixed.w) < metric.same_distance();
            }))
            kept.push_back(state);
    return kept;
}

}  // namespace detail

/// Descends from every start, from the coarsest to the finest resolution, dropping starts on the way; the result is
/// that of the best one. The metric must have one resolution or more, and there must be a start. The result has no
/// time.
/// Errors:  shape_error if the moving image is too small for the last resolution
/// Threads: over starts; the same bits for any number of threads
template <class Transform, local_metric<Transform> Metric>
registration_result<Transform> register_at_resolutions(Metric& metric, image_shape const& fixed,
                                                       image_shape const& moving, std::vector<Transform> const& starts,
                                                       multi_resolution_options const& options) {
    std::vector<descent_state<Transform>> states;
    for (Transform const& start : starts)
        states.push_back({.transform = start, .middle = start, .number = states.size()});
    registration_result<Transform> result;
    std::size_t const count = metric.resolution_count(), side = std::min(moving.h, moving.w);
    bool stopped = false;
    for (std::size_t r = 0; r < count && !stopped; ++r) {
        bool const last = r + 1 == count;
        // A moving image much smaller than the fixed one has nothing to say at its coarsest resolutions.
        if (!last && side < Metric::least_side * metric.factor(r))
            continue;
        require<shape_error>(side > metric.factor(r), Metric::name, ": the moving image is ", to_string(moving),
                             ", too small for the last pyramid factor ", metric.factor(r));
        metric.prepare(r);
        auto const team = std::min(states.size(), static_cast<std::size_t>(thread_count(options.threads)));
        std::vector<typename Metric::workspace> workspaces(team, metric.make_workspace());
        parallel_for_slots(states.size(), static_cast<int>(team),
                           [&](std::size_t i, std::size_t slot) { metric.descend(states[i], i, workspaces[slot]); });
        for (auto const& state : states)
            result.iterations += state.iterations;
        metric.compare(states);
        std::ranges::stable_sort(states, [&](auto const& a, auto const& b) { return metric.better(a, b); });
        if (!last)
            states = detail::keep_starts(metric, states, fixed);
        metric.end_resolution(r);
        stopped = !keep_going(options.on_progress, r + 1, count) && !last;
    }

    descent_state<Transform> const& best = states.front();
    result.transform = best.transform;
    result.value = best.value;
    result.overlap = best.overlap;
    result.converged = !stopped && best.informed && metric.fits(best) &&
                       corner_distance(best.transform, best.middle, fixed.h, fixed.w) <= options.rest;
    result.confidence = metric.confidence(best);
    return result;
}

}}  // namespace comir::COMIR_ABI
