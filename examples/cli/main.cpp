#include <cstdio>
#include <exception>
#include <string>
#include <string_view>

#include <comir/core/simd.hpp>
#include <comir/version.hpp>

#include "command_line.hpp"
#include "commands.hpp"
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

std::string vector_instructions() {
    return comir::simd_name();
}

int main(int count, char** arguments) {
    watch_for_interrupt();
    try {
        return run_command_line(count, arguments);
    } catch (interrupted const&) {
        std::fputs("comir: interrupted\n", stderr);
        return 130;
    } catch (std::exception const& problem) {
        std::string const message(without_function(problem.what()));
        std::fprintf(stderr, "comir: %s\n", message.c_str());
        return 1;
    }
}
