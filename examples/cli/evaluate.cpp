#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <sstream>
#include <system_error>
#include <unistd.h>
#include <utility>

#include <comir/pipeline/model_preparation.hpp>
#include <comir/pipeline/pair_list.hpp>
#include <comir/pipeline/pair_sheet.hpp>
#include <comir/pipeline/register_pair.hpp>
#include <comir/pipeline/report.hpp>
#include <comir/pipeline/success_plot.hpp>

#include "cli.hpp"
#include "watch.hpp"

namespace {

struct settings {
    std::string pairs, model, method = "alpha_amd", out, json, plot, pictures;
    std::size_t limit = 0;
    alpha_amd_settings alpha_amd{};
    run_options run{};
};

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

/// The program is needed at the very end; its absence must show before the long work.
void check_gnuplot() {
    char const* const path = std::getenv("PATH");
    std::istringstream folders(path ? path : "");
    for (std::string folder; std::getline(folders, folder, ':');)
        if (::access((std::filesystem::path(folder) / "gnuplot").c_str(), X_OK) == 0)
            return;
    comir::fail("--plot: gnuplot was not found; install it (Debian: gnuplot-nox) or leave the plot out");
}

void write_picture(settings const& s, comir::registration_pair const& pair, comir::pair_result const& result,
                   comir::pair_preparations const& prepare) {
    auto const fixed = comir::read_image_float(pair.fixed), moving = comir::read_image_float(pair.moving);
    auto const transform =
        comir::to_transform(result.estimate, {{fixed.width(), fixed.height()}, {moving.width(), moving.height()}});
    std::error_code code;
    std::filesystem::create_directories(s.pictures, code);
    comir::require(!code, "--pictures: ", s.pictures, ": ", code.message());
    comir::write_image(std::filesystem::path(s.pictures) / (pair.name + ".png"),
                       comir::to_integer<std::uint8_t>(comir::pair_sheet(fixed, moving, transform, prepare)));
}

void run(settings const& s) {
    check_output("--out", s.out, {".csv"});
    check_output("--json", s.json, {".json"});
    check_output("--plot", s.plot, {".png"});
    if (!s.plot.empty())
        check_gnuplot();
    if (!s.pictures.empty())
        check_output_folder("--pictures", s.pictures);
    auto pairs = comir::read_pair_list(s.pairs);
    comir::require(!pairs.empty(), s.pairs, ": the list has no pairs, expected at least one");
    if (s.limit > 0)
        pairs.resize(std::min(pairs.size(), s.limit));

    auto const method =
        rigid_method_with(s.method, s.alpha_amd, s.run, [](std::size_t, std::size_t) { return !is_interrupted(); });
    std::shared_ptr<comir::model const> trained;
    if (!s.model.empty()) {
        trained = std::make_shared<comir::model const>(comir::read_model(s.model));
        for (auto const& pair : pairs)
            for (auto const& name : {pair.fixed_modality, pair.moving_modality})
                trained->find(name);  // an unknown modality is told before the long work
    }
    progress_line line("pairs");
    std::vector<comir::pair_result> results;
    std::string refusal;
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        line.show(i, pairs.size());
        comir::pair_preparations prepare;
        if (trained)
            prepare = {comir::prepare_with(trained, pairs[i].fixed_modality, {.threads = s.run.threads}),
                       comir::prepare_with(trained, pairs[i].moving_modality, {.threads = s.run.threads})};
        comir::scored_pair scored = comir::evaluate_pair(pairs[i], method, prepare);
        if (is_interrupted())
            throw interrupted{};
        if (refusal.empty() && !scored.refusal.empty())
            refusal = pairs[i].name + ": " + scored.refusal;
        if (!s.pictures.empty())
            write_picture(s, pairs[i], scored.result, prepare);
        results.push_back(std::move(scored.result));
    }
    line.clear();

    std::fputs(comir::report_table(results).c_str(), stdout);
    if (!refusal.empty())
        std::fprintf(stderr, "comir: some pairs failed and count as not registered; the first: %s\n", refusal.c_str());
    if (!s.out.empty())
        comir::write_results(s.out, results);
    if (!s.json.empty())
        comir::write_summary(s.json, results);
    if (!s.plot.empty())
        comir::plot_success(s.plot, success_curves(s.method, comir::scores_of(results), pairs),
                            {.title = folder_name_of_file(s.pairs) + ": " + std::to_string(pairs.size()) + " pairs"});
}

}  // namespace

void add_evaluate(CLI::App& app) {
    auto const s = std::make_shared<settings>();
    CLI::App& command = *app.add_subcommand(
        "evaluate",
        "Register the pairs of a list and compare with the truth: the error is the mean distance of the moving image's "
        "corners in pixels, success an error within 1, 2 or 5% of its width, or 3 or 5 px. A registration that fails "
        "counts as if nothing had been moved.");
    command.add_option("--pairs", s->pairs, "pair list, as make-pairs writes it (pairs.csv)")->required();
    command.add_option("--model", s->model, "trained model (.safetensors); without it the raw images are registered");
    add_method(command, s->method);
    add_alpha_amd(command, s->alpha_amd);
    command.add_option("--out", s->out, "file for the result of every pair (.csv)");
    command.add_option("--json", s->json, "file for the summary, overall and by direction (.json)");
    command.add_option("--plot", s->plot, "picture of success against tolerated error (.png); needs gnuplot");
    command.add_option("--pictures", s->pictures,
                       "folder for a picture of every pair: the images and what was registered, checkerboards of both "
                       "before and after");
    command.add_option("--limit", s->limit, "register only the first pairs, 0 for all")->capture_default_str();
    add_threads(command, s->run);
    add_seed(command, s->run);
    command.callback([s] { run(*s); });
}
