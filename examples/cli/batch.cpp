#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <map>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <comir/core/clock.hpp>
#include <comir/dataset/image_list.hpp>
#include <comir/transform/compose_any.hpp>
#include <comir/transform/geometry.hpp>

#include "batch_folder.hpp"
#include "commands.hpp"
#include "file_registration.hpp"
#include "fingerprint.hpp"
#include "images.hpp"
#include "masking.hpp"
#include "messages.hpp"
#include "outputs.hpp"
#include "pairs.hpp"
#include "transforms.hpp"
#include "watch.hpp"

namespace fs = std::filesystem;

namespace {

using comir::registration_record;
using comir::registration_status;

/// A pair, and the one whose moving image is its fixed image, in a chain.
struct batch_item {
    comir::listed_images images;
    std::optional<std::size_t> before{};
};

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
    if (!s.warped.empty())
        text += ", fill '" + e.fill + "'";
    if (e.average_turns)
        text += ", average-turns";
    if (s.chain)
        text += ", chain";
    return text;
}

/// What a pair's result depends on now.
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

/// The files that the settings ask for, by what they are.
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

std::string const chain_in_doubt = "the chain is in doubt at ";

constexpr char const* kind_names[] = {"translation", "rigid", "similarity", "affine"};  // in the order of any_transform

class batch {
public:
    explicit batch(batch_settings const& s)
        : settings_(s),
          items_(items_of(s)),
          folder_(s.out),
          register_(s.each, [](std::size_t, std::size_t) { return !is_interrupted(); }),
          records_(items_.size()),
          states_(items_.size()),
          links_(items_.size()) {
        for (batch_item const& item : items_) {
            comir::listed_images const& p = item.images;
            for (fs::path const& input : {p.fixed, p.moving, p.fixed_mask, p.moving_mask, p.initial, p.landmarks})
                folder_.check_no_result(input);
            register_.check_modalities(p);
        }
        for (std::size_t i = 0; i < items_.size(); ++i)
            states_[i] = state_of(items_[i], s, items_[i].before ? &states_[*items_[i].before] : nullptr);
    }

    void run() {
        std::vector<std::size_t> const todo = find_todo();
        progress_line line("pairs");
        auto table_time = std::chrono::steady_clock::now();
        try {
            for (std::size_t i = 0; i < todo.size(); ++i) {
                if (!line.show(i, todo.size()))
                    throw interrupted{};
                work_on(todo[i]);
                constexpr double seconds_between_tables = 10.0;
                if (comir::detail::seconds_since(table_time) > seconds_between_tables) {
                    folder_.write_table(known_records());
                    table_time = std::chrono::steady_clock::now();
                }
            }
        } catch (interrupted const&) {
            line.clear();
            folder_.write_table(known_records());
            std::fprintf(stderr, "comir: %zu of %zu pairs are done; the same command goes on with the others\n",
                         known_records().size(), items_.size());
            throw;
        }
        line.clear();
        folder_.write_table(known_records());
        tell(todo.size());
    }

private:
    std::vector<registration_record> known_records() const {
        std::vector<registration_record> known;
        for (auto const& record : records_)
            if (record)
                known.push_back(*record);
        return known;
    }

    /// The pairs without a result that still holds, in the order in which they are tried.
    std::vector<std::size_t> find_todo() {
        std::vector<std::size_t> todo, last;
        std::map<std::string, std::size_t> stale;
        for (std::size_t i = 0; i < items_.size(); ++i) {
            comir::listed_images const& pair = items_[i].images;
            auto known = folder_.record_of(pair.name);
            if (known && known->status != registration_status::failed) {
                std::string why = comir::changed_since(*known, states_[i]);
                if (!why.empty())
                    why = "the " + why + " changed";
                for (std::string const& what : wanted_files(settings_))
                    if (why.empty() && !known->files.contains(what))
                        why = "the " + what + " is missing";
                if (why.empty() && !folder_.has_files(*known))
                    why = "a written file is gone";
                if (why.empty()) {
                    known->name = pair.name;
                    known->fixed = pair.fixed.string();
                    known->moving = pair.moving.string();
                    records_[i] = std::move(known);
                    continue;
                }
                ++stale[why];
            }
            // What ended a run, such as an image that memory does not hold, must not keep the others waiting.
            (folder_.was_begun(pair.name) && !settings_.chain ? last : todo).push_back(i);
        }
        for (auto const& [why, count] : stale)
            std::fprintf(stderr, "comir: done anew, since %s: %zu of %zu pairs\n", why.c_str(), count, items_.size());
        todo.insert(todo.end(), last.begin(), last.end());
        return todo;
    }

    /// Registers a pair and writes what is asked for; what fails is written down.
    void work_on(std::size_t i) {
        comir::listed_images const& pair = items_[i].images;
        auto const begin = std::chrono::steady_clock::now();
        folder_.begin(pair.name);
        registration_record record{.name = pair.name, .fixed = pair.fixed.string(), .moving = pair.moving.string()};
        try {
            fill(i, record);
        } catch (interrupted const&) {
            throw;
        } catch (std::bad_alloc const&) {
            fail(record, "there is not enough memory for images of this size");
        } catch (std::length_error const&) {
            fail(record, "there is not enough memory for images of this size");
        } catch (std::exception const& problem) {
            fail(record, std::string(without_function(problem.what())));
        }
        if (is_interrupted())
            throw interrupted{};
        record.seconds = comir::detail::seconds_since(begin);
        record.made_of = states_[i];
        folder_.finish(record);
        records_[i] = std::move(record);
    }

