#include <span>
#include <string>
#include <support/temporary_folder.hpp>
#include <utility>
#include <variant>
#include <vector>

#include <doctest/doctest.h>

#include <comir/core/random.hpp>
#include <comir/io/model_file.hpp>

namespace {

constexpr comir::unet_shape with_options(comir::unet_shape shape) {
    shape.pooling = comir::pooling::blur;
    shape.upsampling = comir::upsampling::transposed;
    shape.early_transition = true;
    return shape;
}

template <class Network>
comir::encoder<Network> make_encoder(Network network, std::string modality) {
    std::vector<float> parameters(network.parameter_count()), running(network.running_count());
    network.initialise(parameters, running, 3);
    return {std::move(network),
            std::move(parameters),
            std::move(running),
            {.modality = std::move(modality), .log = false, .range = {}}};
}

comir::image<float> encoded(comir::any_encoder const& held, comir::image<float> const& source) {
    return std::visit([&](auto const& e) { return e.encode(source); }, held);
}

}  // namespace

TEST_CASE("model_file: networks with options come back and encode with the same bits") {
    temporary_folder const folder;
    auto const options = make_encoder(comir::dense_unet<with_options(comir::compact_shape)>(), "a");
    comir::model m;
    m.encoders = {comir::to_any_encoder(options),
                  comir::to_any_encoder(make_encoder(comir::compact_network(1, 1), "b"))};
    m.info = {.critic = "mse", .group = "c4", .version = "1"};
    comir::write_model(folder / "m", m);
    auto const read = comir::read_model(folder / "m");
    CHECK(std::holds_alternative<comir::encoder<comir::any_unet>>(read.find("a")));
    CHECK(std::holds_alternative<comir::encoder<comir::compact_network>>(read.find("b")));
    comir::image<float> picture({3, 37, 50});
    comir::random_stream random(4);
    for (float& value : picture.values())
        value = static_cast<float>(random.uniform());
    auto const expected = options.encode(picture), actual = encoded(read.find("a"), picture);
    CHECK(std::vector<float>(actual.values().begin(), actual.values().end()) ==
          std::vector<float>(expected.values().begin(), expected.values().end()));
    comir::write_model(folder / "again", read);
    CHECK(read_all(folder / "again") == read_all(folder / "m"));
}

TEST_CASE("model_file: networks of any shape come back and encode with the same bits") {
    temporary_folder const folder;
    constexpr comir::unet_shape own{
        .in = 2, .out = 3, .first = 5, .down = {1, 2}, .bottleneck = 1, .up = {2, 1}, .growth = 4};
    auto const given = make_encoder(comir::dense_unet<own>(), "a");
    comir::model m;
    m.encoders = {comir::to_any_encoder(given)};
    m.info = {.critic = "mse", .group = "c4", .version = "1"};
    comir::write_model(folder / "m", m);
    auto const read = comir::read_model(folder / "m");
    comir::image<float> picture({2, 21, 30});
    comir::random_stream random(5);
    for (float& value : picture.values())
        value = static_cast<float>(random.uniform());
    auto const expected = given.encode(picture), actual = encoded(read.find("a"), picture);
    CHECK(std::vector<float>(actual.values().begin(), actual.values().end()) ==
          std::vector<float>(expected.values().begin(), expected.values().end()));
}

TEST_CASE("model_file: options that do not fit the tensors are refused") {
    temporary_folder const folder;
    comir::model m;
    m.encoders = {comir::to_any_encoder(make_encoder(comir::compact_network(1, 1), "b"))};
    m.info = {.critic = "mse", .group = "c4", .version = "1"};
    comir::write_model(folder / "m", m);
    auto const file = comir::read_safetensors(folder / "m");
    auto metadata = file.metadata();
    metadata["b.shape"].insert(1, R"("upsampling":"transposed",)");
    comir::write_safetensors(folder / "foreign", file.entries(), metadata);
    CHECK_THROWS_WITH_AS(comir::read_model(folder / "foreign"),
                         doctest::Contains("'b.transitions_up.0.upsampling_layer.0.weight' is missing"),
                         comir::format_error);
}

TEST_CASE("any_unet: shapes that make no network are refused") {
    auto shape = comir::compact_shape;
    shape.up[2] = 0;
    CHECK_THROWS_AS(comir::any_unet{shape}, comir::error);
    CHECK_THROWS_AS(comir::any_unet{comir::with_channels(comir::compact_shape, 0, 1)}, comir::error);
}
