#include <algorithm>
#include <cctype>
#include <cerrno>
#include <system_error>
#include <unistd.h>

#include <comir/io/atomic_file.hpp>
#include <comir/pipeline/method.hpp>

#include "cli.hpp"

namespace fs = std::filesystem;

void add_threads(CLI::App& command, run_options& options) {
    command
        .add_option("--threads", options.threads,
                    "number of threads, 0 for all processors; results do not depend on it")
        ->check(CLI::Range(0, 4096))
        ->capture_default_str();
}

void add_seed(CLI::App& command, run_options& options) {
    command.add_option("--seed", options.seed, "seed of the random numbers")->capture_default_str();
}

void add_method(CLI::App& command, std::string& method) {
    std::vector<std::string> names;
    std::string text = "registration method";
    for (auto const& [name, purpose] : comir::method_names) {
        names.emplace_back(name);
        text += std::string("\n") + name + ": " + purpose;
    }
    command.add_option("--method", method, text)->check(CLI::IsMember(names))->capture_default_str();
}

rigid_method named_method(std::string const& name, run_options const& options, comir::progress const& on_progress) {
    return comir::make_method(name, {options.seed, options.threads, on_progress});
}

std::string folder_name(fs::path const& folder) {
    fs::path const full = fs::absolute(folder).lexically_normal();
    // A path that ends in a slash has an empty last part.
    return full.has_filename() ? full.filename().string() : full.parent_path().filename().string();
}

std::string folder_name_of_file(fs::path const& file) {
    return folder_name(fs::absolute(file).lexically_normal().parent_path());
}

void check_output(char const* option, fs::path const& path, std::vector<std::string> const& extensions) {
    if (path.empty())
        return;
    std::string extension = path.extension().string(), expected;
    std::transform(extension.begin(), extension.end(), extension.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    for (std::string const& known : extensions)
        expected += (expected.empty() ? "" : ", ") + known;
    comir::require(std::find(extensions.begin(), extensions.end(), extension) != extensions.end(), option, ": ",
                   path.string(), ": the extension is '", extension, "', expected one of: ", expected);
    // Without commit() this leaves nothing behind.
    comir::atomic_file const probe(option, path);
}

void check_output_folder(char const* option, fs::path const& folder) {
    fs::path existing = fs::absolute(folder).lexically_normal();
    std::error_code code;
    while (!fs::exists(existing, code) && existing.has_relative_path())
        existing = existing.parent_path();
    comir::require(fs::is_directory(existing, code), option, ": ", folder.string(), ": ", existing.string(),
                   " is no folder");
    comir::require(::access(existing.c_str(), W_OK | X_OK) == 0, option, ": ", folder.string(), ": cannot write to ",
                   existing.string(), ": ", comir::detail::reason(errno));
}
