#include <cstdio>
#include <filesystem>
#include <set>
#include <string>

#include "commands.hpp"
#include "images.hpp"
#include "messages.hpp"
#include "models.hpp"
#include "outputs.hpp"
#include "pairs.hpp"
#include "preparations.hpp"
#include "watch.hpp"

// All that runs trained networks.

namespace fs = std::filesystem;

namespace {

trained_model load_encoders(std::string const& path, bool average_turns) {
    trained_model model = load_model(path);
    for (auto& encoder : model.encoders)
        encoder.settings().average_turns = encoder.settings().average_turns || average_turns;
    return model;
}

}  // namespace

preparer::preparer(std::string const& model, bool average_turns, int threads) : threads_(threads) {
    comir::require(!model.empty() || !average_turns, "--average-turns is for representations; give their --model");
    if (!model.empty())
        model_ = std::make_shared<trained_model const>(load_encoders(model, average_turns));
}

comir::preparation preparer::of(std::string const& modality) const {
    if (!model_)
        return grey_image;
    return [range = model_->find(modality).settings().range, encode = representation(modality)](
               comir::image<float> const& raw) { return comir::to_unit(encode(raw), range); };
}

comir::preparation preparer::of(std::string const& modality, std::string const& file) const {
    return [prepare = of(modality), file](comir::image<float> const& raw) {
        return naming(file, [&] { return prepare(raw); });
    };
}

comir::preparation preparer::representation(std::string const& modality) const {
    auto const& encoder = model_->find(modality);
    // The preparation keeps the model alive.
    return [model = model_, &encoder, threads = threads_](comir::image<float> const& raw) {
        return encoder.encode(raw, {.threads = threads});
    };
}

void run_encode(encode_settings const& s) {
    trained_model const model = load_encoders(s.model, s.average_turns);
    auto const& encoder = model.find(s.modality);
    check_output_folder("--out", s.out);
    std::set<fs::path> targets;
    for (std::string const& path : s.images)
        comir::require(targets.insert(fs::path(path).stem()).second, path,
                       ": another image has the same name, and both would be written to one file; encode them apart");
    for (fs::path const& target : targets)
        check_no_input("--out", fs::path(s.out) / (target.string() + "." + s.format),
                       {s.images.begin(), s.images.end()});
    make_output_folder("--out", s.out);
    auto const encode_to = [&](std::string const& path) {
        auto const source = load_float_image(path);
        auto const representation = naming(path, [&] { return encoder.encode(source, {.threads = s.run.threads}); });
        fs::path const target = fs::path(s.out) / (fs::path(path).stem().string() + "." + s.format);
        if (s.format == "png")
            save_picture(target, comir::to_unit(representation, encoder.settings().range));
        else
            save_image(target, {.pixels = representation});
    };
    progress_line line("images");
    std::size_t failed = 0;
    for (std::size_t i = 0; i < s.images.size(); ++i) {
        if (!line.show(i, s.images.size()))
            throw interrupted{};
        try {
            encode_to(s.images[i]);
        } catch (comir::error const& problem) {
            if (s.images.size() == 1)
                throw;
            line.clear();
            std::fprintf(stderr, "comir: %s\n", std::string(without_function(problem.what())).c_str());
            ++failed;
        }
    }
    line.clear();
    if (failed > 0) {
        std::fprintf(stderr, "comir: %zu of %zu images failed, the others are in %s\n", failed, s.images.size(),
                     s.out.c_str());
        throw incomplete{some_failed};
    }
}

void run_info(std::string const& path) {
    trained_model const model = load_model(path);
    std::printf("critic       %s\ngroup        %s\ntemperature  %g\nsteps        %llu\n", model.critic.c_str(),
                model.group.c_str(), model.temperature, static_cast<unsigned long long>(model.steps));
    for (auto const& encoder : model.encoders) {
        auto const& s = encoder.settings();
        auto const& shape = encoder.network().full_shape();
        std::printf(
            "modality     %s: %zu -> %zu channels, %zu parameters, %s network, %s pooling%s%s%s, range %g to %g\n",
            s.modality.c_str(), shape.in, shape.out, encoder.network().parameter_count(),
            shape.depth() == comir::compact_shape.depth() ? "compact" : "paper",
            comir::pooling_names[static_cast<std::size_t>(shape.pooling)], s.log ? ", log(1 + x)" : "",
            s.contrast_sigma > 0 ? ", local contrast" : "", s.average_turns ? ", mean over turns" : "",
            static_cast<double>(s.range.low), static_cast<double>(s.range.high));
    }
}
