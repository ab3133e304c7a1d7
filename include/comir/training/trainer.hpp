#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <comir/contrastive/activation_decay.hpp>
#include <comir/contrastive/info_nce.hpp>
#include <comir/contrastive/loss_grid.hpp>
#include <comir/image/c4.hpp>
#include <comir/image/convert.hpp>
#include <comir/models/encoder.hpp>
#include <comir/optim/clip.hpp>
#include <comir/optim/schedule.hpp>
#include <comir/optim/sgd.hpp>
#include <comir/training/batch/crop_poses.hpp>
#include <comir/training/batch/inverted_contrast.hpp>
#include <comir/training/batch/sampler.hpp>
#include <comir/training/objective/canonical_signal_loss.hpp>

namespace comir { inline namespace COMIR_ABI {

/// Settings of a training. Defaults without a source were chosen on held-out pairs.
struct trainer_options {
    double temperature = 0.5;     // of InfoNCE; the original's
    std::size_t batch = 16;       // patches of each modality a step
    std::size_t grid = 1;         // per side of a patch: its pieces are the points of the loss; the original's 1.
                                  // Above 1, patches of two modalities lie apart; see crop_poses
    bool turn_apart = true;       // with cells: patches of two modalities are turned against each other
    augment_options augment{};    // patch extent, rotation, flips, blur
    double learning_rate = 1e-2;  // peak; the original's constant one
    std::size_t warm_up = 5;      // steps; then half a cosine down to zero
    double momentum = 0.9;        // the original's
    double weight_decay = 1e-5;   // the original's
    double clip = 1.0;            // largest norm of each network's gradient; the original's
    double decay_l1 = 1e-4;       // activation decay; the original's
    double decay_l2 = 0.01;       // activation decay; the paper's 1e-4, its program's 0.1 pulls hard tasks to zero
    double canonical_weight =
        3;  // first weight of the canonical_signal_loss; 0 beside invert_contrast, and in the original
    std::vector<bool> log{};           // per modality: log(1 + x) first; empty means none
    double contrast_sigma = 0;         // px: local_contrast first; 0: not
    double contrast_floor = 0.02;      // as local_contrast_options
    double invert_contrast = 0;        // share of patches whose contrast is turned over, of each modality by itself
    std::vector<std::string> names{};  // of the modalities, kept in the encoders
    std::uint64_t seed = 1;            // fixes the patches and the turns
    std::uint64_t network_seed = 1;    // fixes the networks before the first step: what makes models alike or not
    bool group_convolutions = false;   // of quarter turns: networks turn with their images; see tie_turns
    bool recompute = false;            // one network's feature maps at a time: less memory, a forward pass more
    int threads = 0;
};

/// What one step showed.
struct training_step {
    std::size_t step = 0, steps = 0;  // finished, and of all
    info_nce_result loss;             // before the update
    double decay = 0;                 // the activation decay's share
    double canonical = 0;             // the canonical_signal_loss's share
    double learning_rate = 0;
    std::vector<double> gradient_norms;  // before clipping, of each network
    double seconds = 0;
};

struct fit_options {
    std::size_t steps = 160;
    /// Called after each step; returning false ends the training cleanly.
    std::function<bool(training_step const&)> on_step{};
};

/// The numbers of one network in training.
struct network_state {
    std::vector<float> parameters, running;
    sgd_state<float> optimizer;

    bool operator==(network_state const& other) const {
        return parameters == other.parameters && running == other.running &&
               optimizer.velocity == other.optimizer.velocity;
    }
};

/// All that changes while training: saved and restored, a training goes on bit for bit.
struct trainer_state {
    std::uint64_t step = 0;
    std::vector<network_state> networks;

