#include "outputs.hpp"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <system_error>
#include <unistd.h>

#include <comir/io/atomic_file.hpp>

namespace fs = std::filesystem;

fs::path full_path(fs::path const& path) {
    return fs::weakly_canonical(fs::absolute(path));
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

void check_no_input(char const* option, fs::path const& output, std::vector<fs::path> const& inputs) {
    std::error_code unknown;
    if (output.empty() || !fs::exists(output, unknown))
        return;
    for (fs::path const& input : inputs) {
        std::error_code missing;
        bool const same = !input.empty() && fs::equivalent(output, input, missing);
        comir::require(missing || !same, option, ": ", output.string(),
                       " is read as well, and would be overwritten; give another name");
    }
}

void check_distinct(std::vector<std::pair<char const*, fs::path>> const& outputs) {
    for (std::size_t i = 0; i < outputs.size(); ++i)
        for (std::size_t j = 0; j < i; ++j) {
            auto const& [option, path] = outputs[i];
            bool const same =
                !path.empty() && !outputs[j].second.empty() && full_path(path) == full_path(outputs[j].second);
            comir::require(!same, option, ": ", path.string(), " is the file of ", outputs[j].first,
                           ", too; give another name");
        }
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

void make_output_folder(char const* option, fs::path const& folder) {
    std::error_code code;
    fs::create_directories(folder, code);
    comir::require(!code, option, ": ", folder.string(), ": ", code.message());
}
