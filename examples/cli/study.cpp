#include "study.hpp"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <iterator>
#include <map>
#include <numeric>
#include <utility>

#include <comir/core/error.hpp>
#include <comir/core/random.hpp>

#include "outputs.hpp"
#include "scenes.hpp"
#include "training.hpp"

namespace fs = std::filesystem;

namespace {

/// Variants that are compared with each other, and what they differ in.
struct study_group {
    std::string varied;
    std::vector<study_variant> variants{};
};

template <class Change>
study_variant variant_of(study_settings const& s, std::string name, Change const& change) {
    study_variant variant{std::move(name), s.train};
    change(variant);
    return variant;
}

std::string number_text(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%g", value);
    return text;
}

std::vector<study_group> stability_groups(study_settings const& s, std::size_t scenes) {
    comir::require(scenes >= 2, "there is one pair to train on, expected at least 2 to train on either half of them");
    study_group seeds{"seed"}, networks{"network seed"}, images{"images"}, temperatures{"temperature"};
    for (std::size_t i = 0; i < s.runs; ++i) {
        std::uint64_t const seed = s.train.run.seed + i;
        seeds.variants.push_back(
            variant_of(s, "seed " + std::to_string(seed), [&](auto& v) { v.settings.run.seed = seed; }));
        std::uint64_t const network = s.train.network_seed + i;
        networks.variants.push_back(variant_of(s, "network seed " + std::to_string(network),
                                               [&](auto& v) { v.settings.network_seed = network; }));
    }
    std::vector<std::size_t> order(scenes);
    std::iota(order.begin(), order.end(), std::size_t{0});
    comir::random_stream random(s.train.run.seed, 0x68616c66);
    for (std::size_t i = scenes; i > 1; --i)
        std::swap(order[i - 1], order[random.below(i)]);
    auto const middle = order.begin() + static_cast<std::ptrdiff_t>(scenes / 2);
    images.variants.push_back(variant_of(s, "first half", [&](auto& v) { v.scenes.assign(order.begin(), middle); }));
    images.variants.push_back(variant_of(s, "second half", [&](auto& v) { v.scenes.assign(middle, order.end()); }));
    for (double const t : s.temperatures)
        temperatures.variants.push_back(
            variant_of(s, "temperature " + number_text(t), [&](auto& v) { v.settings.temperature = t; }));
    return {seeds, networks, images, temperatures};
}

std::vector<study_variant> compared_variants(study_settings const& s) {
    std::vector<study_variant> variants;
    if (s.topic == "equivariance")
        for (auto const& [of, name] :
             {std::pair{"network", "turned filters"}, {"loss", "turned patches"}, {"none", "without quarter turns"}})
            variants.push_back(variant_of(s, name, [&, of = of](auto& v) { v.settings.equivariance = of; }));
    if (s.topic == "critics")
        for (std::string const& critic : s.critics.empty() ? known_critics() : s.critics)
            variants.push_back(variant_of(s, critic, [&](auto& v) { v.settings.critic = critic; }));
    if (s.topic == "channels")
        for (std::size_t const count : s.channels)
            variants.push_back(variant_of(s, std::to_string(count) + (count == 1 ? " channel" : " channels"),
                                          [&](auto& v) { v.settings.channels = count; }));
    return variants;
}

std::vector<study_model> given_models(study_settings const& s) {
    std::vector<study_model> models;
    for (std::string const& file : s.models)
        models.push_back({fs::path(file).stem().string(), file});
    return models;
}

std::vector<study_model> trained_models(study_settings const& s, std::vector<study_variant> const& variants,
                                        std::vector<comir::aligned_pair> const& training) {
    std::vector<study_model> models;
    for (study_variant const& variant : variants)
        models.push_back({variant.name, trained_file(variant, training, (fs::path(s.train.out) / "models").string())});
    return models;
}

pair_sets study_sets(study_settings const& s) {
    comir::require(s.test_a.empty() == s.test_b.empty(),
                   "--test-a and --test-b belong together, one was given; give both folders or none");
    comir::require(s.train.hold_out == 0 || s.test_a.empty(),
                   "--hold-out and --test-a both say what to compare on; give one of them");
    train_settings t = s.train;
    t.validation_a = s.test_a;
    t.validation_b = s.test_b;
    pair_sets sets = read_sets(t);
    if (sets.validation.empty()) {
        std::size_t const all = sets.training.size(), kept = std::max<std::size_t>(1, all / 4);
        comir::require(all > kept, "there is one pair, expected at least 2, or others in --test-a and --test-b");
        auto const first = sets.training.end() - static_cast<std::ptrdiff_t>(kept);
        sets.validation.assign(std::make_move_iterator(first), std::make_move_iterator(sets.training.end()));
        sets.training.erase(first, sets.training.end());
    }
    return sets;
}

study_test test_of(study_settings const& s, std::vector<comir::aligned_pair> scenes) {
    make_pairs_settings p = default_make_pairs_settings();
    p.size = s.size > 0 ? s.size : shorter_side(scenes) / 2;
    p.count = s.pairs;
    p.a_modality = s.train.name_a;
    p.b_modality = s.train.name_b;
    p.out = (fs::path(s.train.out) / "pairs").string();
    p.run = s.train.run;
    study_test test{std::move(scenes), {}};
    test.pairs = comir::read_pair_list(make_pairs_of(test.scenes, p));
    return test;
}

void study_stability(study_settings const& s, pair_sets sets) {
    study_test const test{std::move(sets.validation), {}};
    // By file: variants with equal settings share one.
    std::map<std::string, study_representations> represented;
    std::vector<std::pair<std::string, std::vector<study_model>>> groups;
    if (!s.models.empty())
        groups.emplace_back("models", given_models(s));
    else
        for (study_group const& group : stability_groups(s, sets.training.size()))
            groups.emplace_back(group.varied, trained_models(s, group.variants, sets.training));
    study_table pairs{{"varied", "one", "other", s.train.name_a, s.train.name_b}},
        means{{"varied", s.train.name_a, s.train.name_b}};
    for (auto const& [varied, models] : groups) {
        std::array<double, 2> sum{};
        std::size_t count = 0;
        for (study_model const& model : models)
            if (!represented.contains(model.file))
                represented[model.file] = represent(s, test, model);
        for (std::size_t i = 0; i < models.size(); ++i)
            for (std::size_t j = i + 1; j < models.size(); ++j) {
                auto const r = stability_of(represented[models[i].file], represented[models[j].file]);
                pairs.rows.push_back({varied, models[i].name, models[j].name, r[0], r[1]});
                sum = {sum[0] + r[0], sum[1] + r[1]};
                ++count;
            }
        if (count > 0)
            means.rows.push_back({varied, sum[0] / static_cast<double>(count), sum[1] / static_cast<double>(count)});
    }
    comir::require(!means.rows.empty(), "there are no two models to correlate; give more runs, temperatures or models");
    std::printf("mean absolute correlation of representations of %zu pairs that were not trained on\n",
                test.scenes.size());
    print_table(pairs);
    std::printf("\n");
    print_table(means);
    fs::path const out = s.train.out;
    write_table((out / "stability.csv").string(), pairs);
    write_table((out / "stability_means.csv").string(), means);
    draw_bars((out / "stability.png").string(), means, {1, 2});
}

/// Equivariance and success of registration side by side: a blurred representation turns best and registers worst.
void study_models(study_settings const& s, pair_sets sets) {
    std::vector<study_model> const models =
        s.models.empty() ? trained_models(s, compared_variants(s), sets.training) : given_models(s);
    study_test const test = test_of(s, std::move(sets.validation));
    std::array<std::string, 2> const names{s.train.name_a, s.train.name_b};
    study_table table{{"model", "turns " + names[0], "turns " + names[1]}},
        curves{{"angle", "modality", "model", "correlation"}};
    std::vector<std::size_t> shown{1, 2};
    for (std::string const& method : s.methods) {
        shown.push_back(table.columns.size());
        table.columns.insert(table.columns.end(), {method + " in 2%", method + " px"});
    }
    std::vector<model_figures> figures;
    for (study_model const& model : models) {
        figures.push_back(measure(s, test, model));
        model_figures const& f = figures.back();
        table.rows.push_back({f.name, f.mean_equivariance[0], f.mean_equivariance[1]});
        for (comir::score_summary const& success : f.success)
            table.rows.back().insert(table.rows.back().end(), {success.success_2pct, success.median_error_px});
        for (std::size_t m = 0; m < 2; ++m)
            for (auto const& [angle, correlation] : f.equivariance[m])
                curves.rows.push_back({angle, names[m], f.name, correlation});
    }
    std::printf(
        "turns: mean correlation of the turned-back representation with that of the image before, %zu pairs of images\n"
        "in 2%%: share of %zu pairs registered within 2%% of the width; px: median error\n",
        test.scenes.size(), test.pairs.size());
    print_table(table);
    fs::path const out = s.train.out;
    write_table((out / (s.topic + ".csv")).string(), table);
    write_table((out / (s.topic + "_angles.csv")).string(), curves);
    draw_bars((out / (s.topic + ".png")).string(), table, shown);
    draw_curves((out / (s.topic + "_angles.png")).string(), s, figures);
}

}  // namespace

void run_study(study_settings const& given) {
    study_settings s = given;
    name_modalities(s.train);
    comir::require(s.models.empty() || s.topic == "equivariance" || s.topic == "stability",
                   "--models: this option is of the topics equivariance and stability, the topic given is ", s.topic);
    check_output_folder("--out", s.train.out);
    pair_sets sets = study_sets(s);
    make_output_folder("--out", s.train.out);
    if (s.topic == "stability")
        study_stability(s, std::move(sets));
    else
        study_models(s, std::move(sets));
}
