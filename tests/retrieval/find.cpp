#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <comir/image/convert.hpp>
#include <comir/retrieval/archive.hpp>
#include <comir/retrieval/confidence.hpp>
#include <comir/retrieval/find.hpp>
#include <comir/retrieval/rank.hpp>

#include "support/message.hpp"
#include "support/textured_pair.hpp"

namespace {

comir::image<float> archive_scene(std::uint64_t seed) {
    return texture({1, 150, 160}, seed, {.sigma = 2.5, .gain = 4.0f});
}

comir::archive_origin scene_origin() {
    return {"model", "model.safetensors", comir::description_settings()};
}

comir::archived_image archived_scene(std::uint64_t seed, std::string path) {
    auto const scene = archive_scene(seed);
    comir::archived_image made;
    made.path = std::move(path);
    made.content = std::to_string(seed);
    made.modality = "a";
    made.width = scene.width();
    made.height = scene.height();
    made.description = comir::describe(scene);
    made.representation = comir::to_integer<std::uint8_t>(scene);
    return made;
}

comir::image_archive archive_of_scenes(std::vector<std::uint64_t> const& seeds) {
    comir::image_archive archive(scene_origin());
    for (std::uint64_t const seed : seeds)
        archive.add(archived_scene(seed, "scene" + std::to_string(seed)));
    return archive;
}

/// A turned view of 64 px into a scene.
comir::image<float> view_of(std::uint64_t seed, comir::rigid2 const& truth) {
    return comir::warp(archive_scene(seed), truth.inverse(), {1, 64, 64});
}

comir::rigid2 view_pose() {
    comir::rigid2 pose;
    pose.centre = {79.5, 74.5};
    pose.parameters = {0.7, 31.5 - 79.5 + 9.0, 31.5 - 74.5 - 6.0};
    return pose;
}

auto const nothing_else = [](comir::archived_image const&) { return comir::image<float>(); };

comir::search_outcome<> outcome_of(double best, double second) {
    comir::search_outcome<> o;
    o.statistics = {1000.0, 0.0, 0.1};
    o.candidates = {{{}, best, 1.0}, {{}, second, 1.0}};
    return o;
}

}  // namespace

TEST_CASE("find_in_archive: a turned view is found where it is, with the same bits for any number of threads") {
    auto const archive = archive_of_scenes({1, 2, 3, 4});
    auto const query = view_of(3, view_pose());
    comir::find_options options;
    options.threads = 1;
    auto const one = comir::find_in_archive(archive, query, nothing_else, options);
    options.threads = 2;
    auto const two = comir::find_in_archive(archive, query, nothing_else, options);
    REQUIRE(one.found);
    REQUIRE(one.hits.size() == 4);
    CHECK(archive.images()[one.hits[0].image].path == "scene3");
    CHECK(one.hits[0].confidence > 0.9);
    CHECK(comir::corner_error(one.hits[0].corners, comir::map_corners(view_pose().inverse(), {64, 64})) < 1.0);
    for (std::size_t i = 0; i < 4; ++i) {
        CHECK(one.hits[i].image == two.hits[i].image);
        CHECK(one.hits[i].confidence == two.hits[i].confidence);
        CHECK(one.hits[i].transform.parameters == two.hits[i].transform.parameters);
        CHECK((i == 0 || one.hits[i].confidence < 0.5));
    }
}

TEST_CASE("find_in_archive: what the archive does not show is not found") {
    auto const archive = archive_of_scenes({1, 2, 4});
    auto const answer = comir::find_in_archive(archive, view_of(3, view_pose()), nothing_else);
    CHECK_FALSE(answer.found);
    CHECK(answer.hits.size() == 3);
    CHECK_FALSE(
        comir::find_in_archive(comir::image_archive(scene_origin()), view_of(3, view_pose()), nothing_else).found);
}

TEST_CASE("find_in_archive: two images of one place are both found") {
    auto archive = archive_of_scenes({1, 2, 3});
    archive.add(archived_scene(3, "twin"));
    auto const answer = comir::find_in_archive(archive, view_of(3, view_pose()), nothing_else);
    REQUIRE(answer.found);
    CHECK(answer.hits[1].confidence > 0.9);
    CHECK(answer.hits[2].confidence < 0.5);
}

