#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <comir/dataset/image_list.hpp>

#include "commands.hpp"

/// A pair, and the one whose moving image is its fixed image, in a chain.
struct batch_item {
    comir::listed_images images;
    std::optional<std::size_t> before{};
};

/// The pairs of the settings' list, or of its moving images.
/// Raises comir::error if there are none, or if their names cannot be those of files.
std::vector<batch_item> items_of(batch_settings const& settings);
/// What a pair's result depends on, by what it is, with its present state; `before` is that of the pair before it in a
/// chain, or null.
std::map<std::string, std::string> state_of(batch_item const& item, batch_settings const& settings,
                                            std::map<std::string, std::string> const* before);
/// The files that the settings ask for, by what they are.
std::vector<std::string> wanted_files(batch_settings const& settings);
