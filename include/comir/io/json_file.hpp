#pragma once

#include <filesystem>
#include <string>

#include <nlohmann/json.hpp>

#include <comir/io/atomic_file.hpp>

namespace comir { inline namespace COMIR_ABI {

/// A JSON value whose objects keep the order in which their members were added.
using json_value = nlohmann::ordered_json;

/// Writes a JSON file, indented; text that is no UTF-8 gets replacement characters, numbers that are not finite null.
/// Errors: error if the file cannot be written
inline void write_json(std::string const& who, std::filesystem::path const& path, json_value const& value) {
    write_file(who, path, value.dump(2, ' ', false, json_value::error_handler_t::replace) + '\n');
}

}}  // namespace comir::COMIR_ABI