    bool operator==(trainer_state const&) const = default;
};

/// Trains one network per modality on aligned images, connected by the loss only: patches are turned by independent
/// quarter turns, encoded, turned back and compared by InfoNCE with the critic.
/// Networks: dense_unet, any_unet, or a class with their calls and a workspace with those of unet_workspace
/// Errors: shape_error if scenes, channels or settings do not fit; error if a loss or gradient is not finite, with the
///         state as it was before that step
/// Threads: within each step; the same bits for any number of threads
/// Source:  Pielawski, Wetzer et al. 2020, arXiv:2006.06325
template <class Critic, class Group, class... Networks>
class trainer {
    static_assert(rotation_group<Group>, "comir: trainer needs a rotation group: comir::c4 or comir::trivial_group");
    static_assert(sizeof...(Networks) >= 2, "comir: trainer needs one network for each of at least two modalities");

public:
    static constexpr std::size_t modalities = sizeof...(Networks);

    /// With networks whose channel counts are fixed.
    explicit trainer(trainer_options options = {}) requires(std::default_initializable<Networks>&&...)
        : trainer(std::move(options), Networks()...) {}
    trainer(trainer_options options, Networks... networks)
        : trainer(std::move(options), Critic{}, std::move(networks)...) {}
    /// With a critic that carries values of its own.
    trainer(trainer_options options, Critic critic, Networks... networks)
        : options_(std::move(options)),
          networks_(std::move(networks)...),
          loss_({.temperature = options_.temperature, .threads = options_.threads}, std::move(critic)),
          poses_(options_.augment.patch, options_.grid, options_.turn_apart && options_.augment.rotate) {
        require<shape_error>(options_.batch >= 2, "comir::trainer: the batch is ", options_.batch,
                             ", expected at least 2 patches: the others are what each is told apart from");
        require<shape_error>(options_.log.empty() || options_.log.size() == modalities, "comir::trainer: log has ",
                             options_.log.size(), " entries, expected one for each of ", modalities, " modalities");
        require(alike || !options_.recompute,
                "comir::trainer: recompute is on, but the networks' workspaces are of different types; they cannot "
                "take turns in one");
        require<shape_error>(options_.names.empty() || options_.names.size() == modalities,
                             "comir::trainer: there are ", options_.names.size(), " names, expected one for each of ",
                             modalities, " modalities");
        check_numbers();
        state_.networks.resize(modalities);
        each([&]<std::size_t I>() {
            auto const& network = std::get<I>(networks_);
            require<shape_error>(network.out_channels() == std::get<0>(networks_).out_channels(),
                                 "comir::trainer: network ", I, " has ", network.out_channels(),
                                 " output channels, network 0 has ", std::get<0>(networks_).out_channels(),
                                 "; representations must be alike");
            require<shape_error>(options_.augment.patch % network.multiple() == 0, "comir::trainer: a patch of ",
                                 options_.augment.patch, " px, expected a multiple of ", network.multiple());
            network_state& s = state_.networks[I];
            s.parameters.resize(network.parameter_count());
            s.running.resize(network.running_count());
            network.initialise(s.parameters, s.running, detail::mix64(options_.network_seed + 977 * I));
            if (options_.group_convolutions)
                network.tie_turns(s.parameters, s.running);
        });
    }

    trainer_options const& options() const { return options_; }
    trainer_state const& state() const { return state_; }
    /// The range is not part of the state: it is 0 to 1 until fit or set_range.
    /// Errors: shape_error if the state is not of these networks
    void restore(trainer_state state) {
        require<shape_error>(state.networks.size() == modalities, "comir::trainer::restore: the state has ",
                             state.networks.size(), " networks, expected ", modalities);
        for (std::size_t m = 0; m < modalities; ++m) {
            std::size_t const count = state_.networks[m].parameters.size(),
                              velocity = state.networks[m].optimizer.velocity.size();
            require<shape_error>(state.networks[m].parameters.size() == count &&
                                     state.networks[m].running.size() == state_.networks[m].running.size() &&
                                     (velocity == 0 || velocity == count),
                                 "comir::trainer::restore: the state of network ", m,
                                 " is that of another shape; give the networks that it was saved with");
        }
        state_ = std::move(state);
    }

