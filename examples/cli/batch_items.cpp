#include "batch_items.hpp"

#include <filesystem>
#include <span>
#include <utility>

#include <comir/core/error.hpp>
#include <comir/io/csv_file.hpp>

#include "batch_folder.hpp"
#include "fingerprint.hpp"

namespace fs = std::filesystem;

namespace {

/// All that a result depends on beside its files, as text.
std::string settings_text(batch_settings const& s) {
    register_settings const& e = s.each;
    method_settings const& m = e.method;
    std::string text = "comir " + version_number() + ", " + m.name + ", " + m.transform + ", seed " +
                       std::to_string(e.run.seed) + ", mirror " + m.mirror + ", borders " + e.masking.borders +
                       ", landmarks as " + e.landmarks_as + ", transforms " + s.transforms;
    auto const add = [&](char const* what, auto const& values) {
        text += std::string(", ") + what;
        for (auto const& value : values)
            text += " " + comir::csv_field(value);
    };
    add("angles", std::vector{m.angle, m.max_angle});
    add("max-shift", m.max_shift);
    add("scale", m.scale);
    add("min-overlap", std::vector{m.min_overlap});
    add("starts", m.starts);
    add("levels, samples", std::vector{static_cast<double>(m.alpha_levels), static_cast<double>(m.samples)});
    add("nodata", e.masking.nodata);
    add("page", std::vector<double>(e.masking.page.begin(), e.masking.page.end()));
    if (!s.warped.empty())
        text += ", fill '" + e.fill + "'";
    if (e.average_turns)
        text += ", average-turns";
    if (s.chain)
        text += ", chain";
    return text;
}

}  // namespace

std::vector<batch_item> items_of(batch_settings const& s) {
    std::vector<batch_item> items;
    register_settings const& e = s.each;
    if (!s.pairs.empty()) {
        for (comir::listed_images& pair : comir::read_image_list(s.pairs)) {
            if (pair.fixed_modality.empty())
                pair.fixed_modality = e.fixed_modality;
            if (pair.moving_modality.empty())
                pair.moving_modality = e.moving_modality;
            items.push_back({std::move(pair)});
        }
        comir::require(!items.empty(), s.pairs, ": the list has no pairs, expected at least one");
        return items;
    }
    std::vector<comir::listed_images> pairs;
    for (std::string const& moving : s.movings) {
        bool const next = s.chain && !items.empty();
        comir::listed_images pair{.name = fs::path(moving).stem().string(),
                                  .fixed = next ? fs::path(items.back().images.moving) : fs::path(e.fixed),
                                  .moving = moving,
                                  .fixed_modality = next ? e.moving_modality : e.fixed_modality,
                                  .moving_modality = e.moving_modality};
        if (!next)
            pair.fixed_mask = e.method.fixed_mask;
        pairs.push_back(pair);
        items.push_back({pair, next ? std::optional(items.size() - 1) : std::nullopt});
    }
    comir::detail::check_names("--moving", pairs);
    return items;
}

std::map<std::string, std::string> state_of(batch_item const& item, batch_settings const& s,
                                            std::map<std::string, std::string> const* before) {
    comir::listed_images const& p = item.images;
    std::map<std::string, std::string> state{{"settings", settings_text(s)},
                                             {"fixed image", state_of_file(p.fixed)},
                                             {"moving image", state_of_file(p.moving)},
                                             {"fixed mask", state_of_file(p.fixed_mask)},
                                             {"moving mask", state_of_file(p.moving_mask)},
                                             {"start", state_of_file(p.initial)},
                                             {"landmarks", state_of_file(p.landmarks)},
                                             {"modalities", p.fixed_modality + ", " + p.moving_modality},
                                             {"model", state_of_file(s.each.model)}};
    if (before) {
        fingerprint all;
        for (auto const& [what, value] : *before)
            for (std::string const& text : {what, value})
                all.add(std::as_bytes(std::span(text)));
        state["chain before it"] = all.text();
    }
    return state;
}

std::vector<std::string> wanted_files(batch_settings const& s) {
    std::vector<std::string> wanted{"transform"};
    if (!s.warped.empty())
        wanted.emplace_back("image");
    if (s.overlays)
        wanted.emplace_back("overlay");
    if (s.chain)
        wanted.emplace_back("neighbour");
    return wanted;
}
