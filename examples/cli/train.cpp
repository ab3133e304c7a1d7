#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <comir/contrastive/any_critic.hpp>
#include <comir/image/convert.hpp>
#include <comir/training/trainer.hpp>

#include "commands.hpp"
#include "estimate.hpp"
#include "fingerprint.hpp"
#include "images.hpp"
#include "models.hpp"
#include "outputs.hpp"
#include "pictures/training_sheet.hpp"
#include "train_checkpoint.hpp"
#include "train_recipe.hpp"
#include "train_report.hpp"
#include "training.hpp"
#include "watch.hpp"

namespace {

using scene = comir::aligned_images<2>;

/// The images alone, as the trainer wants them.
std::vector<scene> scenes_of(std::vector<comir::aligned_pair> pairs) {
    std::vector<scene> scenes;
    for (comir::aligned_pair& pair : pairs)
        scenes.push_back(std::move(pair.images));
    return scenes;
}

template <class Trainer>
stopped_training snapshot_of(train_settings const& s, Trainer const& trainer) {
    return snapshot(s, trainer.state(), {trainer.template encoder<0>(), trainer.template encoder<1>()});
}

/// The middle of a scene and its representations, as they are now.
template <class Trainer>
void save_sheet(train_settings const& s, Trainer const& trainer, scene const& shown) {
    constexpr std::size_t side = 256;
    std::size_t const w = std::min(side, shown[0].width()), h = std::min(side, shown[0].height());
    comir::region const middle{(shown[0].width() - w) / 2, (shown[0].height() - h) / 2, w, h};
    std::array const images{comir::crop(shown[0], middle), comir::crop(shown[1], middle)};
    comir::encode_options const options{.threads = s.run.threads};
    std::array const representations{trainer.template encoder<0>().encode(images[0], options),
                                     trainer.template encoder<1>().encode(images[1], options)};
    char name[32];
    std::snprintf(name, sizeof name, "step_%06llu.png", static_cast<unsigned long long>(trainer.state().step));
    make_output_folder("--pictures", s.pictures);
    save_picture(std::filesystem::path(s.pictures) / name, comir::training_sheet(images, representations));
}

template <class Group>
void train(train_settings const& s, pair_sets pairs) {
    std::string const checkpoint = s.out + ".checkpoint";
    std::vector<scene> const training = scenes_of(std::move(pairs.training)),
                             validation = scenes_of(std::move(pairs.validation));
    auto const network = [&](std::size_t channels) {
        return any_network(comir::with_channels(shape_of(s), channels, s.channels));
    };
    std::size_t const channels_a = training[0][0].channels(), channels_b = training[0][1].channels();
    comir::trainer<comir::any_critic, Group, any_network, any_network> trainer(
        trainer_options_of(s), comir::any_critic(s.critic), network(channels_a), network(channels_b));
    if (s.resume)
        trainer.restore(checkpoint_state(checkpoint, snapshot_of(s, trainer)));
    std::printf(
        "training %s (%zu channels) and %s (%zu channels) on %zu pairs: %s network, %zu steps of %zu patches of "
        "%zu px\n",
        s.name_a.c_str(), channels_a, s.name_b.c_str(), channels_b, training.size(), s.network.c_str(), s.steps,
        s.batch, s.patch);
    std::fflush(stdout);
    progress_line line("steps");
    std::function<comir::info_nce_result()> validate;
    if (!validation.empty())
        validate = [&] { return trainer.validate(validation); };
    training_report report(validate);
    trainer.fit(training, {.steps = s.steps, .on_step = [&](comir::training_step const& step) {
                               bool const go_on = line.show(step.step, step.steps);
                               report.add(step.loss);
                               if (step.step % s.checkpoint_every == 0 || step.step == step.steps || !go_on) {
                                   line.clear();
                                   // First, since a second Ctrl-C ends the program at once.
                                   save_training(checkpoint, snapshot_of(s, trainer));
                                   report.print(step.step);
                                   if (!s.pictures.empty())
                                       save_sheet(s, trainer, validation.empty() ? training[0] : validation[0]);
                               }
                               return go_on;
                           }});
    line.clear();
    if (is_interrupted()) {
        std::printf("stopped after step %zu; %s keeps it, %s\n", static_cast<std::size_t>(trainer.state().step),
                    checkpoint.c_str(), s.goes_on_by.c_str());
        throw interrupted{};
    }
    save_model(s.out, snapshot_of(s, trainer).model);
    std::error_code ignored;
    std::filesystem::remove(checkpoint, ignored);
    std::printf("wrote %s\n", s.out.c_str());
}

}  // namespace

// Here, since naming the critics compiles them.
std::vector<std::string> known_critics() {
    return {comir::critic_names.begin(), comir::critic_names.end()};
}

void train_model(train_settings const& given, pair_sets sets) {
    train_settings s = given;
    s.patch = patch_of(s, sets);
    s.pixels = fingerprint_of(sets.training);
    check_images("training", sets.training, sets.training[0], s);
    check_images("validation", sets.validation, sets.training[0], s);
    if (s.equivariance == "none")
        train<comir::trivial_group>(s, std::move(sets));
    else
        train<comir::c4>(s, std::move(sets));
}

void run_train(train_settings const& given) {
    train_settings s = given;
    check_output("--out", s.out, {".safetensors"});
    if (!s.pictures.empty())
        check_output_folder("--pictures", s.pictures);
    name_modalities(s);
    pair_sets sets = read_sets(s);
    std::vector<comir::aligned_pair> const kept = sets.validation;
    train_model(s, std::move(sets));
    if (!kept.empty())
        print_estimate(s, kept);
}
