#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <iterator>
#include <map>
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
#include "scenes.hpp"
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

constexpr std::size_t cell = 16;  // px; the width that cells are to have

/// Pieces along each side of a patch. Without a number, the most that divide it and are at least a cell wide; one if
/// they are two, of which the patches of two modalities would share none.
std::size_t grid_of(train_settings const& s) {
    if (s.grid > 0)
        return s.grid;
    std::size_t cells = std::max<std::size_t>(1, s.patch / cell);
    while (s.patch % cells != 0)
        --cells;
    return cells > 2 ? cells : 1;
}

/// Weight of the pull to what both modalities show alike. Contrasts that are turned over contradict it.
double canonical_weight_of(train_settings const& s) {
    return s.canonical_weight >= 0 ? s.canonical_weight
           : s.invert_contrast > 0 ? 0
                                   : comir::trainer_options{}.canonical_weight;
}

/// Of both networks, whatever their channels.
comir::unet_shape shape_of(train_settings const& s) {
    comir::unet_shape shape = s.network == "paper" ? comir::paper_shape : comir::compact_shape;
    shape.pooling =
        static_cast<comir::pooling>(std::ranges::find(comir::pooling_names, s.pooling) - comir::pooling_names.begin());
    return shape;
}

/// What makes representations turn with their images.
std::string equivariance_of(train_settings const& s) {
    if (!s.equivariance.empty())
        return s.equivariance;
    return any_network(shape_of(s)).can_tie_turns() ? "network" : "loss";
}

comir::trainer_options trainer_options_of(train_settings const& s) {
    comir::trainer_options options;
    options.names = {s.name_a, s.name_b};
    options.log = {s.log_a, s.log_b};
    options.temperature = s.temperature;
    options.batch = s.batch;
    options.grid = grid_of(s);
    options.turn_apart = s.equivariance != "none";
    options.augment.patch = s.patch;
    options.augment.blur_probability = s.blur;
    options.invert_contrast = s.invert_contrast;
    options.contrast_sigma = s.local_contrast;
    options.learning_rate = s.learning_rate;
    options.decay_l2 = s.decay;
    options.canonical_weight = canonical_weight_of(s);
    options.seed = s.run.seed;
    options.network_seed = s.network_seed;
    options.group_convolutions = equivariance_of(s) == "network";
    options.recompute = s.recompute;
    options.threads = s.run.threads;
    return options;
}

any_network network_of(train_settings const& s, std::size_t channels) {
    return any_network(comir::with_channels(shape_of(s), channels, s.channels));
}

std::string group_of(train_settings const& s) {
    return s.equivariance == "none" ? comir::trivial_group::name : comir::c4::name;
}

/// What a resumed training must repeat to go on bit for bit, besides what every model file tells.
std::map<std::string, std::string> repeated_settings(train_settings const& s) {
    auto const text = [](auto number) { return std::to_string(number); };
    return {{"steps", text(s.steps)},
            {"batch", text(s.batch)},
            {"patch", text(s.patch)},
            {"learning_rate", text(s.learning_rate)},
            {"log", text(s.log_a) + text(s.log_b)},
            {"network", s.network},
            {"network_seed", text(s.network_seed)},
            {"channels", text(s.channels)},
            {"part", text(s.part)},
            {"cells", text(grid_of(s))},
            {"decay", text(s.decay)},
            {"guide", text(canonical_weight_of(s))},
            {"equivariance", equivariance_of(s)},
            {"pooling", s.pooling},
            {"blur", text(s.blur)},
            {"negate", text(s.invert_contrast)},
            {"local_contrast", text(s.local_contrast)},
            {"hold_out", text(s.hold_out)},
            {"images", s.pixels}};
}

template <class Trainer>
stopped_training snapshot(train_settings const& s, Trainer const& trainer) {
    stopped_training t;
    t.model.encoders = {trainer.template encoder<0>(), trainer.template encoder<1>()};
    t.model.critic = s.critic;
    t.model.group = group_of(s);
    t.model.temperature = s.temperature;
    t.model.steps = t.step = trainer.state().step;
    t.seed = s.run.seed;
    for (auto const& trained : trainer.state().networks)
        t.velocity.push_back(trained.optimizer.velocity);
    t.settings = repeated_settings(s);
    return t;
}