    /// Trains up to `steps` in all, from the step that the state has reached.
    void fit(std::span<aligned_images<modalities> const> scenes, fit_options const& fit) {
        std::vector<aligned_images<modalities>> made;
        auto const prepared = prepare(scenes, made);
        batch_sampler<modalities> const sampler(prepared, sampling(scenes));
        reserve(sampler);
        std::optional<canonical_signal_loss<modalities>> canonical;
        if (options_.canonical_weight > 0 && state_.step < fit.steps)
            canonical.emplace(prepared, std::get<0>(networks_).out_channels(), sampler.options(), options_.threads);
        cosine_schedule const rate{options_.learning_rate, 0, options_.warm_up};
        while (state_.step < fit.steps) {
            auto const begin = std::chrono::steady_clock::now();
            training_step report;
            random_stream places(options_.seed, state_.step, 0x706c61636573);
            poses_.place(options_.batch, places);
            with_view([&](auto const& view) { sampler.draw(state_.step, views(patches_), view, options_.threads); });
            for (std::size_t m = 0; m < modalities && options_.invert_contrast > 0; ++m) {
                random_stream random(options_.seed, state_.step, 0x6e656761 + m);
                invert_contrast(patches_[m].view(), options_.invert_contrast, random);
            }
            report.learning_rate = rate(state_.step, fit.steps);
            report.steps = fit.steps;
            step(report, canonical ? &*canonical : nullptr);
            report.step = ++state_.step;
            report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
            if (fit.on_step && !fit.on_step(report))
                break;
        }
        range_ = measure_range(sampler);
    }

    /// Mean loss over `batches` fixed batches of the scenes, with the running statistics as in encoding.
    info_nce_result validate(std::span<aligned_images<modalities> const> scenes, std::size_t batches = 4) {
        require(batches > 0, "comir::trainer::validate: 0 batches were asked for, expected at least 1");
        std::vector<aligned_images<modalities>> made;
        auto const prepared = prepare(scenes, made);
        batch_sampler<modalities> const sampler(prepared, sampling(scenes));
        reserve(sampler);
        info_nce_result mean{};
        for (std::size_t b = 0; b < batches; ++b) {
            encode_validation(sampler, b);
            info_nce_result const one = loss_.value(constant_views(cut()));
            mean.loss += one.loss / static_cast<double>(batches);
            mean.positive_similarity += one.positive_similarity / static_cast<double>(batches);
            mean.accuracy += one.accuracy / static_cast<double>(batches);
        }
        return mean;
    }

    /// Bytes of the feature maps and their gradients that training has made room for.
    std::size_t bytes() const {
        std::size_t total = 0;
        each([&]<std::size_t I>() { total += std::get<I>(workspaces_).bytes(); });
        return total;
    }

    /// The mapping to 0..1 that the end of fit measured.
    intensity_range const& range() const { return range_; }
    void set_range(intensity_range const& range) { range_ = range; }

    /// The trained encoder of modality I, a copy.
    template <std::size_t I>
    auto encoder() const {
        using network = std::tuple_element_t<I, std::tuple<Networks...>>;
        return comir::encoder<network>(std::get<I>(networks_), state_.networks[I].parameters,
                                       state_.networks[I].running, settings(I));
    }

private:
    void check_numbers() const {
        auto const check = [](char const* name, double value, bool holds, char const* expected) {
            require(std::isfinite(value) && holds, "comir::trainer: ", name, " is ", value, ", expected ", expected);
        };
        auto const& o = options_;
        check("temperature", o.temperature, o.temperature > 0, "a finite number above 0");
        check("learning_rate", o.learning_rate, o.learning_rate > 0, "a finite number above 0");
        check("momentum", o.momentum, o.momentum >= 0 && o.momentum < 1, "0 to below 1");
        check("clip", o.clip, o.clip > 0, "a finite number above 0");
        check("invert_contrast", o.invert_contrast, o.invert_contrast >= 0 && o.invert_contrast <= 1, "0 to 1");
        for (auto const& [name, value] : {std::pair{"weight_decay", o.weight_decay},
                                          {"decay_l1", o.decay_l1},
                                          {"decay_l2", o.decay_l2},
                                          {"canonical_weight", o.canonical_weight},
                                          {"contrast_sigma", o.contrast_sigma}})
            check(name, value, value >= 0, "a finite number of 0 or above");
        for (std::size_t i = 0; i < o.names.size(); ++i)
            for (std::size_t j = 0; j < i; ++j)
                require(o.names[i] != o.names[j], "comir::trainer: two modalities are called '", o.names[i],
                        "'; give each a name of its own");
    }
    encoder_settings settings(std::size_t modality) const {
        return {.modality = options_.names.empty() ? "modality " + std::to_string(modality) : options_.names[modality],
                .log = !options_.log.empty() && options_.log[modality],
                .range = range_,
                .contrast_sigma = options_.contrast_sigma,
                .contrast_floor = options_.contrast_floor};
    }
    static constexpr bool alike = (std::same_as<typename Networks::workspace,
                                                typename std::tuple_element_t<0, std::tuple<Networks...>>::workspace> &&
                                   ...);

