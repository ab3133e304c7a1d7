#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <functional>
#include <limits>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include <doctest/doctest.h>

#include <comir/io/model_file.hpp>

#include "support/temporary_folder.hpp"

namespace {

template <class Network>
comir::any_encoder make_encoder(std::string const& modality, std::size_t in, std::size_t out, bool log,
                                std::uint64_t seed) {
    Network const network(in, out);
    std::vector<float> parameters(network.parameter_count()), running(network.running_count());
    network.initialise(parameters, running, seed);
    // Numbers that a detour through text or a sum would change.
    parameters[0] = -0.0f;
    parameters[1] = std::numeric_limits<float>::denorm_min();
    parameters.back() = std::numeric_limits<float>::max();
    running[0] = 0.1f;
    return comir::encoder<Network>(network, parameters, running, {modality, log, {-0.1f, std::nextafter(1.0f, 2.0f)}});
}

comir::model small_model() {
    comir::model m;
    m.encoders.push_back(make_encoder<comir::compact_network>("visible", 3, 1, false, 1));
    m.encoders.push_back(make_encoder<comir::compact_network>("near infrared", 1, 1, true, 2));
    m.info = {.critic = "mse", .group = "c4", .temperature = 0.07, .steps = 160, .version = "0.1.0"};
    return m;
}

template <class T>
bool same_bits(std::vector<T> const& a, std::vector<T> const& b) {
    return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0);
}

void check_same(comir::model const& a, comir::model const& b) {
    CHECK(a.info == b.info);
    REQUIRE(a.encoders.size() == b.encoders.size());
    for (std::size_t i = 0; i < a.encoders.size(); ++i) {
        CHECK(a.encoders[i].index() == b.encoders[i].index());
        auto const numbers = [](comir::any_encoder const& held) {
            return std::visit([](auto const& e) { return std::pair(e.parameters(), e.running()); }, held);
        };
        auto const left = numbers(a.encoders[i]), right = numbers(b.encoders[i]);
        CHECK(same_bits(left.first, right.first));
        CHECK(same_bits(left.second, right.second));
        auto const& s = comir::settings_of(a.encoders[i]);
        auto const& t = comir::settings_of(b.encoders[i]);
        CHECK(s.modality == t.modality);
        CHECK(s.log == t.log);
        CHECK(s.contrast_sigma == t.contrast_sigma);
        CHECK(s.contrast_floor == t.contrast_floor);
        CHECK(s.average_turns == t.average_turns);
        CHECK(s.range == t.range);
    }
}

/// A safetensors file whose parts a test may change.
struct open_file {
    std::vector<comir::safetensors_entry> entries;
    std::map<std::string, std::string> metadata;

    comir::safetensors_entry& at(std::string const& name) {
        for (auto& entry : entries)
            if (entry.name == name)
                return entry;
        FAIL("no tensor ", name);
        return entries.front();
    }
};

/// Changes a good file, and expects a format_error that names the file and says `why`.
class refusals {
public:
    explicit refusals(std::function<void(std::filesystem::path const&)> read, std::filesystem::path const& good)
        : read_(std::move(read)), good_(comir::read_safetensors(good)) {}

    template <class Change>
    void check(std::string const& why, Change change) const {
        open_file changed{good_.entries(), good_.metadata()};
        change(changed);
        auto const path = folder_ / "changed";
        comir::write_safetensors(path, changed.entries, changed.metadata);
        CAPTURE(why);
        CHECK_THROWS_WITH_AS(read_(path), doctest::Contains(why.c_str()), comir::format_error);
        CHECK_THROWS_WITH_AS(read_(path), doctest::Contains(path.c_str()), comir::format_error);
    }
    void check_text(std::string const& name, std::string const& text, std::string const& why) const {
        check(why, [&](open_file& file) { file.metadata[name] = text; });
    }

private:
    std::function<void(std::filesystem::path const&)> read_;
    comir::safetensors_file good_;
    temporary_folder folder_;
};

template <class Read>
void check_cuts(std::string const& whole, Read read) {
    temporary_folder const folder;
    std::vector<std::size_t> lengths;
    for (std::size_t i = 0; i < 20; ++i) {
        lengths.push_back(i);
        lengths.push_back(whole.size() * i / 20);
        lengths.push_back(whole.size() - 1 - i);
    }
    for (std::size_t length : lengths)
        CHECK_THROWS_WITH_AS(read(folder.file("cut", whole.substr(0, length))),
                             doctest::Contains((folder / "cut").c_str()), comir::format_error);
}

}  // namespace

