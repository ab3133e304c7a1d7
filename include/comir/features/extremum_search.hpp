#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include <comir/core/parallel.hpp>
#include <comir/core/tensor.hpp>
#include <comir/features/extremum_rows.hpp>
#include <comir/features/gaussian_octave.hpp>
#include <comir/features/plane_blur.hpp>
#include <comir/features/scale_extremum.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// Finds the extrema of an octave while its levels are made, as long as their rows are in the cache.
class extremum_search {
public:
    extremum_search(std::size_t widest, int layers, int threads)
        : threads_(threads),
          scratch_(static_cast<std::size_t>(thread_count(threads)), extremum_rows(row_pitch<float>(widest), layers)) {}

    /// Makes the levels above the octave's first, and finds their extrema, in the order of rows, layers and columns
    /// they were first seen in.
    std::vector<scale_extremum> operator()(gaussian_octave const& octave, double sigma, extremum_limits const& limits,
                                           plane_blur& blur) {
        std::size_t const h = octave.height(), w = octave.width();
        std::vector<candidate> candidates;
        std::size_t scanned = extremum_border;
        octave.build(sigma, blur, [&](std::size_t rows) {
            std::size_t const end = rows == h ? h - std::min(h, extremum_border) : rows - 1;
            if (w <= 2 * extremum_border || end <= scanned)
                return;
            // Half the least contrast, since the interpolated extremum may be higher than its pixel.
            scan(octave, scanned, end, 0.5f * limits.contrast, candidates);
            scanned = end;
        });
        return refine(octave, candidates, limits);
    }

private:
    struct candidate {
        int level;
        std::size_t y, x;
    };

    void scan(gaussian_octave const& octave, std::size_t begin, std::size_t end, float threshold,
              std::vector<candidate>& all) {
        constexpr std::size_t band = 16;
        std::size_t const bands = (end - begin + band - 1) / band;
        std::vector<std::vector<candidate>> parts(bands);
        parallel_for_slots(bands, threads_, [&](std::size_t item, std::size_t slot) {
            extremum_rows& lines = scratch_[slot];
            std::size_t const first = begin + item * band, last = std::min(first + band, end);
            lines.push(octave, first - 1);
            lines.push(octave, first);
            for (std::size_t y = first; y < last; ++y) {
                lines.push(octave, y + 1);
                lines.scan(y, octave.width(), threshold, [&](int s, std::size_t x) {
                    parts[item].push_back({s, y, x});
                });
            }
        });
        for (auto const& part : parts)
            all.insert(all.end(), part.begin(), part.end());
    }

    std::vector<scale_extremum> refine(gaussian_octave const& octave, std::vector<candidate> const& candidates,
                                       extremum_limits const& limits) const {
        constexpr std::size_t chunk = 64;
        std::size_t const chunks = (candidates.size() + chunk - 1) / chunk;
        std::vector<std::vector<scale_extremum>> parts(chunks);
        parallel_for(chunks, threads_, [&](std::size_t item) {
            for (std::size_t i = item * chunk; i < std::min((item + 1) * chunk, candidates.size()); ++i) {
                candidate const& c = candidates[i];
                scale_extremum found;
                if (refine_extremum(octave, c.level, c.y, c.x, limits, found))
                    parts[item].push_back(found);
            }
        });
        std::vector<scale_extremum> all;
        for (auto const& part : parts)
            all.insert(all.end(), part.begin(), part.end());
        return all;
    }

    int threads_;
    std::vector<extremum_rows> scratch_;
};

}}}  // namespace comir::COMIR_ABI::detail
