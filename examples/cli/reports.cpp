#include "reports.hpp"

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <sstream>
#include <string>
#include <unistd.h>
#include <utility>

#include <comir/evaluation/report.hpp>

#include "outputs.hpp"
#include "plots/success_plot.hpp"

namespace {

/// One curve for all pairs, one for each direction if there are several, and one for what was before.
std::vector<comir::labelled_curve> success_curves(std::string const& method,
                                                  std::vector<comir::pair_score> const& scores,
                                                  std::vector<comir::registration_pair> const& pairs) {
    std::vector<comir::labelled_curve> curves{{method + ", all pairs", comir::success_curve(scores)}};
    std::map<std::string, std::vector<comir::pair_score>> groups;
    for (comir::pair_score const& score : scores)
        groups[score.group].push_back(score);
    if (groups.size() > 1)
        for (auto const& [name, members] : groups)
            curves.push_back({method + ", " + name, comir::success_curve(members)});
    std::vector<comir::pair_score> before = scores;
    for (std::size_t i = 0; i < before.size(); ++i)
        before[i].error_px = pairs[i].initial_error_px;
    curves.push_back({"before registration", comir::success_curve(before)});
    return curves;
}

}  // namespace

bool has_gnuplot() {
    char const* const path = std::getenv("PATH");
    std::istringstream folders(path ? path : "");
    for (std::string folder; std::getline(folders, folder, ':');)
        if (::access((std::filesystem::path(folder) / "gnuplot").c_str(), X_OK) == 0)
            return true;
    return false;
}

void check_reports(evaluate_settings const& s) {
    check_output("--out", s.out, {".csv"});
    check_output("--json", s.json, {".json"});
    check_output("--plot", s.plot, {".png"});
    for (auto const& [option, path] : {std::pair{"--out", s.out}, {"--json", s.json}, {"--plot", s.plot}})
        check_no_input(option, path, {s.pairs, s.model});
    // The program is needed at the very end; its absence must show before the long work.
    comir::require(s.plot.empty() || has_gnuplot(),
                   "--plot: gnuplot was not found; install it (Debian: gnuplot-nox) or leave the plot out");
}

void write_reports(evaluate_settings const& s, std::vector<comir::registration_pair> const& pairs,
                   std::vector<comir::pair_result> const& results) {
    std::fputs(comir::report_table(results).c_str(), stdout);
    if (!s.out.empty())
        comir::write_results(s.out, results);
    if (!s.json.empty())
        comir::write_summary(s.json, results);
    if (!s.plot.empty())
        comir::plot_success(s.plot, success_curves(s.method.name, comir::scores_of(results), pairs),
                            {.title = folder_name_of_file(s.pairs) + ": " + std::to_string(pairs.size()) + " pairs"});
}
