#include <cstdio>
#include <memory>
#include <variant>

#include <comir/io/model_file.hpp>

#include "cli.hpp"

void add_info(CLI::App& app) {
    auto const path = std::make_shared<std::string>();
    CLI::App& command = *app.add_subcommand("info", "Show what a model file holds.");
    command.add_option("model", *path, "trained model (.safetensors)")->required();
    command.callback([path] {
        comir::model const model = comir::read_model(*path);
        std::printf("critic       %s\ngroup        %s\ntemperature  %g\nsteps        %llu\n", model.info.critic.c_str(),
                    model.info.group.c_str(), model.info.temperature,
                    static_cast<unsigned long long>(model.info.steps));
        for (comir::any_encoder const& held : model.encoders)
            std::visit(
                [](auto const& encoder) {
                    auto const& s = encoder.settings();
                    std::printf("modality     %s: %zu -> %zu channels, %zu parameters, %s network%s, range %g to %g\n",
                                s.modality.c_str(), encoder.network().in_channels(), encoder.network().out_channels(),
                                encoder.network().parameter_count(),
                                encoder.network().full_shape().levels() == comir::compact_shape.levels() ? "compact" : "paper",
                                s.log ? ", log(1 + x)" : "", static_cast<double>(s.range.low),
                                static_cast<double>(s.range.high));
                },
                held);
    });
}
