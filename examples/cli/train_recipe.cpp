#include "train_recipe.hpp"

#include <algorithm>
#include <vector>

#include <comir/image/c4.hpp>
#include <comir/models/any_unet.hpp>
#include <comir/training/recipe.hpp>

#include "scenes.hpp"
#include "training.hpp"

namespace {

/// The name of the shape but for its pooling, which has a setting of its own.
std::string network_name(comir::unet_shape const& shape) {
    for (comir::named_shape known : comir::named_shapes) {
        known.shape.pooling = shape.pooling;
        if (known.shape == shape)
            return std::string(known.name);
    }
    comir::fail("a recipe's shape has no name");
}

/// All settings that a recipe fixes for every image.
void take(train_settings& s, comir::training_recipe const& recipe) {
    comir::trainer_options const& o = recipe.options;
    s.network = network_name(recipe.shape);
    s.pooling = comir::pooling_names[static_cast<std::size_t>(recipe.shape.pooling)];
    s.steps = recipe.steps;
    s.batch = o.batch;
    s.temperature = o.temperature;
    s.learning_rate = o.learning_rate;
    s.decay = o.decay_l2;
    s.blur = o.augment.blur_probability;
    s.invert_contrast = o.invert_contrast;
    s.local_contrast = o.contrast_sigma;
}

}  // namespace

train_settings default_train_settings() {
    train_settings s;
    take(s, comir::comir_recipe());
    return s;
}

void follow_recipe(train_settings& s, std::string const& name) {
    comir::training_recipe const recipe = comir::find_recipe(name);
    take(s, recipe);
    // comir's other settings depend on the images and on what else is given.
    if (recipe.name == comir::comir_recipe().name)
        return;
    comir::trainer_options const& o = recipe.options;
    s.patch = o.augment.patch;
    s.grid = o.grid;
    s.canonical_weight = o.canonical_weight;
    s.equivariance = o.group_convolutions ? "network" : "loss";
}

std::vector<std::string> known_recipes() {
    return {comir::recipe_names.begin(), comir::recipe_names.end()};
}

std::vector<std::string> known_networks() {
    std::vector<std::string> names;
    for (comir::named_shape const& known : comir::named_shapes)
        names.emplace_back(known.name);
    return names;
}

std::vector<std::string> known_poolings() {
    return {comir::pooling_names.begin(), comir::pooling_names.end()};
}

std::size_t patch_of(train_settings const& s, pair_sets const& sets) {
    if (s.patch > 0)
        return s.patch;
    return s.grid > 0 ? comir::comir_recipe().options.augment.patch
                      : comir::recipe_patch(std::min(shorter_side(sets.training), shorter_side(sets.validation)));
}

comir::unet_shape shape_of(train_settings const& s) {
    auto const known =
        std::ranges::find_if(comir::named_shapes, [&](auto const& named) { return named.name == s.network; });
    comir::require(known != comir::named_shapes.end(), "there is no network called ", s.network);
    comir::unet_shape shape = known->shape;
    shape.pooling =
        static_cast<comir::pooling>(std::ranges::find(comir::pooling_names, s.pooling) - comir::pooling_names.begin());
    return shape;
}

std::string equivariance_of(train_settings const& s) {
    if (!s.equivariance.empty())
        return s.equivariance;
    return comir::any_unet(shape_of(s)).can_tie_turns() ? "network" : "loss";
}

std::string group_of(train_settings const& s) {
    return s.equivariance == "none" ? comir::trivial_group::name : comir::c4::name;
}

comir::trainer_options trainer_options_of(train_settings const& s) {
    comir::trainer_options options = comir::with_inverted_contrast(comir::comir_recipe(), s.invert_contrast).options;
    if (s.canonical_weight >= 0)
        options.canonical_weight = s.canonical_weight;
    options.names = {s.name_a, s.name_b};
    options.log = {s.log_a, s.log_b};
    options.temperature = s.temperature;
    options.batch = s.batch;
    options.grid = s.grid > 0 ? s.grid : comir::recipe_grid(s.patch);
    options.turn_apart = s.equivariance != "none";
    options.augment.patch = s.patch;
    options.augment.blur_probability = s.blur;
    options.contrast_sigma = s.local_contrast;
    options.learning_rate = s.learning_rate;
    options.decay_l2 = s.decay;
    options.seed = s.run.seed;
    options.network_seed = s.network_seed;
    options.group_convolutions = equivariance_of(s) == "network";
    options.recompute = s.recompute;
    options.threads = s.run.threads;
    return options;
}