template <class Trainer>
void restore(train_settings const& s, Trainer& trainer, std::string const& path) {
    stopped_training t = load_training(path);
    stopped_training const now = snapshot(s, trainer);
    std::string differing;
    for (auto const& [name, value] : now.settings)
        if (!t.settings.contains(name) || t.settings.at(name) != value)
            differing += (differing.empty() ? "" : ", ") + name;
    comir::require(t.settings == now.settings && t.seed == now.seed && t.model.critic == now.model.critic &&
                       t.model.group == now.model.group && t.model.temperature == now.model.temperature,
                   path, ": the training was begun with other options or images",
                   differing.empty() ? std::string() : " (" + differing + ")",
                   "; repeat them, or train anew without --resume");
    comir::trainer_state state;
    state.step = t.step;
    for (std::size_t m = 0; m < 2; ++m)
        state.networks.push_back(
            {t.model.encoders[m].parameters(), t.model.encoders[m].running(), {std::move(t.velocity[m])}});
    trainer.restore(std::move(state));
}

/// Means over the steps since the last line, and those of the validation pairs now.
template <class Trainer>
class report {
public:
    report(Trainer& trainer, std::vector<scene> const& validation) : trainer_(trainer), validation_(validation) {}

    void add(comir::info_nce_result const& loss) {
        loss_ += loss.loss;
        accuracy_ += loss.accuracy;
        ++counted_;
    }
    void print(std::size_t step) {
        auto const count = static_cast<double>(counted_);
        std::printf("step %5zu  loss %.4f  positives found %.0f%%", step, loss_ / count, 100 * accuracy_ / count);
        if (!validation_.empty()) {
            auto const result = trainer_.validate(validation_);
            std::printf(", validation  loss %.4f  positives found %.0f%%", result.loss, 100 * result.accuracy);
        }
        std::printf("\n");
        std::fflush(stdout);
        loss_ = accuracy_ = 0;
        counted_ = 0;
    }

private:
    Trainer& trainer_;
    std::vector<scene> const& validation_;
    double loss_ = 0, accuracy_ = 0;
    std::size_t counted_ = 0;
};

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

/// Validation pairs come from folders of their own, and the trainer, which checks values too, knows no names.
void check_images(char const* which, std::vector<comir::aligned_pair> const& pairs, comir::aligned_pair const& first,
                  train_settings const& s) {
    for (comir::aligned_pair const& pair : pairs)
        for (std::size_t m = 0; m < 2; ++m) {
            std::string const& modality = m == 0 ? s.name_a : s.name_b;
            std::size_t const channels = pair.images[m].channels(), expected = first.images[m].channels();
            comir::require(channels == expected, "the ", which, " pair ", pair.name, ": the image of ", modality,
                           " has ", channels, " channels, expected ", expected, " as in the first training pair");
            comir::require(comir::has_only_finite(pair.images[m]), "the ", which, " pair ", pair.name,
                           ": the image of ", modality, " holds values that are not finite");
        }
}

