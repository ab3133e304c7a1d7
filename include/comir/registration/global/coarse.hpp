#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <optional>
#include <utility>
#include <vector>

#include <comir/core/parallel.hpp>
#include <comir/registration/global/angles.hpp>
#include <comir/registration/global/bands.hpp>
#include <comir/registration/global/grid.hpp>
#include <comir/registration/global/information_scores.hpp>
#include <comir/registration/global/level.hpp>
#include <comir/registration/global/options.hpp>
#include <comir/registration/global/pose.hpp>
#include <comir/registration/global/rule.hpp>
#include <comir/registration/global/scores.hpp>
#include <comir/registration/global/turn.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// Sums over scores.
struct score_sums {
    double count = 0.0, sum = 0.0, square = 0.0;

    void add(score_sums const& o) {
        count += o.count;
        sum += o.sum;
        square += o.square;
    }
    search_statistics statistics() const {
        if (!(count > 0.0))
            return {};
        double const mean = sum / count;
        return {count, mean, std::sqrt(std::max(0.0, square / count - mean * mean))};
    }
};

/// What the coarsest resolution found.
struct coarse_result {
    std::vector<search_pose> poses;  // local maxima, best first
    score_sums sums;
    bool stopped = false;
};

/// The fixed image's spectra for one size of moving images, and the search over all angles, shifts and scales of a band
/// with them.
class coarse_search {
public:
    coarse_search(search_level const& fixed, search_level const& moving, angle_list angles, scale_band band,
                  global_search_options const& options)
        : fixed_(fixed), moving_(moving), angles_(std::move(angles)), band_(std::move(band)), options_(options) {
        grid_ = grid_for(moving, angles_.angles, least_zoom());
        x_ = axis(fixed.width(), grid_.w, fixed.centre_x, grid_.centre_x(), options.max_shift_x);
        y_ = axis(fixed.height(), grid_.h, fixed.centre_y, grid_.centre_y(), options.max_shift_y);
        if (x_.count <= 0 || y_.count <= 0)
            return;
        plan_ = fft2(y_.cycle, x_.cycle);
        correlation_ = uses_zncc(options.metric);
        information_ = uses_mi(options.metric);
        degrees_ = (options_.clusters - 1) * (options_.clusters - 1);
        tiles_.resize(x_.parts() * y_.parts());
        parallel_for(tiles_.size(), options.threads, [&](std::size_t i) { prepare_tile(i); });
    }

    coarse_result run() const {
        coarse_result result;
        if (x_.count <= 0 || y_.count <= 0)
            return result;
        std::vector<found> parts(angles_.angles.size() * band_.scales.size());
        std::size_t const slots = std::min(static_cast<std::size_t>(thread_count(options_.threads)), parts.size());
        std::vector<angle_scratch> scratch(slots, make_scratch());
        // In batches, so that the callback runs on the caller's thread.
        std::size_t const batch = options_.on_progress ? 4 * slots : parts.size();
        for (std::size_t begin = 0; begin < parts.size(); begin += batch) {
            parallel_for_slots(
                std::min(batch, parts.size() - begin), static_cast<int>(slots),
                [&](std::size_t i, std::size_t slot) { parts[begin + i] = search_turn(begin + i, scratch[slot]); });
            if (!keep_going(options_.on_progress, std::min(begin + batch, parts.size()), parts.size())) {
                result.stopped = true;
                return result;
            }
        }
        for (found const& part : parts) {
            result.poses.insert(result.poses.end(), part.poses.begin(), part.poses.end());
            result.sums.add(part.sums);
        }
        std::stable_sort(result.poses.begin(), result.poses.end(), better);
        return result;
    }

private:
    struct found {
        std::vector<search_pose> poses;
        score_sums sums;
    };
    /// The fixed image's spectra, for each metric.
    struct tile_spectra {
        std::vector<complex_plane> values, clusters;
    };
    struct angle_scratch {
        std::optional<score_workspace> correlation, information;
    };