TEST_CASE("model_file: both shapes and several channel counts come back with the same bits") {
    temporary_folder const folder;
    comir::model m;
    m.encoders.push_back(make_encoder<comir::compact_network>("a", 1, 3, true, 1));
    m.encoders.push_back(make_encoder<comir::paper_network>("b \xc3\xa9\"\\", 5, 3, false, 2));
    m.encoders.push_back(make_encoder<comir::compact_network>("a.b", 4, 3, false, 3));
    m.info = {.critic = "soft_correlation",
              .group = "trivial",
              .temperature = 0.1 + 1e-16,
              .steps = std::numeric_limits<std::uint64_t>::max(),
              .version = ""};
    comir::write_model(folder / "m", m);
    auto const read = comir::read_model(folder / "m");
    check_same(read, m);
    CHECK(std::holds_alternative<comir::encoder<comir::paper_network>>(read.find("b \xc3\xa9\"\\")));
    comir::write_model(folder / "again", read);
    CHECK(read_all(folder / "again") == read_all(folder / "m"));
}

TEST_CASE("model_file: averaging over turns comes back, and without it nothing is written") {
    temporary_folder const folder;
    auto const path = folder / "m.safetensors";
    comir::model m = small_model();
    comir::write_model(path, m);
    CHECK(read_all(path).find("average_turns") == std::string::npos);
    std::visit([](auto& e) { e.settings().average_turns = true; }, m.encoders[1]);
    comir::write_model(path, m);
    check_same(comir::read_model(path), m);
}

TEST_CASE("model_file: local contrast comes back, and without it nothing is written") {
    temporary_folder const folder;
    auto const path = folder / "m.safetensors";
    comir::model m = small_model();
    std::visit(
        [](auto& e) {
            e.settings().contrast_sigma = 12.5;
            e.settings().contrast_floor = 0.01;
        },
        m.encoders[1]);
    comir::write_model(path, m);
    check_same(comir::read_model(path), m);
    std::visit([](auto& e) { e.settings().contrast_sigma = 2000; }, m.encoders[1]);
    CHECK_THROWS_AS(comir::write_model(path, m), comir::error);
}

TEST_CASE("model_file: tensors and metadata have the names that other programs rely on") {
    temporary_folder const folder;
    auto const m = small_model();
    comir::write_model(folder / "m", m);
    auto const file = comir::read_safetensors(folder / "m");
    std::string const shape =
        R"("bottleneck":3,"compression_percent":100,"down":[2,2,2],"dropout_percent":0,"first":16,"growth":12,)";
    CHECK(file.metadata() ==
          std::map<std::string, std::string>{{"format", "comir"},
                                             {"format_version", "1"},
                                             {"modalities", R"(["visible","near infrared"])"},
                                             {"visible.shape", "{" + shape + R"("in":3,"out":1,"up":[2,2,2]})"},
                                             {"near infrared.shape", "{" + shape + R"("in":1,"out":1,"up":[2,2,2]})"},
                                             {"visible.log", "false"},
                                             {"near infrared.log", "true"},
                                             {"range", "[-0.10000000149011612,1.0000001192092896]"},
                                             {"critic", "mse"},
                                             {"group", "c4"},
                                             {"temperature", "0.07"},
                                             {"steps", "160"},
                                             {"version", "0.1.0"}});
    using extents = std::vector<std::size_t>;
    CHECK(file.at("visible.conv_init.weight").shape == extents{16, 3, 3, 3});
    CHECK(file.at("near infrared.conv_init.weight").shape == extents{16, 1, 3, 3});
    CHECK(file.at("near infrared.conv_init.bias").shape == extents{16});
    CHECK(file.at("visible.layers_down.0.layers.1.batchnorm.running_mean").shape == extents{28});
    CHECK(file.at("visible.layers_down.0.layers.1.batchnorm.running_var").shape == extents{28});
    CHECK(file.at("visible.transitions_up.2.upsampling_layer.1.weight").shape == extents{24, 24, 3, 3});
    CHECK(file.at("visible.final_conv.weight").shape.size() == 4);
    CHECK(file.find("visible.final_conv.bias") == nullptr);
    // For each modality: first convolution 2; 15 dense layers and 3 transitions down of 2 + 4 each; 3 up of 2; last 1.
    CHECK(file.entries().size() == 2 * (2 + (15 + 3) * 6 + 3 * 2 + 1));
    auto const first = comir::values<float>(file.at("visible.conv_init.weight"));
    auto const& visible = std::get<0>(m.encoders[0]).parameters();
    CHECK(std::memcmp(first.data(), visible.data(), first.size_bytes()) == 0);
}

