#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <span>
#include <string_view>
#include <vector>

#include <comir/core/error.hpp>
#include <comir/models/unet_shape.hpp>
#include <comir/training/batch/sampler.hpp>
#include <comir/training/options.hpp>

namespace comir { inline namespace COMIR_ABI {

/// The shape of the networks of comir_recipe(), for any channel counts: a template argument of dense_unet, as in
/// `dense_unet<with_channels(comir_shape, 3, 1)>`.
inline constexpr unet_shape comir_shape = [] {
    unet_shape shape = compact_shape;
    shape.pooling = pooling::average;
    return shape;
}();

/// What a training needs besides images: a shape for its networks, options and a number of steps. Names, seeds and
/// threads are the program's to set; the trained tensors depend on the seeds alone.
struct training_recipe {
    std::string_view name;    // as the tool's --recipe
    unet_shape shape;         // of all networks; their channel counts are given by with_channels
    trainer_options options;  // these ask for the group c4
    std::size_t steps = 0;
};

/// Pixels that a cell of the loss is to be wide: narrower ones are told apart by detail that registration does not
/// need.
inline constexpr std::size_t recipe_cell = 16;

/// Rows and columns of comir_recipe's patches, px, for scenes of which the shortest side of all is `side` px: 112, or
/// as many cells as such scenes hold, since a training takes two cells more than a patch. At least 48: smaller scenes
/// get 112 too, which the trainer refuses with a sentence about them.
constexpr std::size_t recipe_patch(std::size_t side) {
    constexpr std::size_t most = 7 * recipe_cell, least = 3 * recipe_cell, beside = 2 * recipe_cell;
    return side >= most + beside || side < least + beside ? most : (side - beside) / recipe_cell * recipe_cell;
}

/// Cells along each side of a patch: the most that divide it and are at least recipe_cell px wide; one if they are two,
/// of which the patches of two modalities would share none.
constexpr std::size_t recipe_grid(std::size_t patch) {
    std::size_t cells = std::max<std::size_t>(1, patch / recipe_cell);
    while (patch % cells != 0)
        --cells;
    return cells > 2 ? cells : 1;
}

/// What `comir train` does: chosen on held-out pairs (docs/decisions/training-recipe.md). For scenes whose sides are
/// all at least 144 px; `side` is their shortest one, px.
inline training_recipe comir_recipe(std::size_t side = std::numeric_limits<std::size_t>::max()) {
    training_recipe recipe{.name = "comir", .shape = comir_shape, .options = {}, .steps = 720};
    trainer_options& o = recipe.options;
    o.batch = 12;
    o.augment.patch = recipe_patch(side);
    o.grid = recipe_grid(o.augment.patch);
    o.temperature = 0.25;
    o.learning_rate = 4e-2;
    o.group_convolutions = true;
    return recipe;
}

/// The same for these scenes: the patch fits into the smallest one.
template <std::size_t M>
training_recipe comir_recipe(std::span<aligned_images<M> const> scenes) {
    std::size_t side = std::numeric_limits<std::size_t>::max();
    for (aligned_images<M> const& scene : scenes)
        for (image<float> const& modality : scene)
            side = std::min({side, modality.height(), modality.width()});
    return comir_recipe(side);
}
/// The same for scenes in a vector.
template <std::size_t M>
training_recipe comir_recipe(std::vector<aligned_images<M>> const& scenes) {
    return comir_recipe(std::span<aligned_images<M> const>(scenes));
}

/// The published settings: whole patches of 128 px are the points of the loss, 23 epochs of 32 steps.
/// Source: Pielawski, Wetzer et al. 2020, arXiv:2006.06325
inline training_recipe paper_recipe() {
    training_recipe recipe{.name = "paper", .shape = paper_shape, .options = {}, .steps = 736};
    trainer_options& o = recipe.options;
    o.batch = 32;
    o.augment.patch = 128;
    o.grid = 1;
    o.temperature = 0.5;
    o.learning_rate = 1e-2;
    o.decay_l2 = 1e-4;
    o.canonical_weight = 0;
    return recipe;
}

/// The recipes by their names, for programs that take a name.
inline constexpr std::array<std::string_view, 2> recipe_names{"comir", "paper"};

/// Errors: error if no recipe has the name, with those that have
inline training_recipe find_recipe(std::string_view name) {
    require(name == recipe_names[0] || name == recipe_names[1], "comir::find_recipe: the recipe is '", name,
            "', expected comir or paper");
    return name == recipe_names[0] ? comir_recipe() : paper_recipe();
}

/// The recipe with a share of patches, 0 to 1, whose contrast is inverted, of each modality by itself: for scenes of
/// which another material is the brighter one in each modality. Without the canonical-signal loss, which contradicts
/// it.
inline training_recipe with_inverted_contrast(training_recipe recipe, double share) {
    recipe.options.invert_contrast = share;
    if (share > 0)
        recipe.options.canonical_weight = 0;
    return recipe;
}

}}  // namespace comir::COMIR_ABI
