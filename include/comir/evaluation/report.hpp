#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <comir/dataset/pair_list.hpp>
#include <comir/evaluation/pair_result.hpp>
#include <comir/evaluation/success.hpp>
#include <comir/io/atomic_file.hpp>
#include <comir/io/csv_file.hpp>
#include <comir/io/json_file.hpp>

namespace comir { inline namespace COMIR_ABI {

/// Writes one line a pair: pair, error_px, success (1 if the error is at most 2% of the width), seconds, and the
/// estimate as angle_deg, tx_px, ty_px and x0, y0 to x3, y3; last the confidence, and why a pair failed.
/// Errors: error if the file cannot be written
inline void write_results(std::filesystem::path const& path, std::span<pair_result const> results) {
    std::string text =
        "pair,error_px,success,seconds,angle_deg,tx_px,ty_px" + detail::corner_header() + ",confidence,failure\n";
    for (pair_result const& result : results) {
        text += csv_field(result.name) + ',' + csv_field(result.score.error_px) + ',' +
                (within_percent(result.score, 2.0) ? '1' : '0') + ',' + csv_field(result.score.seconds) + ',' +
                csv_field(result.estimate.angle_deg) + ',' + csv_field(result.estimate.tx_px) + ',' +
                csv_field(result.estimate.ty_px) + detail::corner_fields(result.corners) + ',' +
                csv_field(result.confidence) + ',' + csv_field(result.failure) + '\n';
    }
    write_file("comir::write_results", path, text);
}

namespace detail {

inline json_value to_json_value(score_summary const& s) {
    return {{"pairs", s.pairs},
            {"failed", s.failed},
            {"success_1pct", s.success_1pct},
            {"success_2pct", s.success_2pct},
            {"success_5pct", s.success_5pct},
            {"success_3px", s.success_3px},
            {"success_5px", s.success_5px},
            {"median_error_px", s.median_error_px},
            {"seconds_per_pair", s.seconds_per_pair}};
}

}  // namespace detail

/// Writes the summary of all pairs, and under "by_direction" one for each direction; shares are from 0 to 1.
/// Errors: error if there are no results, or the file cannot be written
inline void write_summary(std::filesystem::path const& path, std::span<pair_result const> results) {
    std::vector<pair_score> const scores = scores_of(results);
    json_value summary = detail::to_json_value(summarise(scores));
    json_value groups = json_value::object();
    for (auto const& [name, group] : summarise_groups(scores))
        groups[name] = detail::to_json_value(group);
    summary["by_direction"] = std::move(groups);
    write_json("comir::write_summary", path, summary);
}

/// The summaries by direction and of all pairs as a table for people; successes in percent.
/// Errors: error if there are no results
inline std::string report_table(std::span<pair_result const> results) {
    std::vector<pair_score> const scores = scores_of(results);
    auto const groups = summarise_groups(scores);
    std::size_t width = std::string("direction").size();
    for (auto const& [name, group] : groups)
        width = std::max(width, name.size());
    auto const padded = [width](std::string name) { return name.append(width - name.size(), ' '); };
    std::string table =
        padded("direction") + "  pairs  failed  in 1%  in 2%  in 5%  in 3 px  in 5 px  median px   s/pair\n";
    auto const add = [&](std::string const& name, score_summary const& s) {
        char cells[256];
        std::snprintf(cells, sizeof cells, "  %5zu  %6zu  %5.1f  %5.1f  %5.1f  %7.1f  %7.1f  %9.2f  %7.3f\n", s.pairs,
                      s.failed, 100 * s.success_1pct, 100 * s.success_2pct, 100 * s.success_5pct, 100 * s.success_3px,
                      100 * s.success_5px, s.median_error_px, s.seconds_per_pair);
        table += padded(name) + cells;
    };
    for (auto const& [name, group] : groups)
        add(name, group);
    add("all", summarise(scores));
    return table;
}

}}  // namespace comir::COMIR_ABI
