#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <tuple>
#include <utility>
#include <vector>

#include <comir/core/error.hpp>
#include <comir/core/parallel.hpp>
#include <comir/features/descriptor.hpp>
#include <comir/features/extremum_search.hpp>
#include <comir/features/gaussian_octave.hpp>
#include <comir/features/keypoint.hpp>
#include <comir/features/orientation.hpp>
#include <comir/features/sift_input.hpp>
#include <comir/features/sift_options.hpp>
#include <comir/image/filter.hpp>
#include <comir/image/image.hpp>

namespace comir { inline namespace COMIR_ABI {

namespace detail {

/// One channel's octave on its way through the scales.
class sift_channel {
public:
    /// Makes the first octave, 2^octave image pixels to a pixel.
    sift_channel(image<float> const& grey, int octave, sift_options const& options, plane_blur& blur)
        : levels_(octave_extent(grey.height(), octave), octave_extent(grey.width(), octave), options.layers) {
        double const present = options.image_sigma, wanted = options.sigma * std::exp2(octave);
        if (octave > 0) {
            auto const small = blur_and_sample(grey, std::sqrt(wanted * wanted - present * present),
                                               std::size_t{1} << octave, options.threads);
            for (std::size_t y = 0; y < small.height(); ++y)
                std::copy_n(small.row(0, y), small.width(), levels_.level(0).row(y));
            return;
        }
        // The place of the next level serves as scratch.
        plane_view const source = levels_.level(1);
        for (std::size_t y = 0; y < source.h; ++y) {
            if (octave == 0)
                std::copy_n(grey.row(0, y), source.w, source.row(y));
            else
                double_row(grey, y, source.row(y));
        }
        blur(source, levels_.level(0),
             blur_weights(std::sqrt(wanted * wanted - present * present) * std::exp2(-octave)));
    }

    static std::size_t octave_extent(std::size_t n, int octave) {
        return octave < 0 ? 2 * n : (n + (std::size_t{1} << octave) - 1) >> octave;
    }

    gaussian_octave& levels() { return levels_; }
    gaussian_octave const& levels() const { return levels_; }

private:
    /// Row y of the image of twice the size, read linearly; pixel (2x, 2y) is the image's pixel (x, y).
    static void double_row(image<float> const& grey, std::size_t y, float* to) {
        std::size_t const w = grey.width();
        float const* a = grey.row(0, y / 2);
        float const* b = grey.row(0, std::min((y + 1) / 2, grey.height() - 1));
        for (std::size_t x = 0; x + 1 < w; ++x) {
            float const here = a[x] + b[x], next = a[x + 1] + b[x + 1];
            to[2 * x] = 0.5f * here;
            to[2 * x + 1] = 0.25f * (here + next);
        }
        to[2 * w - 2] = to[2 * w - 1] = 0.5f * (a[w - 1] + b[w - 1]);
    }

