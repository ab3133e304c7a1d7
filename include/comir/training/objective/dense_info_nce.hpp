#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <utility>

#include <comir/contrastive/activation_decay.hpp>
#include <comir/contrastive/info_nce.hpp>
#include <comir/contrastive/loss_grid.hpp>
#include <comir/core/tensor.hpp>
#include <comir/training/objective/canonical_signal_loss.hpp>
#include <comir/training/objective/objective.hpp>

namespace comir { inline namespace COMIR_ABI {

/// Settings of dense_info_nce; as the fields of trainer_options that have these names.
struct dense_info_nce_options {
    double temperature = 0.5;     // above 0
    double decay_l1 = 1e-4;       // weight of the activation decay's mean |x|
    double decay_l2 = 0.01;       // weight of its mean x^2
    double canonical_weight = 3;  // first weight of the canonical-signal loss; 0: without it
    int threads = 0;              // 0 means the OpenMP default
};

/// The objective of CoMIR on a grid: InfoNCE with a critic, whose points are the cells that all modalities' patches
/// show, or whole patches where there is no grid; plus the activation decay of the representations, plus the
/// canonical-signal loss, whose weight falls to a tenth within the first third of the steps and stays there.
/// Shapes:  x and dx: M views (N, C, P, P), with P the patch of the batch's poses
/// Writes:  gradient overwrites dx
/// Errors:  error if a weight or the temperature is out of range; shape_error if shapes do not fit
/// Threads: the same bits for any number of threads. An object holds scratch, which is reused while the shape stays:
///          one object per thread
template <class Critic, std::size_t M>
class dense_info_nce {
    using inputs = std::array<tensor_view<float const>, M>;
    using outputs = std::array<tensor_view<float>, M>;

public:
    explicit dense_info_nce(dense_info_nce_options const& options = {}, Critic critic = Critic{})
        : options_(options),
          loss_({.temperature = options.temperature, .threads = options.threads}, std::move(critic)) {
        require(options.decay_l1 >= 0 && options.decay_l2 >= 0 && options.canonical_weight >= 0,
                "comir::dense_info_nce: the weights are ", options.decay_l1, ", ", options.decay_l2, " and ",
                options.canonical_weight, ", expected 0 or above");
    }

    dense_info_nce_options const& options() const { return options_; }

    void begin(std::span<aligned_images<M> const> scenes, sampler_options const& sampling, std::size_t channels) {
        if (options_.canonical_weight > 0)
            canonical_.emplace(scenes, channels, sampling, options_.threads);
    }

    objective_report gradient(batch_info<M> const& batch, inputs const& x, outputs const& dx) {
        objective_report report;
        report.loss = contrast(batch.poses, x, dx);
        for (auto const& [norm, weight] :
             {std::pair{decay_norm::l1, options_.decay_l1}, std::pair{decay_norm::l2, options_.decay_l2}})
            if (weight > 0)
                report.decay += activation_decay<float>({.norm = norm, .weight = weight, .threads = options_.threads})
                                    .gradient(x, dx);
        if (canonical_)
            batch.poses.with_view([&](auto const& view) {
                report.canonical = canonical_->gradient(batch.step, canonical_weight(batch), x, dx, view);
            });
        return report;
    }

    /// InfoNCE alone.
    info_nce_result value(batch_info<M> const& batch, inputs const& x) { return loss_.value(points(batch.poses, x)); }

    void end() { canonical_.reset(); }

private:
    double canonical_weight(batch_info<M> const& batch) const {
        double const left = 1 - 3 * static_cast<double>(batch.step) / static_cast<double>(batch.steps);
        return options_.canonical_weight * std::max(0.1, left);
    }

    /// Cut from representations: the cells that all modalities show. Without a grid they are the points themselves.
    inputs points(crop_poses<M> const& poses, inputs const& x) {
        if (poses.is_whole())
            return x;
        std::size_t const n = x[0].shape().n, c = x[0].shape().c, k = poses.common_grid(), common = poses.common();
        inputs result;
        for (std::size_t m = 0; m < M; ++m) {
            common_[m].resize({n, c, common, common});
            for (auto* t : {&points_[m], &point_gradients_[m]})
                t->resize({n * k * k, c, common / k, common / k});
            poses.template cut_common<float>(m, x[m], common_[m].view(), options_.threads);
            cut_grid<float>(std::as_const(common_[m]).view(), k, points_[m].view(), options_.threads);
            result[m] = std::as_const(points_[m]).view();
        }
        return result;
    }

    /// The loss; its derivative by the points, joined back to that by the representations, is written to dx.
    info_nce_result contrast(crop_poses<M> const& poses, inputs const& x, outputs const& dx) {
        inputs const cut = points(poses, x);
        if (poses.is_whole())
            return loss_.gradient(cut, dx);
        outputs dpoints;
        for (std::size_t m = 0; m < M; ++m)
            dpoints[m] = point_gradients_[m].view();
        info_nce_result const result = loss_.gradient(cut, dpoints);
        for (std::size_t m = 0; m < M; ++m) {
            fill(dx[m], 0.0f);
            join_grid<float>(std::as_const(point_gradients_[m]).view(), poses.common_grid(), common_[m].view(),
                             options_.threads);
            poses.template add_common<float>(m, std::as_const(common_[m]).view(), dx[m], options_.threads);
        }
        return result;
    }

    dense_info_nce_options options_;
    info_nce<Critic> loss_;
    std::optional<canonical_signal_loss<M>> canonical_;
    std::array<tensor<float>, M> common_, points_, point_gradients_;
};

}}  // namespace comir::COMIR_ABI
