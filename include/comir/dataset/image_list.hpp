#pragma once

#include <cstddef>
#include <filesystem>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <comir/core/error.hpp>
#include <comir/io/csv_file.hpp>

namespace comir { inline namespace COMIR_ABI {

/// Two images of a list that are to be registered, with what is known of them. Nothing is known of where they lie.
struct listed_images {
    std::string name;  // can name a file, and is the only one of its kind in the list
    std::filesystem::path fixed{}, moving{};
    std::filesystem::path fixed_mask{}, moving_mask{};  // images whose zeros are left out; empty: every pixel counts
    std::filesystem::path initial{};                    // transform to start from; empty: none
    std::filesystem::path landmarks{};                  // points of both images; empty: none
    std::string fixed_modality{}, moving_modality{};    // empty: not said
};

namespace detail {

/// Raises error unless the names can name files, each another one.
inline void check_names(std::string const& where, std::vector<listed_images> const& pairs) {
    std::set<std::string> names;
    for (listed_images const& pair : pairs) {
        require(!pair.name.empty() && pair.name.front() != '.' && pair.name.find('/') == std::string::npos, where,
                ": a pair is called '", pair.name,
                "', which cannot name a file; give the pairs names without a slash in a column 'pair'");
        require(names.insert(pair.name).second, where, ": two pairs are called '", pair.name,
                "', and their results would be one file; give each a name of its own in a column 'pair'");
    }
}

}  // namespace detail

/// Reads a list of images to register: the columns fixed and moving, and any of pair, fixed_modality, moving_modality,
/// fixed_mask, moving_mask, initial and landmarks, in any order, with or without values; other columns are left alone,
/// so that the lists of read_pair_list can be read, too. File names are beside the list. A pair without a name is called
/// as its moving image is, without the extension.
/// Errors: error if the file cannot be opened, two pairs have one name or a name cannot be that of a file; format_error
///         with the line's number if a column or a file name is missing
inline std::vector<listed_images> read_image_list(std::filesystem::path const& path) {
    csv_table const table("comir::read_image_list", path);
    std::size_t const fixed = table.column("fixed"), moving = table.column("moving");
    std::vector<listed_images> pairs(table.size());
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        listed_images& pair = pairs[i];
        pair.fixed = path.parent_path() / table.text(i, fixed);
        pair.moving = path.parent_path() / table.text(i, moving);
        for (auto const& [column, file] :
             {std::pair{"fixed_mask", &pair.fixed_mask}, std::pair{"moving_mask", &pair.moving_mask},
              std::pair{"initial", &pair.initial}, std::pair{"landmarks", &pair.landmarks}})
            if (std::string const given = table.text_if_any(i, column); !given.empty())
                *file = path.parent_path() / given;
        pair.fixed_modality = table.text_if_any(i, "fixed_modality");
        pair.moving_modality = table.text_if_any(i, "moving_modality");
        pair.name = table.text_if_any(i, "pair");
        if (pair.name.empty())
            pair.name = pair.moving.stem().string();
    }
    detail::check_names("comir::read_image_list: " + path.string(), pairs);
    return pairs;
}

}}  // namespace comir::COMIR_ABI
