#include <cstdio>
#include <exception>
#include <new>
#include <stdexcept>
#include <string>

#include <comir/core/simd.hpp>
#include <comir/version.hpp>

#include "command_line.hpp"
#include "commands.hpp"
#include "memory.hpp"
#include "messages.hpp"
#include "watch.hpp"

namespace {

int out_of_memory() {
    std::fputs(out_of_memory_message().c_str(), stderr);
    return 1;
}

int status_of(int count, char** arguments) {
    try {
        return run_command_line(count, arguments);
    } catch (incomplete const& some) {
        return some.exit_code;
    }
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
    tell_out_of_memory_in_threads();
    try {
        int const status = status_of(count, arguments);
        if (std::fflush(stdout) != 0 || std::ferror(stdout)) {
            std::fputs("comir: the output could not be written\n", stderr);
            return 1;
        }
        return status;
    } catch (interrupted const&) {
        std::fputs("comir: interrupted\n", stderr);
        return 130;
    } catch (std::bad_alloc const&) {
        return out_of_memory();
    } catch (std::length_error const&) {
        return out_of_memory();
    } catch (std::exception const& problem) {
        std::string const message(without_function(problem.what()));
        std::fprintf(stderr, "comir: %s\n", message.c_str());
        return 1;
    }
}
