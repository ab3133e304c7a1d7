#include <comir/evaluation/equivariance.hpp>
#include <comir/evaluation/stability.hpp>

#include "methods.hpp"
#include "pairs.hpp"
#include "preparations.hpp"
#include "study.hpp"
#include "watch.hpp"

namespace {

std::array<std::string, 2> modalities(study_settings const& s) {
    return {s.train.name_a, s.train.name_b};
}

std::vector<comir::image<float>> images_of(study_test const& test, std::size_t modality) {
    std::vector<comir::image<float>> images;
    for (comir::aligned_pair const& scene : test.scenes)
        images.push_back(scene.images[modality]);
    return images;
}

comir::score_summary success_of(study_settings const& s, study_test const& test, preparer const& prepare,
                                std::string const& method) {
    comir::registration_method const registration = requested_method(
        {rigid_method(method), s.train.run, [](std::size_t, std::size_t) { return !is_interrupted(); }});
    progress_line line("pairs");
    std::vector<comir::pair_score> scores;
    for (comir::registration_pair const& pair : test.pairs) {
        line.show(scores.size(), test.pairs.size());
        comir::pair_preparations const both{prepare.of(pair.fixed_modality), prepare.of(pair.moving_modality)};
        scores.push_back(evaluate_listed(pair, registration, both).result.score);
        if (is_interrupted())
            throw interrupted{};
    }
    return comir::summarise(scores);
}

}  // namespace

model_figures measure(study_settings const& s, study_test const& test, study_model const& model) {
    preparer const prepare(model.file, s.average_turns, s.train.run.threads);
    model_figures figures{model.name};
    comir::equivariance_options options{.threads = s.train.run.threads};
    for (int i = 1; i * s.angle_step < 360.0 - 1e-9; ++i)
        options.angles_deg.push_back(i * s.angle_step);
    for (std::size_t m = 0; m < 2; ++m) {
        progress_line line("turned images");
        options.on_progress = [&](std::size_t done, std::size_t total) { return line.show(done, total); };
        auto const points = comir::equivariance(images_of(test, m), prepare.representation(modalities(s)[m]), options);
        if (is_interrupted())
            throw interrupted{};
        for (comir::equivariance_point const& p : points)
            figures.equivariance[m].push_back({p.angle_deg, p.correlation});
        figures.mean_equivariance[m] = comir::mean_correlation(points);
    }
    for (std::string const& method : s.methods)
        figures.success.push_back(success_of(s, test, prepare, method));
    return figures;
}

study_representations represent(study_settings const& s, study_test const& test, study_model const& model) {
    preparer const prepare(model.file, s.average_turns, s.train.run.threads);
    study_representations result;
    for (std::size_t m = 0; m < 2; ++m) {
        comir::preparation const encode = prepare.representation(modalities(s)[m]);
        for (comir::aligned_pair const& scene : test.scenes) {
            result[m].push_back(encode(scene.images[m]));
            if (is_interrupted())
                throw interrupted{};
        }
    }
    return result;
}

std::array<double, 2> stability_of(study_representations const& a, study_representations const& b) {
    return {comir::stability(a[0], b[0]), comir::stability(a[1], b[1])};
}