    /// The shifts that can have the least overlap: of a shape symmetric about its centre at most the share 1/2 - d / e
    /// lies beyond a line at the distance d from the centre, e being its extent. Both images bound it.
    shift_axis axis(std::size_t fixed, std::size_t moving, double fixed_centre, double grid_centre,
                    double max_shift) const {
        auto const f = static_cast<double>(fixed), m = static_cast<double>(moving);
        // The area that must overlap, as a share of the moving image; at the scale where that is least.
        double const zoom = least_zoom();
        double const need = options_.min_overlap * std::min(fixed_.area * zoom * zoom, moving_.area);
        double const of_moving = std::min(1.0, need / static_cast<double>(moving_.width() * moving_.height()));
        double const reach = (0.5 - of_moving) * m + 1.0;
        double low = -reach, high = f - 1.0 + reach;
        if (max_shift > 0.0) {
            double const limit = max_shift / fixed_.factor;
            low = std::max(low, fixed_centre - limit);
            high = std::min(high, fixed_centre + limit);
        }
        return make_shift_axis(static_cast<std::ptrdiff_t>(std::ceil(low - grid_centre)),
                               static_cast<std::ptrdiff_t>(std::floor(high - grid_centre)), fixed, moving);
    }

    void prepare_tile(std::size_t i) {
        auto const left = x_.begin(i % x_.parts()), top = y_.begin(i / x_.parts());
        auto const right = left + x_.size(i % x_.parts()) + static_cast<std::ptrdiff_t>(grid_.w) - 1;
        auto const bottom = top + y_.size(i / x_.parts()) + static_cast<std::ptrdiff_t>(grid_.h) - 1;
        auto const cut = [&](float const* plane) {
            aligned_vector<float> out(plan_.image_size(), 0.0f);
            auto const w = static_cast<std::ptrdiff_t>(fixed_.width()),
                       h = static_cast<std::ptrdiff_t>(fixed_.height());
            for (auto y = std::max<std::ptrdiff_t>(top, 0); y < std::min(bottom, h); ++y)
                for (auto x = std::max<std::ptrdiff_t>(left, 0); x < std::min(right, w); ++x)
                    out[y_.index_of(y) * plan_.pitch() + x_.index_of(x)] = plane[y * w + x];
            return out;
        };
        aligned_vector<float> const weight = cut(fixed_.weight->row(0, 0));
        auto transform = plan_.make_workspace();
        auto const make_spectra = [&](std::size_t count) {
            std::vector<complex_plane> spectra;
            for (std::size_t k = 0; k < count; ++k)
                spectra.push_back(plan_.make_spectrum());
            return spectra;
        };
        if (correlation_) {
            std::size_t const channels = fixed_.values->channels();
            std::vector<aligned_vector<float>> values;
            for (std::size_t c = 0; c < channels; ++c)
                values.push_back(cut(fixed_.values->row(c, 0)));
            aligned_vector<float> square(plan_.image_size());
            tiles_[i].values = make_spectra(2 + channels);
            correlation_spectra(plan_, values, channels, weight, square, tiles_[i].values, transform);
        }
        if (information_) {
            tiles_[i].clusters = make_spectra(1 + (options_.clusters + 1) / 2);
            fixed_cluster_spectra(plan_, cut(fixed_.numbers->row(0, 0)), weight, tiles_[i].clusters, transform);
        }
    }

    angle_scratch make_scratch() const {
        angle_scratch scratch;
        if (correlation_) {
            std::size_t const channels = moving_.values->channels();
            scratch.correlation.emplace(plan_, 2 + channels, 2 + channels, channels + 1);
        }
        if (information_)
            scratch.information.emplace(plan_, 1 + options_.clusters, 2, 2);
        return scratch;
    }

    /// Pixels of the moving level on one of the fixed level.
    double zoom_of(double scale) const { return scale / band_.scale; }
    double least_zoom() const { return zoom_of(*std::ranges::min_element(band_.scales)); }

    /// All shifts of the moving image turned by one of the angles and at one of the scales.
    found search_turn(std::size_t index, angle_scratch& scratch) const {
        double const angle = angles_.angles[index % angles_.angles.size()];
        double const scale = band_.scales[index / angles_.angles.size()], zoom = zoom_of(scale);
        score_rule const rule = make_rule(fixed_, moving_, zoom, options_);
        auto const planes_of = [&](score_workspace& w) {
            std::vector<search_plane> planes;
            for (aligned_vector<float>& p : w.planes)
                planes.push_back({p.data(), plan_.pitch()});
            return planes;
        };
        if (correlation_) {
            score_workspace& w = *scratch.correlation;
            auto const planes = planes_of(w);
            turn_level<false>(moving_, angle, zoom, grid_, planes.data(), planes.back());
            correlation_spectra(plan_, w.planes, moving_.values->channels(), w.planes.back(), w.score, w.moving,
                                w.transform);
        }
        if (information_) {
            score_workspace& w = *scratch.information;
            auto const planes = planes_of(w);
            turn_level<true>(moving_, angle, zoom, grid_, planes.data(), planes.back());
            moving_cluster_spectra(plan_, w.planes[0], w.planes.back(), w.score, w.moving, w.transform);
        }
        found result;
        for (std::size_t tile = 0; tile < tiles_.size(); ++tile)
            for (bool const half_turn : {false, true}) {
                if (half_turn && !angles_.half_turns)
                    continue;
                if (information_)
                    information_scores(plan_, tiles_[tile].clusters, half_turn, rule, degrees_, *scratch.information);
                if (correlation_)
                    correlation_scores(plan_, tiles_[tile].values, half_turn, rule, *scratch.correlation);
                if (information_ && correlation_)
                    add_scores(scratch.correlation->score, scratch.information->score,
                               static_cast<float>(options_.mi_weight));
                collect(tile, {.angle = half_turn ? angle + std::numbers::pi : angle, .scale = scale}, half_turn,
                        correlation_ ? *scratch.correlation : *scratch.information, result);
            }
        return result;
    }

