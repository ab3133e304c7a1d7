#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include <comir/training/prepared_scenes.hpp>

TEST_CASE("prepared_scenes: nothing is copied where the networks read the images as they are") {
    std::vector<comir::aligned_images<2>> const scenes{
        {comir::image<float>({1, 4, 5}), comir::image<float>({1, 4, 5})}};
    comir::prepared_scenes<2> const prepared(scenes, {});
    CHECK(prepared.view().data() == scenes.data());
}

TEST_CASE("prepared_scenes: each modality is prepared by its own settings") {
    comir::image<float> a({1, 4, 5});
    a(0, 1, 2) = 3;
    std::vector<comir::aligned_images<2>> const scenes{{a, a}};
    comir::encoder_settings logarithm;
    logarithm.log = true;
    comir::prepared_scenes<2> const prepared(scenes, {comir::encoder_settings{}, logarithm}, 1);
    REQUIRE(prepared.view().size() == 1);
    CHECK(prepared.view()[0][0](0, 1, 2) == 3);
    CHECK(prepared.view()[0][1](0, 1, 2) == doctest::Approx(std::log(4.0)));
    CHECK(scenes[0][1](0, 1, 2) == 3);
}
