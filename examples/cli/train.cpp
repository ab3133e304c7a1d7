#include <cstdio>
#include <filesystem>
#include <memory>
#include <system_error>
#include <variant>

#include <comir/contrastive/any_critic.hpp>
#include <comir/io/model_file.hpp>
#include <comir/pipeline/folder_pairs.hpp>
#include <comir/training/trainer.hpp>
#include <comir/version.hpp>

#include "cli.hpp"
#include "watch.hpp"

namespace {

struct settings {
    std::string a, b, out, name_a, name_b, validation_a, validation_b;
    std::string network = "compact", critic = "mse";
    std::size_t channels = 1, steps = 300, checkpoint_every = 50;
    bool log_a = false, log_b = false, no_equivariance = false, resume = false;
    double part_right = 1.0;
    // Small patches leave more negatives for the same work; measured on held-out pairs.
    comir::trainer_options training{.batch = 24, .augment = {.patch = 64}, .learning_rate = 2e-2};
    run_options run{};
};

using scene = comir::aligned_images<2>;

std::vector<scene> read_scenes(std::string const& a, std::string const& b, double right = 1.0) {
    std::vector<scene> scenes;
    for (auto& pair : comir::read_folder_pairs(a, b)) {
        if (right < 1.0)
            for (auto& image : pair.images)
                image = comir::crop(image, {0, 0, static_cast<std::size_t>(static_cast<double>(image.width()) * right),
                                            image.height()});
        scenes.push_back({std::move(pair.images[0]), std::move(pair.images[1])});
    }
    return scenes;
}

template <class Trainer>
comir::checkpoint to_checkpoint(settings const& s, Trainer const& trainer) {
    comir::checkpoint c;
    c.model.encoders = {comir::any_encoder(trainer.template encoder<0>()),
                        comir::any_encoder(trainer.template encoder<1>())};
    c.model.info.critic = s.critic;
    c.model.info.group = s.no_equivariance ? comir::trivial_group::name : comir::c4::name;
    c.model.info.temperature = s.training.temperature;
    c.model.info.steps = trainer.state().step;
    c.model.info.version = version_number();
    c.step = trainer.state().step;
    c.seed = s.training.seed;
    for (auto const& network : trainer.state().networks)
        c.velocity.push_back(network.optimizer.velocity);
    // What a resumed training must repeat to go on bit for bit.
    auto const text = [](auto number) { return std::to_string(number); };
    c.settings = {{"steps", text(s.steps)},
                  {"batch", text(s.training.batch)},
                  {"patch", text(s.training.augment.patch)},
                  {"learning_rate", text(s.training.learning_rate)},
                  {"log", text(s.log_a) + text(s.log_b)},
                  {"network", s.network},
                  {"channels", text(s.channels)},
                  {"part", text(s.part_right)}};
    return c;
}

template <class Trainer>
void restore(settings const& s, Trainer& trainer, std::string const& path) {
    comir::checkpoint const c = comir::read_checkpoint(path);
    comir::checkpoint const now = to_checkpoint(s, trainer);
    comir::require(c.settings == now.settings && c.seed == now.seed && c.model.info.critic == now.model.info.critic &&
                       c.model.info.group == now.model.info.group,
                   path, ": the training was begun with other options; repeat them, or train anew without --resume");
    comir::trainer_state state;
    state.step = c.step;
    for (std::size_t m = 0; m < 2; ++m)
        std::visit(
            [&](auto const& encoder) {
                state.networks.push_back({encoder.parameters(), encoder.running(), {c.velocity[m]}});
            },
            c.model.encoders[m]);
    trainer.restore(std::move(state));
}

template <class Group, class Network>
void train(settings const& s, std::vector<scene> const& scenes, std::vector<scene> const& validation) {
    std::string const checkpoint_path = s.out + ".checkpoint";
    comir::trainer<comir::any_critic, Group, Network, Network> trainer(s.training, comir::any_critic(s.critic),
                                                                       Network(scenes[0][0].channels(), s.channels),
                                                                       Network(scenes[0][1].channels(), s.channels));
    if (s.resume)
        restore(s, trainer, checkpoint_path);
    std::printf(
        "training %s (%zu channels) and %s (%zu channels) on %zu pairs: %s network, %zu steps of %zu patches of "
        "%zu px\n",
        s.training.names[0].c_str(), scenes[0][0].channels(), s.training.names[1].c_str(), scenes[0][1].channels(),
        scenes.size(), s.network.c_str(), s.steps, s.training.batch, s.training.augment.patch);
    std::fflush(stdout);
    progress_line line("steps");
    double loss = 0, accuracy = 0;
    std::size_t counted = 0;
    trainer.fit(scenes, {.steps = s.steps, .on_step = [&](comir::training_step const& step) {
                             bool const go_on = line.show(step.step, step.steps);
                             loss += step.loss.loss;
                             accuracy += step.loss.accuracy;
                             ++counted;
                             if (step.step % s.checkpoint_every == 0 || step.step == step.steps || !go_on) {
                                 line.clear();
                                 std::printf("step %5zu  loss %.4f  positives found %.0f%%\n", step.step,
                                             loss / static_cast<double>(counted),
                                             100 * accuracy / static_cast<double>(counted));
                                 std::fflush(stdout);
                                 loss = accuracy = 0;
                                 counted = 0;
                                 comir::write_checkpoint(checkpoint_path, to_checkpoint(s, trainer));
                             }
                             return go_on;
                         }});
    line.clear();
    if (is_interrupted()) {
        std::printf("stopped after step %zu; %s keeps it, go on with --resume\n",
                    static_cast<std::size_t>(trainer.state().step), checkpoint_path.c_str());
        throw interrupted{};
    }
    if (!validation.empty()) {
        auto const result = trainer.validate(validation);
        std::printf("validation  loss %.4f  positives found %.0f%%\n", result.loss, 100 * result.accuracy);
    }
    comir::write_model(s.out, to_checkpoint(s, trainer).model);
    std::error_code ignored;
    std::filesystem::remove(checkpoint_path, ignored);
    std::printf("wrote %s\n", s.out.c_str());
}

void run(settings s) {
    check_output("--out", s.out, {".safetensors"});
    comir::require(s.validation_a.empty() == s.validation_b.empty(),
                   "--validation-a and --validation-b belong together, one was given; give both folders or none");
    s.training.names = {s.name_a.empty() ? folder_name(s.a) : s.name_a, s.name_b.empty() ? folder_name(s.b) : s.name_b};
    comir::require(s.training.names[0] != s.training.names[1], "both modalities are called '", s.training.names[0],
                   "'; name them with --name-a and --name-b");
    s.training.log = {s.log_a, s.log_b};
    s.training.threads = s.run.threads;
    s.training.seed = s.run.seed;
    auto const scenes = read_scenes(s.a, s.b, s.part_right);
    std::vector<scene> validation;
    if (!s.validation_a.empty())
        validation = read_scenes(s.validation_a, s.validation_b);
    auto const with_group = [&]<class Group>() {
        if (s.network == "paper")
            train<Group, comir::paper_network>(s, scenes, validation);
        else
            train<Group, comir::compact_network>(s, scenes, validation);
    };
    if (s.no_equivariance)
        with_group.template operator()<comir::trivial_group>();
    else
        with_group.template operator()<comir::c4>();
}

}  // namespace