TEST_CASE("model: find lists the modalities if there is none of that name") {
    auto const m = small_model();
    CHECK(&m.find("near infrared") == &m.encoders[1]);
    CHECK_THROWS_WITH_AS(m.find("sar"),
                         "comir::model::find: no modality 'sar', expected one of 'visible', 'near infrared'",
                         comir::error);
}

TEST_CASE("read_model: metadata that are missing or senseless are refused") {
    temporary_folder const folder;
    comir::write_model(folder / "m", small_model());
    refusals const refused([](auto const& path) { comir::read_model(path); }, folder / "m");
    for (char const* name : {"format", "format_version", "modalities", "visible.shape", "visible.log", "range",
                             "critic", "group", "temperature", "steps", "version"})
        refused.check("the metadata lack '" + std::string(name) + "'",
                      [&](open_file& file) { file.metadata.erase(name); });
    refused.check_text("format", "pt", "are 'pt', expected 'comir'");
    refused.check_text("format", "comir checkpoint", "expected 'comir'; the file is of another kind");
    refused.check_text("format_version", "2", "are '2', expected '1'");
    refused.check_text("modalities", "[", "are not JSON");
    refused.check_text("modalities", "7", "a list of texts");
    refused.check_text("modalities", "[\"visible\",1]", "a list of texts");
    refused.check_text("modalities", "[]", "no modality");
    refused.check_text("modalities", "null", "no modality");
    refused.check_text("modalities", R"(["visible",""])", "no name");
    refused.check_text("modalities", R"(["visible","near infrared","visible"])", "two modalities are called 'visible'");
    refused.check_text("modalities", R"(["visible","sar"])", "the metadata lack 'sar.log'");
    refused.check_text("modalities", R"(["visible"])", "belongs to no modality");
    refused.check_text("modalities", std::string((std::size_t{1} << 20) + 1, '['), "expected at most 1048576");
    refused.check_text("modalities", std::string(std::size_t{1} << 20, '['), "are not JSON");
    refused.check_text("visible.log", "maybe", "true or false");
    refused.check_text("visible.average_turns", "1", "true or false");
    refused.check_text("visible.local_contrast", "12", "two numbers, sigma and floor");
    refused.check_text("visible.local_contrast", "[1e9,0.1]", "expected 0 to 1000 px");
    refused.check_text("visible.local_contrast", "[12,0]", "a finite floor above 0");
    refused.check_text("range", "[0]", "two numbers");
    refused.check_text("range", "[0,1,2]", "two numbers");
    refused.check_text("range", R"([0,"1"])", "two numbers");
    refused.check_text("range", "[0,nan]", "are not JSON");
    refused.check_text("range", "[0,1e39]", "finite numbers of single precision");
    refused.check_text("range", "[0,1e999]", "are not JSON");
    refused.check_text("range", "[1,0]", "the range is 1 to 0, expected finite numbers, low below high");
    refused.check_text("range", "[0.5,0.5]", "low below high");
    refused.check_text("temperature", "0", "temperature is 0");
    refused.check_text("temperature", "\"0.1\"", "a number");
    refused.check_text("steps", "-1", "a whole number");
    refused.check_text("steps", "1.5", "a whole number");
    refused.check_text("steps", "18446744073709551616", "a whole number");
}

