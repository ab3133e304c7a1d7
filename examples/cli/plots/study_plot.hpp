#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include <comir/core/error.hpp>
#include <comir/io/csv_file.hpp>

#include "plots/gnuplot.hpp"

namespace comir { inline namespace COMIR_ABI {

/// A curve and its name in the key.
struct plot_line {
    std::string label;
    std::vector<std::array<double, 2>> points;
};

struct line_plot_options {
    std::string x_label{}, y_label{};
    double x_tics = 0.0;  // their distance; 0: gnuplot chooses
    plot_options picture{};
};

/// Bars that stand side by side, one of each series; those that are not finite are left out.
struct bar_group {
    std::string label;
    std::vector<double> values;
};

struct bar_plot_options {
    std::string y_label{};
    double low = 0.0, high = 1.0;  // the axis of the bars
    plot_options picture{};
};

namespace detail {

/// One series as a block of data with a name that the plot command refers to.
inline std::string plot_data(std::size_t i, std::span<std::array<double, 2> const> points) {
    std::string block = "$data" + std::to_string(i) + " << EOD\n";
    for (auto const& [x, y] : points)
        block += csv_field(x) + ' ' + csv_field(y) + '\n';
    return block + "EOD\n";
}

inline std::string plot_label(char const* command, std::string const& text) {
    return text.empty() ? std::string() : std::string(command) + ' ' + gnuplot_text(text) + " noenhanced\n";
}

}  // namespace detail

/// Draws curves over numbers into one PNG by gnuplot, a program of its own. Labels are drawn as they are.
/// Errors: error if there are no curves, one has no points or a number that is not finite, gnuplot is missing or fails,
///         or the file cannot be written
inline void plot_lines(std::filesystem::path const& path, std::span<plot_line const> lines,
                       line_plot_options const& options = {}) {
    std::string const who = "comir::plot_lines";
    require(!lines.empty(), who, ": there are no curves, expected at least one");
    std::string script = detail::plot_frame(options.picture), command = "plot ";
    for (std::size_t i = 0; i < lines.size(); ++i) {
        auto const& [label, points] = lines[i];
        require(!points.empty(), who, ": the curve '", label, "' has no points");
        for (auto const& [x, y] : points)
            require(std::isfinite(x) && std::isfinite(y), who, ": the curve '", label,
                    "' has a point that is not finite");
        script += detail::plot_data(i, points);
        command += (i > 0 ? ", $data" : "$data") + std::to_string(i) + " using 1:2 with lines lw 2.5 dt " +
                   std::to_string(i / 6 + 1) + " title " + detail::gnuplot_text(label) + " noenhanced";
    }
    script += detail::plot_label("set xlabel", options.x_label) + detail::plot_label("set ylabel", options.y_label);
    if (options.x_tics > 0.0)
        script += "set xtics " + csv_field(options.x_tics) + "\n";
    detail::draw_plot(who, path, script + "set autoscale xfix\n" + command + "\n", options.picture);
}

/// Draws groups of bars into one PNG by gnuplot; `series` names the bars of each group.
/// Errors: error if there are no groups or series, a group has another number of bars, the axis is empty, gnuplot is
///         missing or fails, or the file cannot be written
inline void plot_bars(std::filesystem::path const& path, std::span<bar_group const> groups,
                      std::span<std::string const> series, bar_plot_options const& options = {}) {
    std::string const who = "comir::plot_bars";
    require(!groups.empty() && !series.empty(), who, ": there are ", groups.size(), " groups and ", series.size(),
            " series, expected at least one of each");
    require(options.low < options.high, who, ": the axis goes from ", options.low, " to ", options.high,
            ", expected low below high");
    double const width = 0.8 / static_cast<double>(series.size());
    std::string script = detail::plot_frame(options.picture), command = "plot ", tics;
    for (std::size_t s = 0; s < series.size(); ++s) {
        std::vector<std::array<double, 2>> points;
        for (std::size_t g = 0; g < groups.size(); ++g) {
            require(groups[g].values.size() == series.size(), who, ": the group '", groups[g].label, "' has ",
                    groups[g].values.size(), " bars, expected ", series.size());
            if (std::isfinite(groups[g].values[s]))
                points.push_back(
                    {static_cast<double>(g) + (static_cast<double>(s) + 0.5) * width - 0.4, groups[g].values[s]});
        }
        // A series without a bar is still in the key.
        if (points.empty())
            points.push_back({0.0, options.low});
        script += detail::plot_data(s, points);
        command += (s > 0 ? ", $data" : "$data") + std::to_string(s) + " using 1:2 with boxes title " +
                   detail::gnuplot_text(series[s]) + " noenhanced";
    }
    for (std::size_t g = 0; g < groups.size(); ++g)
        tics += (g > 0 ? ", " : "") + detail::gnuplot_text(groups[g].label) + ' ' + std::to_string(g);
    script += "set xtics noenhanced " + std::string(groups.size() > 5 ? "rotate by -35 " : "") + "(" + tics + ")\n";
    script += "set boxwidth " + csv_field(width) + "\nset style fill solid 0.9 border lc rgb 'white'\n";
    script += "set xrange [-0.6:" + csv_field(static_cast<double>(groups.size()) - 0.4) + "]\nset yrange [" +
              csv_field(options.low) + ":" + csv_field(options.high) + "]\n";
    script += detail::plot_label("set ylabel", options.y_label);
    detail::draw_plot(who, path, script + command + "\n", options.picture);
}

}}  // namespace comir::COMIR_ABI
