#include <algorithm>
#include <cstdio>
#include <string>
#include <variant>

#include <comir/io/atomic_file.hpp>
#include <comir/io/csv_file.hpp>

#include "plots/study_plot.hpp"
#include "reports.hpp"
#include "study.hpp"

namespace {

std::string shown(std::variant<std::string, double> const& cell) {
    if (auto const* const text = std::get_if<std::string>(&cell))
        return *text;
    char digits[32];
    std::snprintf(digits, sizeof digits, "%.3f", std::get<double>(cell));
    return digits;
}

std::string stored(std::variant<std::string, double> const& cell) {
    return std::visit([](auto const& held) { return comir::csv_field(held); }, cell);
}

/// False, and says so, where pictures cannot be drawn; the tables hold the same numbers.
bool can_draw(std::string const& path) {
    if (has_gnuplot())
        return true;
    std::fprintf(stderr, "comir: %s is not drawn: gnuplot was not found (Debian: gnuplot-nox)\n", path.c_str());
    return false;
}

}  // namespace

void print_table(study_table const& table) {
    std::vector<std::size_t> widths;
    for (std::size_t c = 0; c < table.columns.size(); ++c) {
        std::size_t width = table.columns[c].size();
        for (auto const& row : table.rows)
            width = std::max(width, shown(row[c]).size());
        widths.push_back(width);
    }
    auto const print_row = [&](auto const& text_of, auto const& is_number) {
        for (std::size_t c = 0; c < widths.size(); ++c)
            std::printf(is_number(c) ? "%s%*s" : "%s%-*s", c > 0 ? "  " : "", static_cast<int>(widths[c]),
                        text_of(c).c_str());
        std::printf("\n");
    };
    auto const in_numbers = [&](std::size_t c) {
        return !table.rows.empty() && std::holds_alternative<double>(table.rows[0][c]);
    };
    print_row([&](std::size_t c) { return table.columns[c]; }, in_numbers);
    for (auto const& row : table.rows)
        print_row([&](std::size_t c) { return shown(row[c]); }, in_numbers);
}

void write_table(std::string const& path, study_table const& table) {
    std::string text;
    for (std::size_t c = 0; c < table.columns.size(); ++c)
        text += (c > 0 ? "," : "") + comir::csv_field(table.columns[c]);
    text += '\n';
    for (auto const& row : table.rows) {
        for (std::size_t c = 0; c < row.size(); ++c)
            text += (c > 0 ? "," : "") + stored(row[c]);
        text += '\n';
    }
    comir::write_file("--out", path, text);
    std::printf("wrote %s\n", path.c_str());
}

void draw_curves(std::string const& path, study_settings const& s, std::vector<model_figures> const& figures) {
    if (!can_draw(path))
        return;
    std::vector<comir::plot_line> lines;
    for (model_figures const& f : figures)
        for (std::size_t m = 0; m < 2; ++m)
            lines.push_back({f.name + ", " + (m == 0 ? s.train.name_a : s.train.name_b), f.equivariance[m]});
    comir::plot_lines(path, lines,
                      {.x_label = "angle by which the image was turned (degrees)",
                       .y_label = "correlation of representations",
                       .x_tics = 45.0});
    std::printf("wrote %s\n", path.c_str());
}

void draw_bars(std::string const& path, study_table const& table, std::vector<std::size_t> const& columns) {
    if (!can_draw(path))
        return;
    std::vector<std::string> series;
    for (std::size_t const c : columns)
        series.push_back(table.columns[c]);
    std::vector<comir::bar_group> groups;
    for (auto const& row : table.rows) {
        groups.push_back({std::get<std::string>(row[0]), {}});
        for (std::size_t const c : columns)
            groups.back().values.push_back(std::get<double>(row[c]));
    }
    comir::plot_bars(path, groups, series);
    std::printf("wrote %s\n", path.c_str());
}
