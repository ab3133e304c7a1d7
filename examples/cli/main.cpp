#include <cstdio>
#include <exception>
#include <string>
#include <string_view>

#include <comir/core/simd.hpp>
#include <comir/version.hpp>

#include "cli.hpp"
#include "watch.hpp"

namespace {

/// The message without the function that it begins with, which is of no use on a command line.
std::string_view without_function(std::string_view message) {
    std::size_t const end = message.find(": ");
    return message.starts_with("comir::") && end != std::string_view::npos ? message.substr(end + 2) : message;
}

}  // namespace

std::string version_number() {
    return std::to_string(COMIR_VERSION_MAJOR) + "." + std::to_string(COMIR_VERSION_MINOR) + "." +
           std::to_string(COMIR_VERSION_PATCH);
}

int main(int count, char** arguments) {
    watch_for_interrupt();
    try {
        CLI::App app("Registers images of different modalities.", "comir");
        app.set_version_flag("--version", "comir " + version_number() + " (" + comir::simd_name() + ")",
                             "print the version and the vector instructions in use");
        app.require_subcommand(1);
        app.failure_message([](CLI::App const*, CLI::Error const& usage) {
            return "comir: " + std::string(usage.what()) + "; run with --help for more information\n";
        });
        add_train(app);
        add_encode(app);
        add_info(app);
        add_register(app);
        add_evaluate(app);
        add_warp(app);
        add_points(app);
        add_make_pairs(app);
        try {
            app.parse(count, arguments);
        } catch (CLI::ParseError const& usage) {
            return app.exit(usage);
        }
        return 0;
    } catch (interrupted const&) {
        std::fputs("comir: interrupted\n", stderr);
        return 130;
    } catch (std::exception const& problem) {
        std::string const message(without_function(problem.what()));
        std::fprintf(stderr, "comir: %s\n", message.c_str());
        return 1;
    }
}