TEST_CASE("read_model: shapes that no encoder has are refused, dropout is ignored") {
    temporary_folder const folder;
    comir::write_model(folder / "m", small_model());
    refusals const refused([](auto const& path) { comir::read_model(path); }, folder / "m");
    std::string const good = comir::read_safetensors(folder / "m").metadata().at("visible.shape");
    auto const with = [&](std::string const& from, std::string const& to) {
        std::string text = good;
        REQUIRE(text.find(from) != std::string::npos);
        return text.replace(text.find(from), from.size(), to);
    };
    auto const check = [&](std::string const& from, std::string const& to, std::string const& why) {
        refused.check_text("visible.shape", with(from, to), why);
    };
    check("\"first\":16", "\"first\":17", "'visible.conv_init.weight' is (16, 3, 3, 3), expected (17, 3, 3, 3)");
    check("[2,2,2]", "[2,2,3]", "is missing");
    check("\"bottleneck\":3", "\"bottleneck\":1020", "at most 1024 dense layers");
    check("\"in\":3", "\"in\":0", "a valid shape");
    check("\"in\":3", "\"in\":4", "'visible.conv_init.weight' is (16, 3, 3, 3), expected (16, 4, 3, 3)");
    check("\"in\":3", "\"in\":18446744073709551615", "at most 65536");
    check("\"in\":3", "\"in\":65537", "at most 65536");
    check("\"in\":3", "\"in\":-3", "at most 65536");
    check("\"in\":3", "\"in\":\"3\"", "at most 65536");
    check("\"in\":3", "\"inn\":3", "the member in");
    check("\"in\":3", "\"in\":3,\"more\":1", "the nine members");
    check("\"in\":3,", "", "the nine members");
    check("[2,2,2]", "[2,2,2,2,2,2,2,2,2]", "at most eight levels");
    check("[2,2,2]", "2", "at most eight levels");
    check("[2,2,2]", "[2,0,2]", "a valid shape");
    check("\"dropout_percent\":0", "\"dropout_percent\":100", "a valid shape");
    refused.check_text("visible.shape", "[]", "the nine members");
    refused.check("channels, the first one in 1", [&](open_file& file) {
        static std::vector<float> const weights(2 * file.at("near infrared.final_conv.weight").shape[1], 1.0f);
        file.metadata["near infrared.shape"] = with("\"in\":3,\"out\":1", "\"in\":1,\"out\":2");
        file.at("near infrared.final_conv.weight") = comir::make_safetensors_entry(
            "near infrared.final_conv.weight", {2, weights.size() / 2, 1, 1}, std::span(weights));
    });

    auto const file = comir::read_safetensors(folder / "m");
    auto metadata = file.metadata();
    metadata["visible.shape"] = with("\"dropout_percent\":0", "\"dropout_percent\":20");
    comir::write_safetensors(folder / "dropout", file.entries(), metadata);
    check_same(comir::read_model(folder / "dropout"), small_model());
}

TEST_CASE("read_model: tensors that are missing, of another kind or not finite are refused") {
    temporary_folder const folder;
    comir::write_model(folder / "m", small_model());
    refusals const refused([](auto const& path) { comir::read_model(path); }, folder / "m");
    std::string const name = "visible.conv_init.bias";
    refused.check("'visible.conv_init.bias' is missing", [&](open_file& file) { file.at(name).name = "other"; });
    refused.check("tensor 'extra' belongs to no modality", [&](open_file& file) {
        file.entries.push_back(file.at(name));
        file.entries.back().name = "extra";
    });
    refused.check("has dtype I32, expected F32", [&](open_file& file) { file.at(name).dtype = "I32"; });
    refused.check("is (4, 4), expected (16)", [&](open_file& file) { file.at(name).shape = {4, 4}; });
    std::vector<float> numbers(16, 1.0f);
    auto const with_last = [&](std::string const& tensor, float value) {
        return [&, tensor, value](open_file& file) {
            numbers.back() = value;
            file.at(tensor).bytes = std::as_bytes(std::span(numbers));
        };
    };
    refused.check("'visible.conv_init.bias' holds a value, number 15, that is not finite",
                  with_last(name, std::nanf("")));
    refused.check("not finite", with_last(name, -HUGE_VALF));
    std::string const running = "near infrared.layers_down.0.layers.0.batchnorm.running_";
    refused.check("not finite", with_last(running + "mean", HUGE_VALF));
    refused.check("the variance -1, expected 0 or above", with_last(running + "var", -1.0f));
}

TEST_CASE("read_model: every cut of a file is an error that names it") {
    temporary_folder const folder;
    comir::write_model(folder / "m", small_model());
    check_cuts(read_all(folder / "m"), [](auto const& path) { comir::read_model(path); });
    CHECK_THROWS_WITH_AS(comir::read_model(folder / "none"), doctest::Contains("cannot open"), comir::error);
}

