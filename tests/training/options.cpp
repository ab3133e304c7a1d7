#include <cmath>
#include <limits>

#include <doctest/doctest.h>

#include <comir/training/options.hpp>

TEST_CASE("trainer_options: what is out of range is refused by its name") {
    CHECK_NOTHROW(comir::detail::check_trainer_options({}, 2));
    auto const refused = [](auto const& change, char const* why) {
        comir::trainer_options changed;
        change(changed);
        CHECK_THROWS_WITH_AS(comir::detail::check_trainer_options(changed, 2), doctest::Contains(why), comir::error);
    };
    refused([](auto& c) { c.batch = 1; }, "the batch is 1");
    refused([](auto& c) { c.log = {true}; }, "log has 1 entries");
    refused([](auto& c) { c.names = {"a", "b", "c"}; }, "there are 3 names");
    refused([](auto& c) { c.names = {"a", "a"}; }, "two modalities are called 'a'");
    refused([](auto& c) { c.learning_rate = -1; }, "learning_rate is -1");
    refused([](auto& c) { c.temperature = std::numeric_limits<double>::infinity(); }, "temperature is inf");
    refused([](auto& c) { c.momentum = 2; }, "momentum is 2");
    refused([](auto& c) { c.clip = 0; }, "clip is 0");
    refused([](auto& c) { c.decay_l2 = std::nan(""); }, "decay_l2 is");
    refused([](auto& c) { c.contrast_sigma = -3; }, "contrast_sigma is -3");
    refused([](auto& c) { c.invert_contrast = 1.5; }, "invert_contrast is 1.5");
}
