#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include <comir/core/error.hpp>
#include <comir/evaluation/success.hpp>
#include <comir/io/csv_file.hpp>

#include "plots/gnuplot.hpp"

namespace comir { inline namespace COMIR_ABI {

/// A curve of success against tolerated error, and its name in the key.
struct labelled_curve {
    std::string label;
    std::vector<success_point> points;
};

namespace detail {

inline std::string success_script(std::span<labelled_curve const> curves, plot_options const& options) {
    std::string script = plot_frame(options);
    for (std::size_t i = 0; i < curves.size(); ++i) {
        script += "$curve" + std::to_string(i) + " << EOD\n";
        for (success_point const& p : curves[i].points)
            script += csv_field(p.tolerance_px) + ' ' + csv_field(100.0 * p.success) + '\n';
        script += "EOD\n";
    }
    script +=
        "set logscale x\nset xrange [1:100]\nset yrange [0:100]\nset xtics (1, 2, 5, 10, 20, 50, 100)\n"
        "set ytics 20\nset format y '%g%%'\nset xlabel 'tolerated error (px)'\nset ylabel 'registered pairs'\nplot ";
    for (std::size_t i = 0; i < curves.size(); ++i)
        script += (i > 0 ? ", " : "") + ("$curve" + std::to_string(i)) + " using 1:2 with lines lw 2.5 dt " +
                  std::to_string(i / 6 + 1) + " title " + gnuplot_text(curves[i].label) + " noenhanced";
    return script + "\n";
}

}  // namespace detail

/// Draws the curves into one PNG by gnuplot, a program of its own: tolerated error from 1 to 100 px, logarithmic,
/// against the share of registered pairs. Labels and title are drawn as they are.
/// Errors: error if there are no curves or points, gnuplot is missing or fails, or the file cannot be written
inline void plot_success(std::filesystem::path const& path, std::span<labelled_curve const> curves,
                         plot_options const& options = {}) {
    std::string const who = "comir::plot_success";
    require(!curves.empty(), who, ": there are no curves, expected at least one");
    for (labelled_curve const& curve : curves)
        require(!curve.points.empty(), who, ": the curve '", curve.label, "' has no points");
    detail::draw_plot(who, path, detail::success_script(curves, options), options);
}

}}  // namespace comir::COMIR_ABI
