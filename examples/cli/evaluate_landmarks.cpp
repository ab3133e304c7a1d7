#include "evaluate_landmarks.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <utility>
#include <vector>

#include <comir/core/clock.hpp>
#include <comir/dataset/image_list.hpp>
#include <comir/evaluation/landmark_error.hpp>
#include <comir/evaluation/landmark_file.hpp>
#include <comir/image/centre.hpp>
#include <comir/transform/translation.hpp>

#include "file_registration.hpp"
#include "messages.hpp"
#include "watch.hpp"

namespace {

/// The middle of the fixed image on that of the moving one.
comir::translation2 unmoved(comir::image<float> const& fixed, comir::image<float> const& moving) {
    comir::point2 const shift = comir::image_centre(moving.shape()) - comir::image_centre(fixed.shape());
    return {{shift.x, shift.y}, {}};
}

comir::landmark_score score_pair_by_landmarks(comir::listed_images const& listed, file_registrar& registrar) {
    auto const begin = std::chrono::steady_clock::now();
    auto const landmarks = comir::read_landmarks(listed.landmarks);
    comir::listed_images pair = listed;
    pair.landmarks.clear();  // they are the truth, and no start
    comir::image<float> const &fixed = registrar.read_fixed(pair)->image.values,
                              &moving = registrar.read_moving(pair)->image.values;
    auto const before = unmoved(fixed, moving);
    comir::landmark_score score;
    try {
        file_registration const found = registrar(pair);
        score = comir::score_landmarks(landmarks, comir::to_affine(found.result.transform), before);
        score.confidence = found.confidence.value_or(0.0);
    } catch (comir::error const& refused) {
        score = comir::score_landmarks(landmarks, before, before);
        score.failure = without_function(refused.what());
    }
    score.diagonal_px = std::hypot(static_cast<double>(moving.width()), static_cast<double>(moving.height()));
    score.name = pair.name;
    score.seconds = comir::detail::seconds_since(begin);
    return score;
}

}  // namespace

bool names_landmarks(std::string const& list) {
    return comir::csv_table("comir::evaluate", list).has_column("landmarks");
}

void run_evaluate_landmarks(evaluate_settings const& s) {
    comir::require(s.plot.empty() && s.pictures.empty(),
                   "--plot and --pictures: they are of lists with true displacements, and this one names landmarks");
    auto pairs = comir::read_image_list(s.pairs);
    comir::require(!pairs.empty(), s.pairs, ": the list has no pairs, expected at least one");
    if (s.limit > 0)
        pairs.resize(std::min(pairs.size(), s.limit));
    for (comir::listed_images const& pair : pairs)
        comir::require(!pair.landmarks.empty(), s.pairs, ": the pair '", pair.name,
                       "' names no landmarks; give them, or take it out of the list");
    register_settings each;
    each.model = s.model;
    each.average_turns = s.average_turns;
    each.method = s.method;
    each.masking = s.masking;
    each.run = s.run;
    file_registrar registrar(each, [](std::size_t, std::size_t) { return !is_interrupted(); });
    for (comir::listed_images const& pair : pairs)
        registrar.check_modalities(pair);
    progress_line line("pairs");
    std::vector<comir::landmark_score> scores;
    std::size_t lost = 0;
    for (comir::listed_images const& pair : pairs) {
        if (!line.show(scores.size(), pairs.size()))
            throw interrupted{};
        try {
            scores.push_back(score_pair_by_landmarks(pair, registrar));
        } catch (comir::error const& problem) {
            line.clear();
            comir::landmark_score unread;
            unread.name = pair.name;
            unread.failure = without_function(problem.what());
            std::fprintf(stderr, "comir: %s: %s\n", pair.name.c_str(), unread.failure.c_str());
            scores.push_back(unread);
            ++lost;
        }
    }
    line.clear();
    std::vector<double> tolerances = s.within;
    for (double& t : tolerances)
        t /= 100.0;
    std::fputs(comir::landmark_table(scores, tolerances).c_str(), stdout);
    if (!s.out.empty())
        comir::write_landmark_scores(s.out, scores);
    if (!s.json.empty())
        comir::write_landmark_summary(s.json, scores, tolerances);
    if (lost > 0)
        throw incomplete{some_failed};
}
