#include "models.hpp"

#include <variant>

#include <comir/io/model_file.hpp>

#include "commands.hpp"

namespace {

trained_model from_library(comir::model const& given) {
    trained_model model{{}, given.info.critic, given.info.group, given.info.temperature, given.info.steps};
    for (comir::any_encoder const& held : given.encoders)
        std::visit(
            [&](auto const& e) {
                model.encoders.emplace_back(any_network(e.network().full_shape()), e.parameters(), e.running(),
                                            e.settings());
            },
            held);
    return model;
}

comir::model to_library(trained_model const& given) {
    return {{given.encoders.begin(), given.encoders.end()},
            {given.critic, given.group, given.temperature, given.steps, version_number()}};
}

}  // namespace

comir::encoder<any_network> const& trained_model::find(std::string_view modality) const {
    std::string names;
    for (auto const& encoder : encoders) {
        std::string const& name = encoder.settings().modality;
        if (name == modality)
            return encoder;
        names += (names.empty() ? "'" : ", '") + comir::detail::shown(name) + "'";
    }
    comir::fail("the model has no modality '", comir::detail::shown(modality), "', expected one of ", names);
}

trained_model load_model(std::string const& path) {
    return from_library(comir::read_model(path));
}

void save_model(std::string const& path, trained_model const& model) {
    comir::write_model(path, to_library(model));
}

stopped_training load_training(std::string const& path) {
    comir::checkpoint read = comir::read_checkpoint(path);
    return {from_library(read.model), read.step, read.seed, std::move(read.velocity), std::move(read.settings)};
}

void save_training(std::string const& path, stopped_training const& training) {
    comir::write_checkpoint(
        path, {to_library(training.model), training.step, training.seed, training.velocity, training.settings});
}
