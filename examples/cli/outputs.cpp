#include "outputs.hpp"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <system_error>
#include <unistd.h>

#include <comir/io/atomic_file.hpp>

namespace fs = std::filesystem;

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

void make_output_folder(char const* option, fs::path const& folder) {
    std::error_code code;
    fs::create_directories(folder, code);
    comir::require(!code, option, ": ", folder.string(), ": ", code.message());
}