    template <std::size_t I>
    auto& workspace() {
        if constexpr (alike)
            return options_.recompute ? std::get<0>(workspaces_) : std::get<I>(workspaces_);
        else
            return std::get<I>(workspaces_);
    }
    template <class F>
    static void each(F&& f) {
        [&]<std::size_t... I>(std::index_sequence<I...>) {
            (f.template operator()<I>(), ...);
        }
        (std::index_sequence_for<Networks...>{});
    }
    static std::array<tensor_view<float>, modalities> views(std::array<tensor<float>, modalities>& tensors) {
        std::array<tensor_view<float>, modalities> result;
        for (std::size_t m = 0; m < modalities; ++m)
            result[m] = tensors[m].view();
        return result;
    }
    static std::array<tensor_view<float const>, modalities> constant_views(
        std::array<tensor<float>, modalities> const& tensors) {
        std::array<tensor_view<float const>, modalities> result;
        for (std::size_t m = 0; m < modalities; ++m)
            result[m] = tensors[m].view();
        return result;
    }

    /// The scenes as the networks read them. Copies, which may be large, are made in `made` and only where they differ.
    std::span<aligned_images<modalities> const> prepare(std::span<aligned_images<modalities> const> scenes,
                                                        std::vector<aligned_images<modalities>>& made) const {
        bool differ = false;
        for (std::size_t m = 0; m < modalities; ++m)
            differ = differ || preprocesses(settings(m));
        if (!differ)
            return scenes;
        made.assign(scenes.begin(), scenes.end());
        for (auto& scene : made)
            for (std::size_t m = 0; m < modalities; ++m)
                scene[m] = preprocess(std::move(scene[m]), settings(m), options_.threads);
        return made;
    }

    /// Squares that hold the patches of all modalities.
    sampler_options sampling(std::span<aligned_images<modalities> const> scenes) const {
        for (std::size_t i = 0; i < scenes.size() && options_.grid > 1; ++i) {
            image_shape const s = scenes[i][0].shape();
            require<shape_error>(s.h >= poses_.square() && s.w >= poses_.square(), "comir::trainer: a patch of ",
                                 options_.augment.patch, " px does not fit into scene ", i, " of ", s.w, " x ", s.h,
                                 " px: it takes ", poses_.square(),
                                 " px, since patches of two modalities lie apart; use a smaller patch, or one cell");
        }
        sampler_options result{.augment = options_.augment, .seed = options_.seed};
        result.augment.patch = poses_.square();
        return result;
    }

    /// Calls f with what patches are seen through in their squares.
    template <class F>
    void with_view(F const& f) const {
        if (options_.grid > 1)
            f([this](std::size_t m, std::size_t n) { return poses_.to_square(m, n); });
        else
            f(whole_view{});
    }

