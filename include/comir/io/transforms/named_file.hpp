#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <comir/core/error.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// A file that another one names, such as the first file of elastix's chains. elastix looks for it from the working
/// directory, so that results that were moved, or read from elsewhere, would name nothing or another file. Here the
/// name counts from the naming file's folder; then a file of that name beside it; then the name as it stands. `notes`
/// gets a sentence where that is not the file that elastix would take.
/// Errors: format_error if there is none
inline std::filesystem::path find_named_file(std::string const& where, std::filesystem::path const& from,
                                             std::string_view name, std::vector<std::string>* notes) {
    namespace fs = std::filesystem;
    fs::path const named = fs::path(name), folder = from.parent_path();
    std::error_code unknown;
    auto const exists = [&](fs::path const& path) { return fs::is_regular_file(path, unknown); };
    auto const note = [&](std::string const& text) {
        if (notes)
            notes->push_back(from.string() + ": " + text);
    };
    for (fs::path const& candidate :
         {named.is_absolute() ? folder / named.filename() : folder / named, folder / named.filename()}) {
        if (!exists(candidate))
            continue;
        bool const is_there = exists(named), same = is_there && fs::equivalent(named, candidate, unknown);
        if (!same && is_there)
            note("the file that it names, " + named.string() + ", is also at " +
                 fs::weakly_canonical(named, unknown).string() + "; that beside it is read: " + candidate.string());
        else if (!same && named.is_absolute())
            note("the file that it names, " + named.string() +
                 ", is not there; that beside it is read: " + candidate.string());
        return candidate;
    }
    require<format_error>(exists(named), where, ": the file that it names, ", named.string(),
                          ", is neither beside it nor there; bring both into one folder");
    note("the file that it names is not beside it; read is " + fs::weakly_canonical(named, unknown).string());
    return named;
}

}}}  // namespace comir::COMIR_ABI::detail
