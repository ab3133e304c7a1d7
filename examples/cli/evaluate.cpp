#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <comir/pipeline/pair_list.hpp>

#include "commands.hpp"
#include "images.hpp"
#include "methods.hpp"
#include "outputs.hpp"
#include "pairs.hpp"
#include "reports.hpp"
#include "watch.hpp"

namespace {

void check_mask(std::string const& mask, std::string const& image) {
    if (mask.empty())
        return;
    auto const m = load_float_image(mask), i = load_float_image(image);
    comir::require(m.width() == i.width() && m.height() == i.height(), mask, ": the mask is ", m.width(), " x ",
                   m.height(), " px, its image ", image, " ", i.width(), " x ", i.height(),
                   " px; expected the same size");
}

}  // namespace

void run_evaluate(evaluate_settings const& s) {
    check_reports(s);
    if (!s.pictures.empty())
        check_output_folder("--pictures", s.pictures);
    auto pairs = comir::read_pair_list(s.pairs);
    comir::require(!pairs.empty(), s.pairs, ": the list has no pairs, expected at least one");
    if (s.limit > 0)
        pairs.resize(std::min(pairs.size(), s.limit));

    any_method const registration =
        make_method({s.method, s.run, [](std::size_t, std::size_t) { return !is_interrupted(); }});
    preparer const prepare(s.model, s.average_turns, s.run.threads);
    for (auto const& pair : pairs)
        for (auto const& name : {pair.fixed_modality, pair.moving_modality})
            prepare.of(name);  // an unknown modality is told before the long work
    progress_line line("pairs");
    std::vector<comir::pair_result> results;
    std::string refusal;
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        line.show(i, pairs.size());
        preparations const both{prepare.of(pairs[i].fixed_modality), prepare.of(pairs[i].moving_modality)};
        check_mask(pairs[i].fixed_mask.string(), pairs[i].fixed.string());
        check_mask(pairs[i].moving_mask.string(), pairs[i].moving.string());
        comir::scored_pair scored = evaluate_listed(pairs[i], registration, both);
        if (is_interrupted())
            throw interrupted{};
        if (refusal.empty() && !scored.refusal.empty())
            refusal = pairs[i].name + ": " + scored.refusal;
        if (!s.pictures.empty()) {
            make_output_folder("--pictures", s.pictures);
            save_picture(std::filesystem::path(s.pictures) / (pairs[i].name + ".png"),
                         listed_picture(pairs[i], scored.result, both));
        }
        results.push_back(std::move(scored.result));
    }
    line.clear();
    write_reports(s, pairs, results);
    if (!refusal.empty())
        std::fprintf(stderr, "comir: some pairs failed and count as not registered; the first: %s\n", refusal.c_str());
}