void add_train(CLI::App& app) {
    auto const s = std::make_shared<settings>();
    CLI::App& command = *app.add_subcommand(
        "train", "Train one encoder per modality on aligned pairs: two folders with the same file names.");
    command.add_option("--a", s->a, "folder of the first modality")->required();
    command.add_option("--b", s->b, "folder of the second modality")->required();
    command.add_option("--out", s->out, "file for the model (.safetensors)")->required();
    command.add_option("--name-a", s->name_a, "name of the first modality; default: its folder's name");
    command.add_option("--name-b", s->name_b, "name of the second modality; default: its folder's name");
    command.add_option("--validation-a", s->validation_a, "folder of pairs that are not trained on");
    command.add_option("--validation-b", s->validation_b, "its second modality");
    command.add_option("--network", s->network, "shape of both networks")
        ->check(CLI::IsMember({"compact", "paper"}))
        ->capture_default_str();
    command.add_option("--channels", s->channels, "channels of the representation")
        ->check(CLI::Range(1, 64))
        ->capture_default_str();
    command.add_option("--critic", s->critic, "how representations are compared")
        ->check(CLI::IsMember(std::vector<std::string>(comir::critic_names.begin(), comir::critic_names.end())))
        ->capture_default_str();
    command.add_option("--steps", s->steps, "training steps")->check(CLI::PositiveNumber)->capture_default_str();
    command.add_option("--batch", s->training.batch, "patches of each modality a step")->capture_default_str();
    command.add_option("--patch", s->training.augment.patch, "rows and columns of a patch, px")->capture_default_str();
    command.add_option("--temperature", s->training.temperature, "of the contrastive loss")->capture_default_str();
    command.add_option("--learning-rate", s->training.learning_rate, "its peak")->capture_default_str();
    command.add_option("--blur", s->training.augment.blur_probability, "share of patches that are blurred, 0 to 1")
        ->capture_default_str();
    command.add_option("--part", s->part_right, "train on this share of each image's width from the left, 0 to 1")
        ->check(CLI::Range(0.01, 1.0))
        ->capture_default_str();
    command.add_flag("--log-a", s->log_a, "take log(1 + x) of the first modality");
    command.add_flag("--log-b", s->log_b, "take log(1 + x) of the second modality");
    command.add_flag("--no-equivariance", s->no_equivariance, "without quarter turns in training");
    command.add_option("--checkpoint-every", s->checkpoint_every, "steps between checkpoints (OUT.checkpoint)")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    command.add_flag("--resume", s->resume, "go on from OUT.checkpoint, with the same options");
    add_threads(command, s->run);
    add_seed(command, s->run);
    command.callback([s] { run(*s); });
}