TEST_CASE("write_model: a model that no reader would take is refused, the former file stays") {
    temporary_folder const folder;
    auto const path = folder.file("m", "former");
    auto const check = [&](char const* why, auto change) {
        comir::model m = small_model();
        change(m);
        CAPTURE(why);
        CHECK_THROWS_WITH_AS(comir::write_model(path, m), doctest::Contains(why), comir::error);
        CHECK(read_all(path) == "former");
    };
    using compact = comir::encoder<comir::compact_network>;
    auto const settings = [](comir::model& m, std::size_t i) -> comir::encoder_settings& {
        return std::get<compact>(m.encoders[i]).settings();
    };
    check("no modality", [](comir::model& m) { m.encoders.clear(); });
    check("two modalities are called 'visible'", [&](comir::model& m) { settings(m, 1).modality = "visible"; });
    check("has no name", [&](comir::model& m) { settings(m, 0).modality.clear(); });
    check("not UTF-8", [&](comir::model& m) { settings(m, 0).modality = "\xff"; });
    check("a range of its own", [&](comir::model& m) { settings(m, 1).range.low = 0; });
    check("low below high", [&](comir::model& m) { settings(m, 0).range = settings(m, 1).range = {1, 1}; });
    check("low below high", [&](comir::model& m) { settings(m, 0).range = {0, HUGE_VALF}; });
    check("the temperature is", [](comir::model& m) { m.info.temperature = std::nan(""); });
    check("the text 'critic' has", [](comir::model& m) { m.info.critic.assign(2000000, 'x'); });
    check("channels, the first one in 1",
          [](comir::model& m) { m.encoders[1] = make_encoder<comir::compact_network>("b", 1, 2, false, 1); });
    check("not finite", [](comir::model& m) {
        auto const& e = std::get<compact>(m.encoders[0]);
        auto parameters = e.parameters();
        parameters[5] = std::nanf("");
        m.encoders[0] = compact(e.network(), parameters, e.running(), e.settings());
    });
}

TEST_CASE("checkpoint: all comes back with the same bits, before the first step too") {
    temporary_folder const folder;
    comir::checkpoint saved;
    saved.model = small_model();
    saved.step = 3;
    saved.seed = std::numeric_limits<std::uint64_t>::max();
    saved.settings = {{"batch", "24"}, {"learning rate", "0.01"}, {"quoted \"\n", "\xc3\xa9"}, {"shape", ""}};
    saved.velocity = {std::get<0>(saved.model.encoders[0]).parameters(), {}};
    saved.velocity[0][7] = -std::numeric_limits<float>::denorm_min();
    comir::write_checkpoint(folder / "c", saved);
    auto const read = comir::read_checkpoint(folder / "c");
    check_same(read.model, saved.model);
    CHECK(read.step == saved.step);
    CHECK(read.seed == saved.seed);
    CHECK(read.settings == saved.settings);
    REQUIRE(read.velocity.size() == 2);
    CHECK(same_bits(read.velocity[0], saved.velocity[0]));
    CHECK(read.velocity[1].empty());
    CHECK(comir::read_safetensors(folder / "c").at("visible.velocity").shape ==
          std::vector<std::size_t>{saved.velocity[0].size()});
    check_cuts(read_all(folder / "c"), [](auto const& path) { comir::read_checkpoint(path); });

    refusals const refused([](auto const& path) { comir::read_checkpoint(path); }, folder / "c");
    for (char const* name : {"step", "seed", "settings"})
        refused.check("the metadata lack '" + std::string(name) + "'",
                      [&](open_file& file) { file.metadata.erase(name); });
    refused.check_text("format", "comir", "expected 'comir checkpoint'");
    refused.check_text("settings", "[]", "texts under names");
    refused.check_text("settings", R"({"batch":24})", "texts under names");
    refused.check("'visible.velocity' is missing",
                  [](open_file& file) { file.at("visible.velocity").name = "velocity"; });
    std::vector<float> const wrong(5, 1.0f);
    refused.check("'near infrared.velocity' has another shape", [&](open_file& file) {
        file.at("near infrared.velocity") =
            comir::make_safetensors_entry("near infrared.velocity", {5}, std::span(wrong));
    });
    std::vector<float> endless = saved.velocity[0];
    endless[1] = HUGE_VALF;
    refused.check("'visible.velocity' holds a value, number 1, that is not finite",
                  [&](open_file& file) { file.at("visible.velocity").bytes = std::as_bytes(std::span(endless)); });

    auto changed = saved;
    changed.velocity.pop_back();
    CHECK_THROWS_WITH_AS(comir::write_checkpoint(folder / "c", changed), doctest::Contains("1 velocities were given"),
                         comir::shape_error);
    changed.velocity.push_back({1.0f});
    CHECK_THROWS_WITH_AS(comir::write_checkpoint(folder / "c", changed), doctest::Contains("has 1 values, expected 0"),
                         comir::shape_error);
    changed = saved;
    changed.velocity[0] = endless;
    CHECK_THROWS_WITH_AS(comir::write_checkpoint(folder / "c", changed), doctest::Contains("not finite"), comir::error);
    changed = saved;
    changed.settings["x"] = "\xff";
    CHECK_THROWS_WITH_AS(comir::write_checkpoint(folder / "c", changed), doctest::Contains("not UTF-8"), comir::error);
    check_same(comir::read_checkpoint(folder / "c").model, saved.model);
}
