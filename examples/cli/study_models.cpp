#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <span>
#include <string_view>
#include <utility>

#include <comir/io/atomic_file.hpp>

#include "outputs.hpp"
#include "study.hpp"
#include "training.hpp"

namespace fs = std::filesystem;

namespace {

/// Fowler, Noll and Vo's hash (1a, 64 bits): names and recognises, protects against nothing.
class fingerprint {
public:
    void add(std::span<std::byte const> bytes) {
        for (std::byte const b : bytes)
            value_ = (value_ ^ static_cast<std::uint64_t>(b)) * 0x100000001b3ULL;
    }
    std::string text() const {
        char digits[17];
        std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(value_));
        return digits;
    }

private:
    std::uint64_t value_ = 0xcbf29ce484222325ULL;
};

/// All that makes a model what it is, for people and for the name of its file.
std::string record_of(train_settings const& settings, std::vector<comir::aligned_pair> const& pairs) {
    std::string record = "version = " + version_number() + " " + vector_instructions() + "\n", names;
    for (auto const& [name, value] : settings_record(settings))
        record += name + " = " + value + "\n";
    fingerprint pixels;
    for (comir::aligned_pair const& pair : pairs) {
        names += " " + pair.name;
        for (comir::image<float> const& image : pair.images)
            pixels.add(std::as_bytes(image.values()));
    }
    return record + "images =" + names + "\npixels = " + pixels.text() + "\n";
}

}  // namespace

std::string trained_file(study_variant const& variant, std::vector<comir::aligned_pair> const& training,
                         std::string const& folder) {
    pair_sets sets;
    for (std::size_t const place : variant.scenes)
        sets.training.push_back(training[place]);
    if (variant.scenes.empty())
        sets.training = training;
    train_settings settings = variant.settings;
    settings.hold_out = 0;  // the images themselves are on record
    settings.goes_on_by = "the same study goes on with it";

    std::string const record = record_of(settings, sets.training);
    fingerprint name;
    name.add(std::as_bytes(std::span(record)));
    fs::path const stem = fs::path(folder) / name.text();
    settings.out = stem.string() + ".safetensors";
    if (fs::exists(settings.out)) {
        std::printf("%s: %s, trained before\n", variant.name.c_str(), settings.out.c_str());
        return settings.out;
    }
    make_output_folder("--out", folder);
    comir::write_file("--out", stem.string() + ".txt", record);
    settings.resume = fs::exists(settings.out + ".checkpoint");
    std::printf("%s: ", variant.name.c_str());
    train_model(settings, std::move(sets));
    return settings.out;
}