    void reserve(batch_sampler<modalities> const& sampler) {
        std::size_t const n = options_.batch, p = options_.augment.patch;
        each([&]<std::size_t I>() {
            std::size_t const in = std::get<I>(networks_).in_channels(), out = std::get<I>(networks_).out_channels();
            require<shape_error>(sampler.channels(I) == in, "comir::trainer: modality ", I, " has ",
                                 sampler.channels(I), " channels, its network expects ", in);
            for (auto* t : {&patches_[I], &turned_[I]})
                t->resize({n, in, p, p});
            for (auto* t : {&encoded_[I], &representations_[I], &gradients_[I]})
                t->resize({n, out, p, p});
            if (options_.grid > 1) {
                std::size_t const k = poses_.common_grid(), common = poses_.common();
                common_[I].resize({n, out, common, common});
                for (auto* t : {&points_[I], &point_gradients_[I]})
                    t->resize({n * k * k, out, common / k, common / k});
            }
            parameter_gradients_[I].resize(state_.networks[I].parameters.size());
            turns_[I].resize(n);
            inverse_[I].resize(n);
        });
    }

    /// Falls in the first third of the steps to a tenth, which stays.
    double canonical_weight(std::size_t steps) const {
        double const left = 1 - 3 * static_cast<double>(state_.step) / static_cast<double>(steps);
        return options_.canonical_weight * std::max(0.1, left);
    }

    template <std::size_t I>
    void forward() {
        network_state& s = state_.networks[I];
        std::get<I>(networks_).forward(s.parameters, s.running, std::as_const(turned_[I]).view(), encoded_[I].view(),
                                       state_.step, workspace<I>(), options_.threads);
    }

    /// The gradient by the parameters from that by the representations, after forward.
    template <std::size_t I>
    void backward() {
        if constexpr (alike)
            if (!options_.recompute)
                std::get<I>(workspaces_).exchange_gradients(std::get<(I + 1) % modalities>(workspaces_));
        auto& gradient = parameter_gradients_[I];
        std::fill(gradient.begin(), gradient.end(), 0.0f);
        // The turns' gradient: turned as the input was.
        turn<float>(std::as_const(gradients_[I]).view(), turns_[I], encoded_[I].view(), options_.threads);
        std::get<I>(networks_).backward(state_.networks[I].parameters, std::as_const(turned_[I]).view(),
                                        std::as_const(encoded_[I]).view(), {}, gradient, state_.step, workspace<I>(),
                                        options_.threads);
    }

    void step(training_step& report, canonical_signal_loss<modalities>* canonical) {
        // Independent quarter turns of every patch of every modality, undone behind the network.
        each([&]<std::size_t I>() {
            random_stream random(options_.seed, state_.step, 0x7475726e + I);
            for (std::size_t n = 0; n < options_.batch; ++n) {
                turns_[I][n] = quarter_turns_of<Group>(random.below(Group::order));
                inverse_[I][n] = inverse_turn(turns_[I][n]);
            }
            turn<float>(std::as_const(patches_[I]).view(), turns_[I], turned_[I].view(), options_.threads);
            running_before_[I] = state_.networks[I].running;
            forward<I>();
            turn<float>(std::as_const(encoded_[I]).view(), inverse_[I], representations_[I].view(), options_.threads);
        });

        auto const inputs = constant_views(representations_);
        auto const outputs = views(gradients_);
        report.loss = loss_.gradient(constant_views(cut()), options_.grid > 1 ? views(point_gradients_) : outputs);
        if (options_.grid > 1)
            for (std::size_t m = 0; m < modalities; ++m) {
                fill(outputs[m], 0.0f);
                join_grid<float>(std::as_const(point_gradients_[m]).view(), poses_.common_grid(), common_[m].view(),
                                 options_.threads);
                poses_.template add_common<float>(m, std::as_const(common_[m]).view(), outputs[m], options_.threads);
            }
        for (auto const& [norm, weight] :
             {std::pair{decay_norm::l1, options_.decay_l1}, std::pair{decay_norm::l2, options_.decay_l2}})
            if (weight > 0)
                report.decay += activation_decay<float>({.norm = norm, .weight = weight, .threads = options_.threads})
                                    .gradient(inputs, outputs);

        if (canonical)
            with_view([&](auto const& view) {
                report.canonical =
                    canonical->gradient(state_.step, canonical_weight(report.steps), inputs, outputs, view);
            });

        report.gradient_norms.resize(modalities);
        bool finite = std::isfinite(report.loss.loss + report.decay + report.canonical);
        // From the last network, whose feature maps are there even if the networks take turns in one workspace.
        each([&]<std::size_t Before>() {
            constexpr std::size_t I = modalities - 1 - Before;
            if (options_.recompute && Before > 0) {
                state_.networks[I].running = running_before_[I];  // forward mixes the batch's in once more
                forward<I>();
            }
            backward<I>();
            if (options_.group_convolutions)
                std::get<I>(networks_).average_tied(parameter_gradients_[I], state_.networks[I].running);
            report.gradient_norms[I] = clip_norm(std::span(parameter_gradients_[I]), options_.clip, options_.threads);
            finite = finite && std::isfinite(report.gradient_norms[I]);
        });
        if (!finite) {
            for (std::size_t m = 0; m < modalities; ++m)
                state_.networks[m].running = running_before_[m];
            fail("comir::trainer: the loss or its gradient is not finite at step ", state_.step + 1,
                 "; the state before that step is kept; lower the learning rate or raise the temperature");
        }
        for (std::size_t m = 0; m < modalities; ++m) {
            sgd const descent{.learning_rate = report.learning_rate,
                              .momentum = options_.momentum,
                              .weight_decay = options_.weight_decay,
                              .threads = options_.threads};
            descent.step(state_.networks[m].parameters, parameter_gradients_[m], state_.networks[m].optimizer);
        }
    }

