#include <atomic>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include <comir/registration/automatic/cascade.hpp>
#include <comir/registration/prepared_image.hpp>

#include "support/textured_pair.hpp"

namespace {

using comir::image;
using comir::prepared_image;
using comir::rigid2;

/// The sum of an image's values, times the key.
struct weighted_sum {
    using key = int;

    double value;
};

}  // namespace

TEST_CASE("prepared_image: owns its images, or refers to those of the caller") {
    image<float> values = texture({1, 9, 8}, 1), raw = texture({3, 9, 8}, 2);
    comir::image_mask const mask({1, 9, 8}, 1);
    prepared_image const owner(comir::registration_input{.values = values, .mask = mask, .raw = raw});
    auto const referring = prepared_image::referring_to({.values = values, .raw = raw});
    prepared_image const copy = owner;
    values(0, 0, 0) = 7.0f;
    CHECK(owner.values()(0, 0, 0) != 7.0f);
    CHECK(&copy.values() == &owner.values());
    CHECK(owner.mask().shape() == mask.shape());
    CHECK(owner.raw_or_values().channels() == 3);
    CHECK(&referring.values() == &values);
    CHECK(referring.shape() == values.shape());
    CHECK(&prepared_image::referring_to({.values = values}).raw_or_values() == &values);
}

TEST_CASE("prepared_image: what is made of it stays, by type and key, for all copies and threads") {
    prepared_image const one(comir::registration_image{image<float>({1, 2, 2}, 1.0f)}), same = one;
    std::atomic<int> made = 0;
    auto const sum = [&](prepared_image const& of, int factor) -> weighted_sum const& {
        return of.once<weighted_sum>(factor, [&] {
            ++made;
            return weighted_sum{factor * 4.0};
        });
    };
    weighted_sum const* const first = &sum(one, 2);
    for (int i = 3; i < 20; ++i)
        sum(one, i);
    CHECK(&sum(same, 2) == first);
    CHECK(first->value == 8.0);
    CHECK(made == 18);
    std::vector<weighted_sum const*> seen(8);
    {
        std::vector<std::jthread> threads;
        for (auto& s : seen)
            threads.emplace_back([&] { s = &sum(one, 100); });
    }
    for (auto const* s : seen)
        CHECK(s == seen[0]);
}

TEST_CASE("global_search_target: a second search finds the first one's levels, with the same bits") {
    auto const p = placed_pair({1, 100, 90}, {1, 80, 90}, {0.7, 9.0, -5.0}, 6);
    prepared_image const fixed(comir::registration_image{p.fixed});
    for (auto const metric :
         {comir::search_metric::zncc, comir::search_metric::mutual_information, comir::search_metric::zncc_and_mi}) {
        comir::global_search_options const options{.metric = metric, .threads = 1};
        comir::global_search_target const kept(fixed, options);
        auto const first = kept.search(p.moving), again = kept.search(p.moving),
                   alone = comir::global_search_target(p.fixed, options).search(p.moving);
        REQUIRE(!first.candidates.empty());
        for (auto const& other : {again, alone}) {
            CHECK(first.candidates[0].transform.parameters == other.candidates[0].transform.parameters);
            CHECK(first.candidates[0].score == other.candidates[0].score);
            CHECK(first.statistics.mean == other.statistics.mean);
        }
        auto const& level = comir::detail::level_of(fixed, 1, options, metric);
        CHECK(&level == &comir::detail::level_of(prepared_image(fixed), 1, options, metric));
        CHECK((level.values == nullptr) == (metric == comir::search_metric::mutual_information));
        CHECK((level.numbers == nullptr) == (metric == comir::search_metric::zncc));
    }
}

TEST_CASE("automatic_target: shares a prepared image, and a second moving image changes nothing") {
    auto const p = noisy_pair(96, rigid2{{1.0, 5.0, -7.0}, {47.5, 47.5}}, 0.1f, 3),
               q = noisy_pair(96, rigid2{{-2.0, 3.0, 1.0}, {47.5, 47.5}}, 0.1f, 3);
    comir::automatic_options options{.threads = 1};
    options.ask_raw_below = options.ask_features_below = 1.0;  // all stages
    prepared_image const fixed(comir::registration_image{p.fixed});
    comir::automatic_target const one(fixed, options), two(fixed, options);
    auto const alone = comir::register_auto(p.fixed, p.moving, options);
    two.register_to(q.moving);
    for (auto const& found : {one.register_to(p.moving), two.register_to(p.moving), one.register_to(p.moving)}) {
        CHECK(found.transform.parameters == alone.transform.parameters);
        CHECK(found.confidence == alone.confidence);
        CHECK(found.value == alone.value);
    }
}
