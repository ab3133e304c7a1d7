#include <cstdio>
#include <filesystem>
#include <span>
#include <string_view>
#include <utility>

#include <comir/io/atomic_file.hpp>

#include "fingerprint.hpp"
#include "outputs.hpp"
#include "study.hpp"
#include "training.hpp"

namespace fs = std::filesystem;

namespace {

/// All that makes a model what it is, for people and for the name of its file.
std::string record_of(train_settings const& settings, std::vector<comir::aligned_pair> const& pairs) {
    std::string record = "version = " + version_number() + " " + vector_instructions() + "\n", names;
    for (auto const& [name, value] : settings_record(settings))
        record += name + " = " + value + "\n";
    for (comir::aligned_pair const& pair : pairs)
        names += " " + pair.name;
    return record + "images =" + names + "\npixels = " + fingerprint_of(pairs) + "\n";
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
    settings.patch = patch_of(settings, sets);
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
