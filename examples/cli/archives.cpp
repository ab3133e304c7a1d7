#include "archives.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <system_error>

#include <comir/io/input_file.hpp>

#include "fingerprint.hpp"

namespace fs = std::filesystem;

std::string fingerprint_of_file(std::string const& path) {
    comir::input_file file("comir::fingerprint", path);
    fingerprint bytes;
    std::array<std::byte, 65536> part;
    for (std::uint64_t left = file.size(); left > 0;) {
        auto const count = static_cast<std::size_t>(std::min<std::uint64_t>(left, part.size()));
        file.read(part.data(), count);
        bytes.add(std::span(part).first(count));
        left -= count;
    }
    return bytes.text();
}

void check_origin(std::string const& path, comir::image_archive const& archive, std::string const& model) {
    comir::archive_origin const& origin = archive.origin();
    std::error_code unknown;
    comir::require(fs::exists(model, unknown), path, ": the archive was made with the model ",
                   comir::detail::shown(model), ", which is not there; give it by --model");
    std::string const fingerprint = fingerprint_of_file(model);
    comir::require(origin.model == fingerprint, path, ": the archive was made with another model (fingerprint ",
                   comir::detail::shown(origin.model), "; that of ", model, " is ", fingerprint,
                   "); give that model by --model, or index the images again");
    comir::require(origin.settings == comir::description_settings(), path,
                   ": the archive was made with other settings ('", comir::detail::shown(origin.settings),
                   "', expected '", comir::description_settings(), "'); index the images again");
}
