#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <comir/core/error.hpp>
#include <comir/io/json_file.hpp>
#include <comir/io/safetensors.hpp>
#include <comir/retrieval/archive.hpp>

namespace comir { inline namespace COMIR_ABI {

// The format: a safetensors file. Its metadata holds "format", "version", "model", "model_file", "settings" and
// "images", a JSON array with an object for each image in the order
// of their paths; the tensors "positions", "descriptors" and "representations" hold the images' numbers one after another.

namespace detail {

inline constexpr std::string_view archive_format = "comir archive", archive_version = "1";

inline json_value archived_json(archived_image const& i) {
    json_value text = {{"path", i.path},
                       {"content", i.content},
                       {"modality", i.modality},
                       {"width", i.width},
                       {"height", i.height},
                       {"spacing", i.spacing},
                       {"features", i.description.size()},
                       {"channels", i.representation.empty() ? 0 : i.representation.channels()}};
    return text;
}

inline std::string archived_text(std::filesystem::path const& path, json_value const& images) {
    try {
        return images.dump();
    } catch (nlohmann::json::exception const& problem) {
        fail("comir::write_archive: ", path.string(), ": a path or modality is not UTF-8: ", problem.what());
    }
}

/// Numbers of a tensor that are taken from its front, image by image.
template <class T>
class tensor_reader {
public:
    tensor_reader(std::string where, safetensors_view const& file, char const* name)
        : where_(std::move(where)), name_(name), values_(copy_values<T>(file.at(name))) {}

    std::vector<T> take(std::size_t count) {
        require<format_error>(count <= values_.size() - next_, where_, ": the tensor '", name_, "' has ",
                              values_.size(), " numbers, its images need more; the file is damaged");
        auto const first = values_.begin() + static_cast<std::ptrdiff_t>(next_);
        next_ += count;
        return {first, first + static_cast<std::ptrdiff_t>(count)};
    }
    void finish() const {
        require<format_error>(next_ == values_.size(), where_, ": the tensor '", name_, "' has ",
                              values_.size() - next_, " numbers too many; the file is damaged");
    }

private:
    std::string where_, name_;
    std::vector<T> values_;
    std::size_t next_ = 0;
};

inline std::string const& archive_text(std::string const& where, std::map<std::string, std::string> const& texts,
                                       char const* name) {
    auto const found = texts.find(name);
    require<format_error>(found != texts.end(), where, ": the file does not say its ", name,
                          "; it is no archive, or damaged");
    return found->second;
}

}  // namespace detail

/// Writes an archive; the file appears under its name only when it is complete, and a former one stays till then.
/// Errors: error naming path and reason if the file cannot be written, or a path in the archive is not UTF-8
inline void write_archive(std::filesystem::path const& path, image_archive const& archive) {
    std::vector<float> positions;
    std::vector<std::uint8_t> descriptors, representations;
    json_value images = json_value::array();
    for (archived_image const& i : archive.images()) {
        images.push_back(detail::archived_json(i));
        image_description const& d = i.description;
        positions.insert(positions.end(), d.positions.begin(), d.positions.end());
        descriptors.insert(descriptors.end(), d.descriptors.begin(), d.descriptors.end());
        auto const pixels = i.representation.values();
        representations.insert(representations.end(), pixels.begin(), pixels.end());
    }
    auto const& origin = archive.origin();
    auto const entry = [](char const* name, auto const& values) {
        return make_safetensors_entry(name, {values.size()}, std::span(values));
    };
    write_safetensors(
        path,
        {entry("positions", positions), entry("descriptors", descriptors), entry("representations", representations)},
        {{"format", std::string(detail::archive_format)},
         {"version", std::string(detail::archive_version)},
         {"model", origin.model},
         {"model_file", origin.model_file},
         {"settings", origin.settings},
         {"images", detail::archived_text(path, images)}});
}

/// Reads an archive. No more memory is taken than the file has bytes, some times over.
/// Errors: error if the file cannot be opened; format_error, naming the path, if it is cut short, damaged, no archive, or
///         one of another version
inline image_archive read_archive(std::filesystem::path const& path) {
    std::string const who = "comir::read_archive", where = who + ": " + path.string();
    safetensors_file const file(who, path);
    auto const& texts = file.metadata();
    auto const format = texts.find("format");
    require<format_error>(format != texts.end() && format->second == detail::archive_format, where,
                          ": the file is no archive; expected one that comir index has made");
    std::string const& version = detail::archive_text(where, texts, "version");
    require<format_error>(version == detail::archive_version, where, ": the archive has version '",
                          detail::shown(version), "', expected ", detail::archive_version, "; index the images again");
    detail::tensor_reader<float> positions(where, file.view(), "positions");
    detail::tensor_reader<std::uint8_t> descriptors(where, file.view(), "descriptors"),
        representations(where, file.view(), "representations");
    image_archive archive({detail::archive_text(where, texts, "model"),
                           detail::archive_text(where, texts, "model_file"),
                           detail::archive_text(where, texts, "settings")});
    auto const listed = json_value::parse(detail::archive_text(where, texts, "images"), nullptr, false);
    require<format_error>(listed.is_array(), where, ": the list of images is no JSON array; the file is damaged");
    std::string last;
    for (json_value const& item : listed) {
        archived_image i;
        std::size_t feature_count = 0, channels = 0;
        try {
            i.path = item.at("path").get<std::string>();
            i.content = item.at("content").get<std::string>();
            i.modality = item.at("modality").get<std::string>();
            i.width = item.at("width").get<std::size_t>();
            i.height = item.at("height").get<std::size_t>();
            i.spacing = item.at("spacing").get<std::array<double, 2>>();
            feature_count = item.at("features").get<std::size_t>();
            channels = item.at("channels").get<std::size_t>();
        } catch (nlohmann::json::exception const&) {
            fail<format_error>(where, ": entry ", archive.size() + 1, " of the list of images is damaged");
        }
        require<format_error>(archive.empty() || i.path > last, where, ": the image ", detail::shown(i.path),
                              " is out of order; the file is damaged");
        last = i.path;
        constexpr std::size_t most_side = std::size_t{1} << 24, most_channels = 4096;
        require<format_error>(i.width > 0 && i.height > 0 && i.width <= most_side && i.height <= most_side &&
                                  channels <= most_channels && feature_count <= most_side,
                              where, ": the image ", detail::shown(i.path), " has ", i.width, " x ", i.height,
                              " pixels; the file is damaged");
        i.description.positions = positions.take(2 * feature_count);
        i.description.descriptors = descriptors.take(image_description::length * feature_count);
        if (channels > 0)
            i.representation =
                image<std::uint8_t>({channels, i.height, i.width}, representations.take(channels * i.height * i.width));
        archive.add(std::move(i));
    }
    positions.finish();
    descriptors.finish();
    representations.finish();
    return archive;
}

}}  // namespace comir::COMIR_ABI