TEST_CASE("find_in_archive: representations that are not kept are asked for, and said to be unavailable without") {
    auto const full = archive_of_scenes({1, 3});
    comir::image_archive bare(full.origin());
    for (comir::archived_image image : full.images()) {
        image.representation = {};
        bare.add(std::move(image));
    }
    auto const query = view_of(3, view_pose());
    auto const made = comir::find_in_archive(bare, query, [&](comir::archived_image const& known) {
        return comir::to_float(full.find(known.path)->representation);
    });
    auto const kept = comir::find_in_archive(full, query, nothing_else);
    REQUIRE(made.hits.size() == 2);
    CHECK(made.hits[0].confidence == kept.hits[0].confidence);
    auto const none = comir::find_in_archive(bare, query, nothing_else);
    CHECK_FALSE(none.found);
    CHECK(none.hits.empty());
    CHECK(none.unavailable.size() == 2);
}

TEST_CASE("find_in_archive: only as many images as asked for are registered, and errors are clear") {
    auto const archive = archive_of_scenes({1, 2, 3});
    auto const query = view_of(3, view_pose());
    CHECK(comir::find_in_archive(archive, query, nothing_else, {.verified = 2}).hits.size() == 2);
    CHECK(message([&] {
              comir::find_in_archive(archive, query, nothing_else, {.verified = 0});
          }).find("verified is 0") != std::string::npos);
    CHECK_THROWS_AS(comir::find_in_archive(archive, comir::image<float>({1, 4, 4}), nothing_else), comir::error);
    CHECK_THROWS_AS(comir::find_in_archive(archive, comir::image<float>({2, 64, 64}), nothing_else), comir::error);
    comir::image<float> damaged({1, 64, 64});
    damaged(0, 3, 3) = std::numeric_limits<float>::quiet_NaN();
    CHECK_THROWS_AS(comir::find_in_archive(archive, damaged, nothing_else), comir::error);
}

TEST_CASE("retrieval confidence: falls when another place comes near, whether in that image or in another") {
    auto const best_of = [](std::vector<comir::search_outcome<>> const& o) {
        return comir::retrieval_confidences(o)[0];
    };
    double const clear = best_of({outcome_of(0.9, 0.3), outcome_of(0.3, 0.3)});
    CHECK(clear > 0.95);
    CHECK(best_of({outcome_of(0.9, 0.9), outcome_of(0.3, 0.3)}) <= 0.5);
    CHECK(best_of({outcome_of(0.45, 0.4), outcome_of(0.44, 0.3)}) < 0.5);
    // Two that stand out from all others do not cast doubt on each other.
    auto const both = comir::retrieval_confidences(
        std::vector{outcome_of(0.9, 0.3), outcome_of(0.89, 0.3), outcome_of(0.3, 0.3), outcome_of(0.3, 0.3)});
    CHECK(both[0] > 0.95);
    CHECK(both[1] > 0.95);
    CHECK(both[2] < 0.5);
    CHECK(comir::retrieval_confidences(std::vector<comir::search_outcome<>>(2)) == std::vector<double>{0.0, 0.0});
}

TEST_CASE("archive: the order of adding does not matter, and the same path is replaced") {
    auto const at_once = archive_of_scenes({1, 2, 3});
    auto parts = archive_of_scenes({3});
    parts.merge(archive_of_scenes({2}));
    parts.add(archived_scene(7, "scene1"));
    parts.add(archived_scene(1, "scene1"));
    REQUIRE(parts.size() == 3);
    auto const query = comir::describe(view_of(2, view_pose()));
    auto const one = comir::rank_images(at_once, query), two = comir::rank_images(parts, query, 2);
    for (std::size_t i = 0; i < 3; ++i) {
        CHECK(at_once.images()[i].path == parts.images()[i].path);
        CHECK(one[i].image == two[i].image);
        CHECK(one[i].likeness == two[i].likeness);
        CHECK((i == 0 || one[i].likeness <= one[i - 1].likeness));
    }
    CHECK(parts.images()[one[0].image].path == "scene2");
    CHECK(parts.find_content("2", "a")->path == "scene2");
    CHECK(parts.find_content("2", "b") == nullptr);
    CHECK(parts.remove("scene2"));
    CHECK_FALSE(parts.remove("scene2"));
    CHECK(parts.find("scene2") == nullptr);
}

TEST_CASE("archive: images of another kind are refused") {
    auto archive = archive_of_scenes({1});
    auto other = scene_origin();
    other.model = "another";
    CHECK(message([&] { archive.merge(comir::image_archive(other)); }).find("two models") != std::string::npos);
    auto image = archived_scene(1, "");
    CHECK_THROWS_AS(archive.add(image), comir::error);
    image.path = "x";
    image.description.positions[0] = std::numeric_limits<float>::infinity();
    CHECK_THROWS_AS(archive.add(image), comir::error);
    image.description.positions[0] = 0.0f;
    image.description.descriptors.pop_back();
    CHECK_THROWS_AS(archive.add(image), comir::shape_error);
    CHECK(archive.size() == 1);
}
