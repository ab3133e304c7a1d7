#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <comir/dataset/pair_list.hpp>

#include "commands.hpp"
#include "evaluate_landmarks.hpp"
#include "images.hpp"
#include "masking.hpp"
#include "messages.hpp"
#include "methods.hpp"
#include "outputs.hpp"
#include "pairs.hpp"
#include "preparations.hpp"
#include "reports.hpp"
#include "watch.hpp"

namespace {

std::filesystem::path picture_of(comir::registration_pair const& pair, evaluate_settings const& s) {
    return std::filesystem::path(s.pictures) / (pair.name + ".png");
}

/// The names become those of pictures, in one folder, where none may take the place of an image of the list.
void check_pictures(std::vector<comir::registration_pair> const& pairs, evaluate_settings const& s) {
    namespace fs = std::filesystem;
    std::set<std::string> names;
    std::set<fs::path> images;
    for (auto const& pair : pairs)
        for (auto const& image : {pair.fixed, pair.moving, pair.fixed_mask, pair.moving_mask})
            if (!image.empty())
                images.insert(full_path(image));
    for (auto const& pair : pairs) {
        comir::require(pair.name.find('/') == std::string::npos && pair.name != "." && pair.name != "..", s.pairs,
                       ": a pair is called '", pair.name,
                       "', which cannot name a picture; rename it, or leave out --pictures");
        comir::require(names.insert(pair.name).second, s.pairs, ": two pairs are called '", pair.name,
                       "', and their pictures would be one file; rename one, or leave out --pictures");
        fs::path const picture = picture_of(pair, s);
        comir::require(!images.contains(full_path(picture)), "--pictures: ", picture.string(),
                       " is an image of the list, and would be overwritten; give another folder");
    }
}

/// How many images were masked without being asked.
class masked_count {
public:
    void add(double share) {
        ++images_;
        masked_ += share > 0.0;
        total_ += share;
    }
    void tell() const {
        if (masked_ > 0)
            std::fprintf(stderr,
                         "comir: no data and borders are left out of %zu of %zu images, %.1f %% of each on average; to "
                         "keep them: --nodata none --borders keep\n",
                         masked_, images_, 100.0 * total_ / static_cast<double>(masked_));
    }

private:
    std::size_t images_ = 0, masked_ = 0;
    double total_ = 0.0;
};

/// The result of a pair whose images cannot be read: as if nothing had been moved.
comir::pair_result lost_pair(comir::registration_pair const& pair, std::string const& reason) {
    comir::extent2 const size{pair.size_px, pair.size_px};
    comir::pair_result result = comir::refused_pair(pair, {size, size}, 0.0);
    result.failure = reason;
    return result;
}

}  // namespace

void run_evaluate(evaluate_settings const& s) {
    check_reports(s);
    if (names_landmarks(s.pairs))
        return run_evaluate_landmarks(s);
    if (!s.pictures.empty())
        check_output_folder("--pictures", s.pictures);
    auto pairs = comir::read_pair_list(s.pairs);
    comir::require(!pairs.empty(), s.pairs, ": the list has no pairs, expected at least one");
    if (s.limit > 0)
        pairs.resize(std::min(pairs.size(), s.limit));
    if (!s.pictures.empty())
        check_pictures(pairs, s);

    comir::registration_method const registration = requested_method(
        {s.method, s.run, [](std::size_t, std::size_t) { return !is_interrupted(); }, s.model.empty()});
    preparer const prepare(s.model, s.average_turns, s.run.threads);
    for (auto const& pair : pairs)
        for (auto const& name : {pair.fixed_modality, pair.moving_modality})
            prepare.of(name);  // an unknown modality is told before the long work
    comir::pair_masking const masking{masking_of(s.masking, pair_image::fixed),
                                      masking_of(s.masking, pair_image::moving)};
    progress_line line("pairs");
    std::vector<comir::pair_result> results;
    masked_count masked;
    std::string refusal;
    auto const add = [&](comir::registration_pair const& pair) {
        comir::pair_preparations const both{prepare.of(pair.fixed_modality, pair.fixed.string()),
                                            prepare.of(pair.moving_modality, pair.moving.string())};
        for (auto const& file : {pair.fixed, pair.moving, pair.fixed_mask, pair.moving_mask})
            if (!file.empty())
                note_pages(file);
        comir::scored_pair scored = evaluate_listed(pair, registration, both, masking);
        if (is_interrupted())
            throw interrupted{};
        scored.result.failure = scored.refusal;
        if (refusal.empty() && !scored.refusal.empty())
            refusal = pair.name + ": " + scored.refusal;
        if (!s.pictures.empty()) {
            make_output_folder("--pictures", s.pictures);
            save_picture(picture_of(pair, s), listed_picture(pair, scored.result, both, masking));
        }
        masked.add(scored.fixed_masked);
        masked.add(scored.moving_masked);
        results.push_back(std::move(scored.result));
    };
    std::size_t lost = 0;
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        line.show(i, pairs.size());
        try {
            naming(pairs[i].name, [&] { add(pairs[i]); });
        } catch (comir::error const& problem) {  // what cannot be read is no reason to leave out the others
            line.clear();
            std::fprintf(stderr, "comir: %s\n", problem.what());
            results.push_back(lost_pair(pairs[i], problem.what()));
            ++lost;
        }
    }
    line.clear();
    write_reports(s, pairs, results);
    masked.tell();
    if (!refusal.empty())
        std::fprintf(stderr, "comir: some pairs failed and count as not registered; the first: %s\n", refusal.c_str());
    if (lost > 0) {
        std::fprintf(stderr, "comir: %zu of %zu pairs could not be read, and count as not registered\n", lost,
                     pairs.size());
        throw incomplete{some_failed};
    }
}
