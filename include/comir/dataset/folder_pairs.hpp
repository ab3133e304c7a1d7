#pragma once

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <filesystem>
#include <iterator>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <comir/core/error.hpp>
#include <comir/dataset/aligned_pair.hpp>
#include <comir/image/image.hpp>
#include <comir/io/image_file.hpp>

namespace comir { inline namespace COMIR_ABI {

/// The files of one aligned pair, one of each modality.
struct pair_files {
    std::string name;  // the common file name
    std::array<std::filesystem::path, 2> paths;
};

namespace detail {

/// The names of the PNG and TIFF files of a folder, sorted; hidden files and folders are passed over.
inline std::vector<std::string> image_names(std::string const& who, std::filesystem::path const& folder) {
    std::error_code code;
    std::filesystem::directory_iterator entries(folder, code);
    require(!code, who, ": ", folder.string(), ": cannot read the folder: ", code.message());
    std::vector<std::string> names;
    for (; !code && entries != std::filesystem::directory_iterator(); entries.increment(code)) {
        std::error_code unknown;
        std::string const name = entries->path().filename().string();
        std::string extension = entries->path().extension().string();
        std::transform(extension.begin(), extension.end(), extension.begin(),
                       [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
        if (name[0] != '.' && entries->is_regular_file(unknown) &&
            (extension == ".png" || extension == ".tif" || extension == ".tiff"))
            names.push_back(name);
    }
    require(!code, who, ": ", folder.string(), ": cannot read the folder: ", code.message());
    require(!names.empty(), who, ": ", folder.string(), " holds no images, expected files named .png, .tif or .tiff");
    std::sort(names.begin(), names.end());
    return names;
}

/// The first few names that only one of two sorted lists holds, for a message; empty if there are none.
inline std::string unmatched(std::vector<std::string> const& names, std::vector<std::string> const& others) {
    constexpr std::size_t shown = 3;
    std::vector<std::string> alone;
    std::set_difference(names.begin(), names.end(), others.begin(), others.end(), std::back_inserter(alone));
    std::string text;
    for (std::size_t i = 0; i < std::min(shown, alone.size()); ++i)
        text += (i > 0 ? ", " : "") + alone[i];
    if (alone.size() > shown)
        text += " and " + std::to_string(alone.size() - shown) + " more";
    return text;
}

inline std::string extent_text(image<float> const& i) {
    return std::to_string(i.width()) + " x " + std::to_string(i.height());
}

}  // namespace detail

/// The aligned pairs of two folders: images of the same file name belong together. Sorted by name.
/// Errors: error if a folder is missing or holds no images, or if an image's name is not in both folders
inline std::vector<pair_files> list_folder_pairs(std::filesystem::path const& first,
                                                 std::filesystem::path const& second) {
    std::string const who = "comir::list_folder_pairs";
    auto const names = detail::image_names(who, first), others = detail::image_names(who, second);
    std::string const only_first = detail::unmatched(names, others), only_second = detail::unmatched(others, names);
    if (!only_first.empty() || !only_second.empty())
        fail(who, ": the file names do not pair up", only_first.empty() ? "" : "; only in " + first.string() + ": ",
             only_first, only_second.empty() ? "" : "; only in " + second.string() + ": ", only_second,
             "; give the two images of a pair the same name");
    std::vector<pair_files> pairs;
    for (std::string const& name : names)
        pairs.push_back({name, {first / name, second / name}});
    return pairs;
}

/// Reads the images of pairs as read_image_float does.
/// Errors: those of read_image_float; shape_error if the images of a pair differ in size, or those of a modality in
///         channels
inline std::vector<aligned_pair> read_pairs(std::vector<pair_files> const& files) {
    std::string const who = "comir::read_pairs";
    std::vector<aligned_pair> pairs;
    for (pair_files const& file : files) {
        aligned_pair pair{file.name, {read_image_float(file.paths[0]), read_image_float(file.paths[1])}};
        auto const& [a, b] = pair.images;
        require<shape_error>(a.width() == b.width() && a.height() == b.height(), who, ": ", file.paths[0].string(),
                             " has ", detail::extent_text(a), " pixels and ", file.paths[1].string(), " has ",
                             detail::extent_text(b), ", expected the same size; align and crop them to one grid");
        for (std::size_t m = 0; m < 2; ++m) {
            std::size_t const channels = pair.images[m].channels();
            std::size_t const expected = pairs.empty() ? channels : pairs.front().images[m].channels();
            require<shape_error>(channels == expected, who, ": ", file.paths[m].string(), " has ", channels,
                                 " channels, expected ", expected, " as ", files.front().paths[m].string(), " has");
        }
        pairs.push_back(std::move(pair));
    }
    return pairs;
}

/// The aligned pairs of two folders, read: list_folder_pairs and read_pairs in one.
inline std::vector<aligned_pair> read_folder_pairs(std::filesystem::path const& first,
                                                   std::filesystem::path const& second) {
    return read_pairs(list_folder_pairs(first, second));
}

}}  // namespace comir::COMIR_ABI
