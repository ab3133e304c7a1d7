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
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <comir/core/clock.hpp>
#include <comir/transform/compose_any.hpp>
#include <comir/transform/geometry.hpp>

#include "batch_folder.hpp"
#include "batch_items.hpp"
#include "commands.hpp"
#include "file_registration.hpp"
#include "images.hpp"
#include "messages.hpp"
#include "outputs.hpp"
#include "pairs.hpp"
#include "transforms.hpp"
#include "watch.hpp"

namespace fs = std::filesystem;

namespace {

using comir::registration_record;
using comir::registration_status;

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
            fail(record, "there is not enough memory for images of this size; shrink them, or give the program more");
        } catch (std::length_error const&) {
            fail(record, "there is not enough memory for images of this size; shrink them, or give the program more");
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
            auto const masking = register_.moving_masking(pair);
            warped_image out{load_stored_page(pair.moving, masking.read.page), settings_.each.fill,
                             comir::interpolation::linear, threads};
            fs::path const file = target("image", "images", settings_.warped);
            check_holds("--warped", file, out.moving);
            if (!masking.declared_nodata)
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
