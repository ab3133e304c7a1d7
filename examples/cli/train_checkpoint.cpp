#include "train_checkpoint.hpp"

#include <cstddef>
#include <map>
#include <utility>

#include "train_recipe.hpp"
#include "training.hpp"

namespace {

/// What a resumed training must repeat to go on bit for bit, besides what every model file tells. The names are those
/// of the first version's checkpoints, which still resume.
std::map<std::string, std::string> repeated_settings(train_settings const& s) {
    auto const text = [](auto number) { return std::to_string(number); };
    comir::trainer_options const options = trainer_options_of(s);
    return {{"steps", text(s.steps)},
            {"batch", text(s.batch)},
            {"patch", text(s.patch)},
            {"learning_rate", text(s.learning_rate)},
            {"log", text(s.log_a) + text(s.log_b)},
            {"network", s.network},
            {"network_seed", text(s.network_seed)},
            {"channels", text(s.channels)},
            {"part", text(s.part)},
            {"cells", text(options.grid)},
            {"decay", text(s.decay)},
            {"guide", text(options.canonical_weight)},
            {"equivariance", equivariance_of(s)},
            {"pooling", s.pooling},
            {"blur", text(s.blur)},
            {"negate", text(s.invert_contrast)},
            {"local_contrast", text(s.local_contrast)},
            {"hold_out", text(s.hold_out)},
            {"images", s.pixels}};
}

}  // namespace

stopped_training snapshot(train_settings const& s, comir::trainer_state const& state,
                          std::vector<comir::encoder<any_network>> encoders) {
    stopped_training t;
    t.model.encoders = std::move(encoders);
    t.model.critic = s.critic;
    t.model.group = group_of(s);
    t.model.temperature = s.temperature;
    t.model.steps = t.step = state.step;
    t.seed = s.run.seed;
    for (auto const& trained : state.networks)
        t.velocity.push_back(trained.optimizer.velocity);
    t.settings = repeated_settings(s);
    return t;
}

comir::trainer_state checkpoint_state(std::string const& path, stopped_training const& now) {
    stopped_training t = load_training(path);
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
    for (std::size_t m = 0; m < t.model.encoders.size(); ++m)
        state.networks.push_back(
            {t.model.encoders[m].parameters(), t.model.encoders[m].running(), {std::move(t.velocity[m])}});
    return state;
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