    gaussian_octave levels_;
};

/// The keypoints at one channel's extrema in an octave, in the order of layer, row and column.
inline std::vector<keypoint> octave_keypoints(gaussian_octave const& levels, std::vector<scale_extremum> extrema,
                                              int octave, int channel, sift_options const& options,
                                              image_mask const& mask, std::vector<orientation_finder>& finders) {
    double const pixel = std::exp2(octave);
    if (!mask.empty())
        std::erase_if(extrema, [&](scale_extremum const& e) {
            auto const nearest = [&](float v, std::size_t n) {
                return std::min(static_cast<std::size_t>(std::lround(static_cast<double>(v) * pixel)), n - 1);
            };
            return mask(0, nearest(e.y, mask.height()), nearest(e.x, mask.width())) == 0;
        });
    std::ranges::sort(extrema, {}, [](scale_extremum const& e) { return std::tuple(e.level, e.y, e.x, e.layer); });
    // Searches from neighbouring pixels may end in one extremum.
    auto const same = [](scale_extremum const& a, scale_extremum const& b) {
        return a.level == b.level && a.x == b.x && a.y == b.y && a.layer == b.layer;
    };
    extrema.erase(std::unique(extrema.begin(), extrema.end(), same), extrema.end());

    constexpr std::size_t chunk = 16;
    std::size_t const chunks = (extrema.size() + chunk - 1) / chunk;
    std::vector<std::vector<keypoint>> parts(chunks);
    parallel_for_slots(chunks, options.threads, [&](std::size_t item, std::size_t slot) {
        for (std::size_t i = item * chunk; i < std::min((item + 1) * chunk, extrema.size()); ++i) {
            scale_extremum const& e = extrema[i];
            auto const scale =
                static_cast<float>(options.sigma * std::exp2(static_cast<double>(e.layer) / options.layers));
            auto const size = static_cast<float>(pixel);
            finders[slot](levels.level(e.level), e.x, e.y, scale, [&](float angle) {
                keypoint k;
                k.x = e.x * size;
                k.y = e.y * size;
                k.scale = scale * size;
                k.angle = angle;
                k.response = e.response;
                k.octave = octave;
                k.layer = e.level;
                k.channel = channel;
                parts[item].push_back(k);
            });
        }
    });
    std::vector<keypoint> all;
    for (auto const& part : parts)
        all.insert(all.end(), part.begin(), part.end());
    return all;
}

/// Leaves the keypoints of the strongest responses, in their order; of equal ones the first.
inline void keep_strongest(feature_set& set, std::size_t count) {
    if (count == 0 || set.size() <= count)
        return;
    std::vector<std::size_t> order(set.size());
    for (std::size_t i = 0; i < order.size(); ++i)
        order[i] = i;
    std::ranges::stable_sort(
        order, [&](std::size_t a, std::size_t b) { return set.keypoints[a].response > set.keypoints[b].response; });
    order.resize(count);
    std::ranges::sort(order);
    for (std::size_t i = 0; i < count; ++i) {
        set.keypoints[i] = set.keypoints[order[i]];
        std::copy_n(set.descriptors.data() + order[i] * set.length, set.length,
                    set.descriptors.data() + i * set.length);
    }
    set.keypoints.resize(count);
    set.descriptors.resize(count * set.length);
}

}  // namespace detail

/// Keypoints that turn, move and scale with the image, and the descriptors of their surroundings. Values of any kind
/// and range will do: 8 and 16-bit integers and floating point are read as they are, and contrast is a share of the
/// intensity range. A constant or tiny image has no keypoints.
/// Shapes:  source (C, H, W); descriptors (N, D), D = cells * cells * bins, times C if the channels are joined
/// Returns: keypoints in the order of octave, channel, layer, row, column and angle
/// Errors:  error if an option is out of range or an unmasked value is not finite; shape_error if the image is empty,
///          the mask has another size, or the channel does not exist
/// Threads: over rows and keypoints; the same bits for any number of threads
/// Source:  Lowe 2004, Distinctive image features from scale-invariant keypoints
template <class T>
feature_set sift(image<T> const& source, sift_options const& options = {}, image_mask const& mask = {}) {
    detail::check_sift_options(options);
    std::vector<image<float>> const inputs = detail::sift_input(source, options, mask);
    detail::descriptor_shape shape;
    shape.cells = options.cells;
    shape.bins = options.bins;
    shape.cell_width = static_cast<float>(options.cell_width);
    shape.root = options.root;
    feature_set result;
    result.length = shape.length() * inputs.size();

    std::size_t const h = source.height(), w = source.width();
    using channel = detail::sift_channel;
    int octave = options.doubled ? -1 : 0;
    while (std::max(channel::octave_extent(h, octave), channel::octave_extent(w, octave)) > options.largest_octave)
        ++octave;
    std::size_t const least = std::max(options.smallest_octave, 2 * detail::extremum_border + 1);
    auto const large_enough = [&](int o) {
        return std::min(channel::octave_extent(h, o), channel::octave_extent(w, o)) >= least;
    };
    if (!large_enough(octave))
        return result;

    auto const slots = static_cast<std::size_t>(thread_count(options.threads));
    // The last level of an octave with one layer takes the largest step of all, from 4 to 8 sigma.
    detail::plane_blur blur(channel::octave_extent(w, octave), 7.0 * options.sigma, options.threads);
    detail::extremum_search search(channel::octave_extent(w, octave), options.layers, options.threads);
    detail::extremum_limits const limits{static_cast<float>(options.contrast * 3.0 / options.layers),
                                         static_cast<float>(options.edge)};
    std::vector<detail::orientation_finder> finders(slots);
    std::vector<detail::descriptor_maker> makers(slots, detail::descriptor_maker(shape));
    std::vector<channel> channels;
    for (image<float> const& grey : inputs)
        channels.emplace_back(grey, octave, options, blur);

    for (; large_enough(octave); ++octave) {
        std::size_t const first = result.size();
        for (std::size_t c = 0; c < channels.size(); ++c) {
            auto const& levels = channels[c].levels();
            auto const found = detail::octave_keypoints(levels, search(levels, options.sigma, limits, blur), octave,
                                                        static_cast<int>(c), options, mask, finders);
            result.keypoints.insert(result.keypoints.end(), found.begin(), found.end());
        }
        result.descriptors.resize(result.size() * result.length);
        constexpr std::size_t chunk = 8;
        std::size_t const count = result.size() - first;
        auto const size = static_cast<float>(std::exp2(-octave));
        parallel_for_slots((count + chunk - 1) / chunk, options.threads, [&](std::size_t item, std::size_t slot) {
            for (std::size_t i = item * chunk; i < std::min((item + 1) * chunk, count); ++i) {
                keypoint const& k = result.keypoints[first + i];
                float* to = result.descriptors.data() + (first + i) * result.length;
                for (std::size_t c = 0; c < channels.size(); ++c)
                    makers[slot](channels[c].levels().level(k.layer), k.x * size, k.y * size, k.scale * size, k.angle,
                                 to + c * shape.length());
            }
        });
        if (large_enough(octave + 1))
            for (channel& c : channels)
                c.levels().halve(options.threads);
    }
    detail::keep_strongest(result, options.max_keypoints);
    return result;
}

}}  // namespace comir::COMIR_ABI
