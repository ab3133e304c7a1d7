#pragma once

#include <array>
#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <system_error>
#include <utility>

#include <comir/io/atomic_file.hpp>
#include <comir/io/csv_file.hpp>
#include <comir/io/input_file.hpp>
#include <comir/io/json_file.hpp>

namespace comir { inline namespace COMIR_ABI {

/// What became of a registration: to be used, to be looked at, or none.
enum class registration_status { accepted, doubtful, failed };

/// Their names in tables and files, in that order.
inline constexpr std::array<char const*, 3> registration_status_names{"accepted", "doubtful", "failed"};

/// What is written down of the registration of one pair among many, in a file of its own, so that work that was stopped
/// goes on and other programs can follow it.
struct registration_record {
    std::string name, fixed, moving;  // of the pair, and of its files as they were listed
    registration_status status = registration_status::failed;
    std::string reason{};                // why it is not accepted; empty if it is
    std::string kind{};                  // of the transform: translation, rigid, similarity or affine
    bool mirrored = false;               // the moving image is turned over
    std::optional<double> confidence{};  // 0 to 1, if the method can tell
    double overlap = 0.0;                // share of the fixed image
    std::optional<double> agreeing{};    // share of the places that agree with the transform, if any were compared
    double seconds = 0.0;
    std::map<std::string, std::string> files{};    // what was written, by what it is, relative to the record's folder
    std::map<std::string, std::string> made_of{};  // what the result depends on, by what it is: changes make it stale
};

/// The first thing that a result depends on whose state differs; empty if all are the same.
inline std::string changed_since(registration_record const& record, std::map<std::string, std::string> const& now) {
    for (auto const& [what, state] : now)
        if (auto const known = record.made_of.find(what); known == record.made_of.end() || known->second != state)
            return what;
    for (auto const& [what, state] : record.made_of)
        if (!now.contains(what))
            return what;
    return {};
}

namespace detail {

inline json_value or_null(std::optional<double> const& value) {
    return value ? json_value(*value) : json_value(nullptr);
}

}  // namespace detail

/// Writes a record (.json) as a whole, or leaves everything as it was.
/// Errors: error if the file cannot be written
inline void write_record(std::filesystem::path const& path, registration_record const& r) {
    json_value json{{"pair", r.name},         {"fixed", r.fixed},
                    {"moving", r.moving},     {"status", registration_status_names[static_cast<std::size_t>(r.status)]},
                    {"reason", r.reason},     {"kind", r.kind},
                    {"mirrored", r.mirrored}, {"confidence", detail::or_null(r.confidence)},
                    {"overlap", r.overlap},   {"agreeing", detail::or_null(r.agreeing)},
                    {"seconds", r.seconds},   {"files", r.files},
                    {"made_of", r.made_of}};
    write_json("comir::write_record", path, json);
}

/// Reads a record; none if there is no such file or it is not one that write_record wrote.
/// Errors: error if the file is there and cannot be read
inline std::optional<registration_record> read_record(std::filesystem::path const& path) {
    std::error_code missing;
    if (!std::filesystem::exists(path, missing))
        return {};
    std::string const text = read_text_file("comir::read_record", path, std::size_t{1} << 20);
    json_value const json = json_value::parse(text, nullptr, false);
    registration_record r;
    try {
        json.at("pair").get_to(r.name);
        json.at("fixed").get_to(r.fixed);
        json.at("moving").get_to(r.moving);
        std::string const status = json.at("status").get<std::string>();
        std::size_t i = 0;
        while (i < registration_status_names.size() && registration_status_names[i] != status)
            ++i;
        if (i == registration_status_names.size())
            return {};
        r.status = static_cast<registration_status>(i);
        json.at("reason").get_to(r.reason);
        json.at("kind").get_to(r.kind);
        json.at("mirrored").get_to(r.mirrored);
        json.at("overlap").get_to(r.overlap);
        for (auto const& [what, value] : {std::pair{"confidence", &r.confidence}, std::pair{"agreeing", &r.agreeing}})
            if (!json.at(what).is_null())
                *value = json.at(what).get<double>();
        json.at("seconds").get_to(r.seconds);
        json.at("files").get_to(r.files);
        json.at("made_of").get_to(r.made_of);
    } catch (json_value::exception const&) {
        return {};
    }
    return r;
}

/// The table of many records (.csv): pair, status, kind, confidence, overlap, agreeing, mirrored, seconds, transform,
/// reason, fixed and moving. Cells of what is not known are empty.
inline std::string record_table(std::span<registration_record const> records) {
    std::string text = "pair,status,kind,confidence,overlap,agreeing,mirrored,seconds,transform,reason,fixed,moving\n";
    for (registration_record const& r : records) {
        bool const found = r.status != registration_status::failed;
        auto const number = [found](std::optional<double> v) { return found && v ? csv_field(*v) : std::string(); };
        auto const transform = r.files.find("transform");
        text += csv_field(r.name) + ',' + registration_status_names[static_cast<std::size_t>(r.status)] + ',' +
                csv_field(r.kind) + ',' + number(r.confidence) + ',' + number(r.overlap) + ',' + number(r.agreeing) +
                ',' + (found ? (r.mirrored ? "1" : "0") : "") + ',' + csv_field(r.seconds) + ',' +
                csv_field(transform == r.files.end() ? "" : transform->second) + ',' + csv_field(r.reason) + ',' +
                csv_field(r.fixed) + ',' + csv_field(r.moving) + '\n';
    }
    return text;
}

}}  // namespace comir::COMIR_ABI
