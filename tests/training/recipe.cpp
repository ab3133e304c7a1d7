#include <vector>

#include <doctest/doctest.h>

#include <comir/training/recipe.hpp>

TEST_CASE("comir_recipe: patches and cells follow the smallest scene") {
    static_assert(comir::recipe_patch(144) == 112 && comir::recipe_patch(5000) == 112);
    static_assert(comir::recipe_patch(143) == 96 && comir::recipe_patch(104) == 64 && comir::recipe_patch(80) == 48);
    static_assert(comir::recipe_patch(79) == 112, "too small for any patch: the trainer says so");
    static_assert(comir::recipe_grid(112) == 7 && comir::recipe_grid(64) == 4 && comir::recipe_grid(48) == 3);
    static_assert(comir::recipe_grid(100) == 5 && comir::recipe_grid(32) == 1 && comir::recipe_grid(8) == 1);

    CHECK(comir::comir_recipe().options.augment.patch == 112);
    CHECK(comir::comir_recipe().options.grid == 7);
    std::vector<comir::aligned_images<2>> const scenes{
        {comir::image<float>({3, 200, 300}), comir::image<float>({1, 200, 300})},
        {comir::image<float>({3, 200, 110}), comir::image<float>({1, 200, 110})}};
    auto const recipe = comir::comir_recipe(scenes);
    CHECK(recipe.options.augment.patch == 64);
    CHECK(recipe.options.grid == 4);
    CHECK(recipe.steps == comir::comir_recipe().steps);
}

TEST_CASE("recipes: each is found by its name and fits its shape") {
    for (std::string_view const name : comir::recipe_names) {
        auto const recipe = comir::find_recipe(name);
        CHECK(recipe.name == name);
        CHECK(recipe.shape.valid());
        CHECK(recipe.options.augment.patch % recipe.shape.multiple() == 0);
        CHECK(recipe.options.augment.patch % recipe.options.grid == 0);
        CHECK_NOTHROW(comir::detail::check_trainer_options(recipe.options, 2));
    }
    CHECK_THROWS_WITH_AS(comir::find_recipe("cake"),
                         "comir::find_recipe: the recipe is 'cake', expected comir or paper", comir::error);
}

TEST_CASE("with_inverted_contrast: goes without the canonical-signal loss") {
    auto const recipe = comir::with_inverted_contrast(comir::comir_recipe(), 0.5);
    CHECK(recipe.options.invert_contrast == 0.5);
    CHECK(recipe.options.canonical_weight == 0);
    CHECK(comir::with_inverted_contrast(comir::comir_recipe(), 0).options.canonical_weight ==
          comir::comir_recipe().options.canonical_weight);
}