    /// Nothing stays of what a pair had written before it failed.
    void fail(registration_record& record, std::string const& reason) const {
        record = {.name = record.name, .fixed = record.fixed, .moving = record.moving, .reason = reason};
        folder_.begin(record.name);
    }

    void fill(std::size_t i, registration_record& record) {
        batch_item const& item = items_[i];
        comir::listed_images const& pair = item.images;
        registration_record const* before = nullptr;
        if (item.before) {
            before = &*records_[*item.before];
            comir::require(before->status != registration_status::failed, "the chain is broken at ", before->name,
                           ", which has no transform");
        }
        file_registration const found = register_(pair);
        record.confidence = found.confidence;
        record.overlap = found.result.overlap;
        if (!found.result.residuals.empty())
            record.agreeing = found.result.agreeing;
        record.reason = found.doubt;
        if (before && before->confidence && record.confidence)
            record.confidence = std::min(*record.confidence, *before->confidence);
        if (before && before->status == registration_status::doubtful && record.reason.empty())
            record.reason = before->reason.starts_with(chain_in_doubt) ? before->reason : chain_in_doubt + before->name;
        record.status = record.reason.empty() ? registration_status::accepted : registration_status::doubtful;
        comir::any_transform transform = found.result.transform;
        shown_pair shown{found.fixed, found.moving};
        if (settings_.chain) {
            fs::path const file = folder_.file(record.status, "neighbours", pair.name + ".json");
            save_transform(file, transform, found.fixed->image.values, found.moving->image.values);
            record.files["neighbour"] = folder_.relative(file);
            links_[i] = transform;
            transform = chained(i);
            shown.fixed = register_.read_fixed(items_.front().images);
        }
        record.kind = kind_names[transform.index()];
        record.mirrored = comir::is_mirrored(comir::to_affine(transform));
        write_files(pair, transform, shown, record);
    }

    /// From the first image of a chain to a later one.
    comir::any_transform chained(std::size_t i) {
        std::vector<std::size_t> back{i};
        while (items_[back.back()].before)
            back.push_back(*items_[back.back()].before);
        comir::any_transform all = link(back.back());
        for (std::size_t k = back.size() - 1; k-- > 0;)
            all = comir::compose_any(link(back[k]), all);
        return all;
    }
    comir::any_transform const& link(std::size_t i) {
        if (!links_[i])  // of an earlier run
            links_[i] = load_transform(fs::path(settings_.out) / records_[i]->files.at("neighbour"), {});
        return *links_[i];
    }

    struct shown_pair {
        std::shared_ptr<pair_image_file> fixed, moving;
    };

    void write_files(comir::listed_images const& pair, comir::any_transform const& transform, shown_pair const& shown,
                     registration_record& record) {
        comir::image<float> const &fixed = shown.fixed->image.values, &moving = shown.moving->image.values;
        int const threads = settings_.each.run.threads;
        auto const target = [&](char const* what, char const* folder, std::string const& extension) {
            fs::path const file = folder_.file(record.status, folder, pair.name + "." + extension);
            record.files[what] = folder_.relative(file);
            return file;
        };
        save_transform(target("transform", "transforms", settings_.transforms), transform, fixed, moving);
        if (!settings_.warped.empty()) {
            warped_image out{load_stored_image(pair.moving), settings_.each.fill, comir::interpolation::linear,
                             threads};
            fs::path const file = target("image", "images", settings_.warped);
            check_holds("--warped", file, out.moving);
            if (auto const masking = register_.moving_masking(pair); !masking.declared_nodata)
                declare_nodata(out, masking.nodata);
            check_fill(out);
            save_image(file, warp_as_stored(out, transform, fixed));
        }
        if (settings_.overlays)
            save_picture(
                target("overlay", "overlays", "png"),
                checkerboard_picture(shown_image(fixed), warp_by(transform, shown_image(moving), fixed, threads)));
    }

    void tell(std::size_t done) const {
        std::size_t counts[3]{};
        for (auto const& record : records_)
            ++counts[static_cast<std::size_t>(record->status)];
        auto const [accepted, doubtful, failed] = counts;
        std::printf("%zu pairs: %zu accepted, %zu doubtful, %zu failed; %zu of them done now\n", records_.size(),
                    accepted, doubtful, failed, done);
        constexpr std::size_t most = 20;
        std::size_t told = 0;
        for (registration_status const status : {registration_status::failed, registration_status::doubtful})
            for (auto const& record : records_)
                if (record->status == status && ++told <= most)
                    std::printf("%-10s %s: %s\n", comir::registration_status_names[static_cast<std::size_t>(status)],
                                record->name.c_str(), record->reason.c_str());
        if (told > most)
            std::printf("           and %zu more, in the table\n", told - most);
        std::printf("table      %s\n", folder_.table().c_str());
        if (doubtful > 0)
            std::printf("next       look at what is in %s; help such a pair by a start or landmarks in the list\n",
                        (fs::path(settings_.out) / "doubtful").c_str());
        if (failed > 0)
            std::printf(
                "next       put right what the failed pairs lack and run the same command again: it does only "
                "what is missing\n");
        if (failed + doubtful > 0)
            throw incomplete{failed > 0 ? some_failed : some_doubtful};
    }

    batch_settings const& settings_;
    std::vector<batch_item> items_;
    batch_folder folder_;
    file_registrar register_;
    std::vector<std::optional<registration_record>> records_;
    std::vector<std::map<std::string, std::string>> states_;
    std::vector<std::optional<comir::any_transform>>
        links_;  // of a chain: from each pair's fixed image to its moving one
};

}  // namespace

void run_batch(batch_settings const& s) {
    batch(s).run();
}