    /// The points of the loss: the representations, or the cells that all modalities show.
    std::array<tensor<float>, modalities> const& cut() {
        if (options_.grid <= 1)
            return representations_;
        for (std::size_t m = 0; m < modalities; ++m) {
            poses_.template cut_common<float>(m, std::as_const(representations_[m]).view(), common_[m].view(),
                                              options_.threads);
            cut_grid<float>(std::as_const(common_[m]).view(), poses_.common_grid(), points_[m].view(),
                            options_.threads);
        }
        return points_;
    }

    void encode_validation(batch_sampler<modalities> const& sampler, std::uint64_t index) {
        poses_.place_alike(options_.batch);
        with_view([&](auto const& view) { sampler.draw_validation(index, views(patches_), view, options_.threads); });
        each([&]<std::size_t I>() {
            std::get<I>(networks_).encode(state_.networks[I].parameters, state_.networks[I].running,
                                          std::as_const(patches_[I]).view(), representations_[I].view(), workspace<I>(),
                                          options_.threads);
        });
    }

    /// From the half percent's to the last half percent's quantile of all modalities' representations together.
    intensity_range measure_range(batch_sampler<modalities> const& sampler) {
        std::vector<float> values;
        for (std::size_t b = 0; b < 2; ++b) {
            encode_validation(sampler, b);
            for (auto const& t : representations_)
                for_each_row(t.view(),
                             [&](float const* row, std::size_t w) { values.insert(values.end(), row, row + w); });
        }
        auto const quantile = [&](double share) {
            auto const place =
                values.begin() + static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
            std::nth_element(values.begin(), place, values.end());
            return *place;
        };
        intensity_range range{quantile(0.005), quantile(0.995)};
        if (!(range.high > range.low))
            range.high = range.low + 1;
        return range;
    }

    trainer_options options_;
    std::tuple<Networks...> networks_;
    trainer_state state_;
    intensity_range range_;
    std::tuple<typename Networks::workspace...> workspaces_;  // with recompute, only the first is used
    info_nce<Critic> loss_;
    crop_poses<modalities> poses_;
    std::array<tensor<float>, modalities> patches_, turned_, encoded_, representations_, gradients_;
    std::array<tensor<float>, modalities> common_, points_, point_gradients_;
    std::array<std::vector<float>, modalities> parameter_gradients_, running_before_;
    std::array<std::vector<std::uint8_t>, modalities> turns_, inverse_;
};

}}  // namespace comir::COMIR_ABI