    /// Adds the tile's best local maxima and its sums. `turned` has the angle and the scale.
    void collect(std::size_t tile, search_pose const& turned, bool half_turn, score_workspace const& w,
                 found& result) const {
        constexpr std::size_t most_poses = 8;
        std::size_t const tx = tile % x_.parts(), ty = tile / x_.parts();
        std::ptrdiff_t const count_x = x_.size(tx), count_y = y_.size(ty);
        // The image reversed about pixel 0, which the conjugate spectrum stands for, lies by its extent to the left.
        std::ptrdiff_t const back_x = half_turn ? static_cast<std::ptrdiff_t>(grid_.w) - 1 : 0;
        std::ptrdiff_t const back_y = half_turn ? static_cast<std::ptrdiff_t>(grid_.h) - 1 : 0;
        std::vector<std::size_t> columns(static_cast<std::size_t>(count_x));
        for (std::ptrdiff_t i = 0; i < count_x; ++i)
            columns[static_cast<std::size_t>(i)] = x_.index_of(x_.begin(tx) + i + back_x);
        auto const row = [&](std::ptrdiff_t y) { return y_.index_of(y_.begin(ty) + y + back_y) * plan_.pitch(); };
        auto const at = [&](std::ptrdiff_t x, std::ptrdiff_t y) {
            return x < 0 || y < 0 || x >= count_x || y >= count_y
                       ? no_score
                       : w.score[row(y) + columns[static_cast<std::size_t>(x)]];
        };
        std::vector<search_pose> best;
        float threshold = no_score;
        double const f = fixed_.factor;
        for (std::ptrdiff_t y = 0; y < count_y; ++y) {
            float const* const scores = w.score.data() + row(y);
            double sum = 0.0, square = 0.0, count = 0.0;
            for (std::ptrdiff_t x = 0; x < count_x; ++x) {
                float const s = scores[columns[static_cast<std::size_t>(x)]];
                if (!(s > no_score))
                    continue;
                auto const value = static_cast<double>(s);
                count += 1.0;
                sum += value;
                square += value * value;
                if (!(s > threshold) || at(x - 1, y) > s || at(x + 1, y) >= s || at(x - 1, y - 1) > s ||
                    at(x, y - 1) > s || at(x + 1, y - 1) > s || at(x - 1, y + 1) >= s || at(x, y + 1) >= s ||
                    at(x + 1, y + 1) >= s)
                    continue;
                search_pose pose = turned;
                pose.x = f * (static_cast<double>(x_.begin(tx) + x) + grid_.centre_x());
                pose.y = f * (static_cast<double>(y_.begin(ty) + y) + grid_.centre_y());
                pose.score = value;
                pose.overlap = static_cast<double>(w.overlap[row(y) + columns[static_cast<std::size_t>(x)]]);
                best.insert(std::upper_bound(best.begin(), best.end(), pose, better), pose);
                if (best.size() > most_poses)
                    best.pop_back();
                if (best.size() == most_poses)
                    threshold = static_cast<float>(best.back().score);
            }
            result.sums.add({count, sum, square});
        }
        result.poses.insert(result.poses.end(), best.begin(), best.end());
    }

    search_level const& fixed_;
    search_level const& moving_;
    angle_list angles_;
    scale_band band_;
    global_search_options const& options_;
    turned_grid grid_;
    shift_axis x_, y_;
    fft2 plan_;
    bool correlation_ = false, information_ = false;
    std::size_t degrees_ = 0;
    std::vector<tile_spectra> tiles_;
};

}}}  // namespace comir::COMIR_ABI::detail
