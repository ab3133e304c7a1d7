#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <comir/core/error.hpp>
#include <comir/training/batch/augment.hpp>
#include <comir/training/training_step.hpp>

namespace comir { inline namespace COMIR_ABI {

/// Settings of a training. The defaults fit networks of any shape and images of any content, and are those of the
/// original CoMIR program where a comment says so. For the accuracy that this library's measurements report, start from
/// `comir_recipe(scenes).options` (training/recipe.hpp): what it sets depends on the shape of the networks and on the
/// extent of the images, which a default cannot know.
struct trainer_options {
    double temperature = 0.5;     // of InfoNCE, above 0; the original's
    std::size_t batch = 16;       // patches of each modality a step, at least 2
    std::size_t grid = 1;         // cells along each side of a patch, each a point of the loss: 1 or 3 and more, a
                                  // divisor of the patch. Above 1, patches of two modalities lie apart (crop_poses)
    bool turn_apart = true;       // with a grid: patches of two modalities are rotated against each other
    augment_options augment{};    // patch extent, rotation, flips, blur
    double learning_rate = 1e-2;  // peak, above 0; the original's constant one
    std::size_t warm_up = 5;      // steps; then half a cosine down to zero
    double momentum = 0.9;        // 0 to below 1; the original's
    double weight_decay = 1e-5;   // 0 or above; the original's
    double clip = 1.0;            // largest norm of each network's gradient, above 0; the original's
    double decay_l1 = 1e-4;       // weight of the activation decay's mean |x|; the original's
    double decay_l2 = 0.01;  // weight of its mean x^2; the paper's 1e-4, its program's 0.1 pulls hard tasks to zero
    double canonical_weight = 3;   // first weight of the canonical-signal loss; 0 in the original, and to be 0
                                   // beside invert_contrast, which contradicts it
    std::vector<bool> log{};       // per modality: log(1 + x) of the images first; empty means none
    double contrast_sigma = 0;     // px: local_contrast of the images first; 0: not
    double contrast_floor = 0.02;  // as local_contrast_options
    double invert_contrast = 0;    // share of patches, 0 to 1, whose contrast is inverted, of each modality by itself
    std::vector<std::string> names{};  // of the modalities, kept in the encoders; empty means "modality 0" and so on
    std::uint64_t seed = 1;            // fixes the patches and the turns
    std::uint64_t network_seed = 1;    // fixes the networks before the first step: what makes models alike or not
    bool group_convolutions = false;   // of quarter turns: networks turn with their images; needs can_tie_turns()
    bool recompute = false;            // one network's feature maps at a time: less memory, a forward pass more
    int threads = 0;                   // 0 means the OpenMP default; the bits do not depend on it
};

/// How far a call of `fit` goes, and who is told.
struct fit_options {
    std::size_t steps = 160;  // in all: a training that has reached them ends at once
    /// Called after each step; returning false ends the training cleanly.
    std::function<bool(training_step const&)> on_step{};
};

namespace detail {

/// Errors: shape_error for a batch below 2 and for counts that are not those of the modalities; error for a number out
///         of its range, and for two modalities of one name
inline void check_trainer_options(trainer_options const& o, std::size_t modalities) {
    require<shape_error>(o.batch >= 2, "comir::trainer: the batch is ", o.batch,
                         ", expected at least 2 patches: the others are what each is told apart from");
    require<shape_error>(o.log.empty() || o.log.size() == modalities, "comir::trainer: log has ", o.log.size(),
                         " entries, expected one for each of ", modalities, " modalities");
    require<shape_error>(o.names.empty() || o.names.size() == modalities, "comir::trainer: there are ", o.names.size(),
                         " names, expected one for each of ", modalities, " modalities");
    auto const check = [](char const* name, double value, bool holds, char const* expected) {
        require(std::isfinite(value) && holds, "comir::trainer: ", name, " is ", value, ", expected ", expected);
    };
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

}  // namespace detail

}}  // namespace comir::COMIR_ABI