template <class Group>
void train(train_settings const& s, pair_sets pairs) {
    std::string const checkpoint = s.out + ".checkpoint";
    std::vector<scene> const training = scenes_of(std::move(pairs.training)),
                             validation = scenes_of(std::move(pairs.validation));
    std::size_t const channels_a = training[0][0].channels(), channels_b = training[0][1].channels();
    comir::trainer<comir::any_critic, Group, any_network, any_network> trainer(
        trainer_options_of(s), comir::any_critic(s.critic), network_of(s, channels_a), network_of(s, channels_b));
    if (s.resume)
        restore(s, trainer, checkpoint);
    std::printf(
        "training %s (%zu channels) and %s (%zu channels) on %zu pairs: %s network, %zu steps of %zu patches of "
        "%zu px\n",
        s.name_a.c_str(), channels_a, s.name_b.c_str(), channels_b, training.size(), s.network.c_str(), s.steps,
        s.batch, s.patch);
    std::fflush(stdout);
    progress_line line("steps");
    report lines(trainer, validation);
    trainer.fit(training, {.steps = s.steps, .on_step = [&](comir::training_step const& step) {
                               bool const go_on = line.show(step.step, step.steps);
                               lines.add(step.loss);
                               if (step.step % s.checkpoint_every == 0 || step.step == step.steps || !go_on) {
                                   line.clear();
                                   // First, since a second Ctrl-C ends the program at once.
                                   save_training(checkpoint, snapshot(s, trainer));
                                   lines.print(step.step);
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
    save_model(s.out, snapshot(s, trainer).model);
    std::error_code ignored;
    std::filesystem::remove(checkpoint, ignored);
    std::printf("wrote %s\n", s.out.c_str());
}

}  // namespace

train_settings default_train_settings() {
    comir::trainer_options const library;
    train_settings s;
    // Measured on held-out pairs, with the cells that they are cut into.
    s.batch = 12;
    s.learning_rate = 4e-2;
    s.temperature = 0.25;
    s.decay = library.decay_l2;
    s.blur = library.augment.blur_probability;
    s.invert_contrast = library.invert_contrast;
    s.local_contrast = library.contrast_sigma;
    return s;
}

void follow_recipe(train_settings& s, std::string const& recipe) {
    if (recipe == "paper") {
        s.network = "paper";
        s.steps = 736;  // 23 epochs of 32
        s.batch = 32;
        s.patch = 128;
        s.grid = 1;
        s.learning_rate = 1e-2;
        s.temperature = 0.5;
        s.decay = 1e-4;
        s.canonical_weight = 0;
        s.pooling = "max";
        s.equivariance = "loss";
    }
}

std::vector<std::string> known_critics() {
    return {comir::critic_names.begin(), comir::critic_names.end()};
}

std::vector<std::string> known_poolings() {
    return {comir::pooling_names.begin(), comir::pooling_names.end()};
}

pair_sets read_sets(train_settings const& s) {
    comir::require(s.validation_a.empty() == s.validation_b.empty(),
                   "--validation-a and --validation-b belong together, one was given; give both folders or none");
    comir::require(s.hold_out == 0 || s.validation_a.empty(),
                   "--hold-out and --validation-a both say what to validate on; give one of them");
    pair_sets sets{load_scenes(s.a, s.b), {}};
    for (comir::aligned_pair& pair : sets.training)
        for (auto& image : pair.images)
            if (s.part < 1.0)
                image = comir::crop(image, {0, 0, static_cast<std::size_t>(static_cast<double>(image.width()) * s.part),
                                            image.height()});
    comir::require(s.hold_out < sets.training.size(), "--hold-out is ", s.hold_out, ", expected fewer than the ",
                   sets.training.size(), " pairs that there are");
    auto const kept = sets.training.end() - static_cast<std::ptrdiff_t>(s.hold_out);
    sets.validation.assign(std::make_move_iterator(kept), std::make_move_iterator(sets.training.end()));
    sets.training.erase(kept, sets.training.end());
    if (!s.validation_a.empty())
        sets.validation = load_scenes(s.validation_a, s.validation_b);
    return sets;
}

std::size_t patch_of(train_settings const& s, pair_sets const& sets) {
    constexpr std::size_t most = 7 * cell, least = 3 * cell;
    if (s.patch > 0)
        return s.patch;
    std::size_t const side = std::min({most + 2 * cell, shorter_side(sets.training), shorter_side(sets.validation)});
    return s.grid > 0 || side < least + 2 * cell ? most : (side - 2 * cell) / cell * cell;
}

void name_modalities(train_settings& s) {
    if (s.name_a.empty())
        s.name_a = folder_name(s.a);
    if (s.name_b.empty())
        s.name_b = folder_name(s.b);
    comir::require(s.name_a != s.name_b, "both modalities are called '", s.name_a,
                   "'; name them with --name-a and --name-b");
}

std::map<std::string, std::string> settings_record(train_settings const& s) {
    auto record = repeated_settings(s);
    record["modalities"] = s.name_a + ", " + s.name_b;
    record["critic"] = s.critic;
    record["group"] = group_of(s);
    record["temperature"] = std::to_string(s.temperature);
    record["seed"] = std::to_string(s.run.seed);
    return record;
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
