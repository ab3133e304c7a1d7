#include "estimate.hpp"

#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include <comir/dataset/pair_list.hpp>
#include <comir/evaluation/success.hpp>

#include "methods.hpp"
#include "pairs.hpp"
#include "preparations.hpp"
#include "scenes.hpp"
#include "watch.hpp"

namespace {

/// A new folder that ends with this object.
struct passing_folder {
    std::filesystem::path path;

    explicit passing_folder(std::string const& beside) : path(beside + ".pairs") {
        while (std::filesystem::exists(path))
            path += "_";
    }
    passing_folder(passing_folder const&) = delete;
    passing_folder& operator=(passing_folder const&) = delete;
    ~passing_folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path, ignored);
    }
};

}  // namespace

void print_estimate(train_settings const& s, std::vector<comir::aligned_pair> const& scenes) {
    constexpr std::size_t least_side = 48, count = 20;
    std::size_t const shorter = shorter_side(scenes);
    if (shorter / 2 < least_side)
        return;
    passing_folder const folder(s.out);
    make_pairs_settings p = default_make_pairs_settings();
    p.size = shorter / 2;
    p.count = count;
    p.a_modality = s.name_a;
    p.b_modality = s.name_b;
    p.out = folder.path.string();
    p.run = s.run;
    auto const pairs = comir::read_pair_list(make_pairs_of(scenes, p));
    preparer const prepare(s.out, false, s.run.threads);
    comir::registration_method const registration =
        requested_method({rigid_method("auto"), s.run, [](std::size_t, std::size_t) { return !is_interrupted(); }});
    progress_line line("held-out pairs");
    std::vector<comir::pair_score> scores;
    for (comir::registration_pair const& pair : pairs) {
        line.show(scores.size(), pairs.size());
        comir::pair_preparations const both{prepare.of(pair.fixed_modality), prepare.of(pair.moving_modality)};
        scores.push_back(evaluate_listed(pair, registration, both).result.score);
        if (is_interrupted())
            return;
    }
    line.clear();
    comir::score_summary const all = comir::summarise(scores);
    std::printf(
        "estimate from the validation pairs: %.0f%% of %zu patches of %zu px, turned by up to %.0f degrees and shifted "
        "by up to %.0f%%, registered within 2%% of their width by auto, median error %.2f px\n",
        100 * all.success_2pct, scores.size(), p.size, p.max_angle, 100 * p.max_shift, all.median_error_px);
}
