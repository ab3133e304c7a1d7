#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <numbers>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <comir/core/error.hpp>
#include <comir/core/progress.hpp>
#include <comir/core/random.hpp>
#include <comir/dataset/folder_pairs.hpp>
#include <comir/dataset/pair_list.hpp>
#include <comir/image/convert.hpp>
#include <comir/image/image.hpp>
#include <comir/image/warp.hpp>
#include <comir/io/image_file.hpp>
#include <comir/transform/geometry.hpp>

namespace comir { inline namespace COMIR_ABI {

/// A part of every scene, as shares (0 to 1) of its width and height.
struct scene_part {
    double left = 0.0, top = 0.0, right = 1.0, bottom = 1.0;
};

/// The defaults for angle and shift are those of the CoMIR paper (Pielawski et al. 2020): 100 of 834 px.
struct make_pairs_options {
    std::array<std::string, 2> modalities{"a", "b"};  // the names of the scenes' two images
    std::size_t size_px = 96;                         // width and height of fixed and moving images
    std::size_t count = 40;                           // pairs in all
    double max_angle_deg = 30.0;                      // the angle is uniform in +/- this
    double max_shift = 0.12;                          // the shift in x and in y is uniform in +/- this share of size_px
    scene_part part{};                                // e.g. the half that training has not seen
    std::uint64_t seed = 1;
    progress on_progress{};
};

namespace detail {

/// Pixels that cubic interpolation reads beyond a position.
inline constexpr double cubic_margin = 2.0;

/// Half the width of a turned square, centre to centre of its outermost pixels.
inline double turned_half(double size, double angle_rad) {
    return 0.5 * (size - 1.0) * (std::abs(std::cos(angle_rad)) + std::abs(std::sin(angle_rad)));
}

/// The pixels along one axis that the fixed image and the moving one need in the scene, from the fixed image's first.
struct scene_need {
    double first, last;

    scene_need(double size, double half, double shift) {
        double const centre = 0.5 * (size - 1.0) + shift;
        first = std::min(0.0, std::floor(centre - half) - cubic_margin);
        last = std::max(size - 1.0, std::ceil(centre + half) + cubic_margin);
    }
};

/// The width of a square part of a scene in which every pair that the options allow fits.
inline std::size_t scene_size_for(std::size_t size_px, make_pairs_options const& options) {
    auto const size = static_cast<double>(size_px);
    double const angle = std::min(options.max_angle_deg, 45.0) * std::numbers::pi / 180.0;
    double const half = turned_half(size, angle);
    scene_need const shifted(size, half, options.max_shift * size), centred(size, half, 0.0);
    // A shift to either side costs the same; rounding may cost a small one a pixel more.
    return static_cast<std::size_t>(std::max(shifted.last - shifted.first, centred.last - centred.first)) + 2;
}

inline region part_of(image<float> const& scene, scene_part const& part) {
    auto const pixel = [](double share, std::size_t extent) {
        return static_cast<std::size_t>(std::lround(share * static_cast<double>(extent)));
    };
    region r{pixel(part.left, scene.width()), pixel(part.top, scene.height()), 0, 0};
    r.w = pixel(part.right, scene.width()) - r.x;
    r.h = pixel(part.bottom, scene.height()) - r.y;
    return r;
}

inline void check_make_pairs(std::string const& who, std::span<aligned_pair const> scenes,
                             make_pairs_options const& options) {
    require(!scenes.empty(), who, ": there are no scenes, expected at least one");
    require(options.size_px >= 2 && options.count >= 1, who, ": ", options.count, " pairs of ", options.size_px,
            " px were asked for, expected at least 1 of at least 2 px");
    require(options.max_angle_deg >= 0.0 && options.max_angle_deg <= 180.0, who, ": max_angle_deg is ",
            options.max_angle_deg, ", expected 0 to 180");
    require(options.max_shift >= 0.0 && options.max_shift <= 10.0, who, ": max_shift is ", options.max_shift,
            ", expected a share of the width from 0 to 10");
    scene_part const& part = options.part;
    require(part.left >= 0.0 && part.left < part.right && part.right <= 1.0 && part.top >= 0.0 &&
                part.top < part.bottom && part.bottom <= 1.0,
            who, ": the part of the scenes runs from (", part.left, ", ", part.top, ") to (", part.right, ", ",
            part.bottom, "), expected shares with 0 <= left < right <= 1 and 0 <= top < bottom <= 1");
    std::size_t const need = scene_size_for(options.size_px, options);
    for (aligned_pair const& scene : scenes) {
        auto const& [a, b] = scene.images;
        require<shape_error>(a.width() == b.width() && a.height() == b.height(), who, ": the images of ", scene.name,
                             " have ", extent_text(a), " and ", extent_text(b), " pixels, expected the same size");
        for (image<float> const& i : scene.images)
            require(std::all_of(i.values().begin(), i.values().end(), [](float v) { return v >= 0.0f && v <= 1.0f; }),
                    who, ": ", scene.name, " has values outside 0 to 1; normalise it first");
        region const r = part_of(a, part);
        std::size_t const space = std::min(r.w, r.h);
        if (space >= need)
            continue;
        std::size_t fits = options.size_px;
        while (fits >= 2 && scene_size_for(fits, options) > space)
            --fits;
        fail<shape_error>(who, ": the part of ", scene.name, " has ", r.w, " x ", r.h, " pixels, expected at least ",
                          need, " x ", need, " for pairs of ", options.size_px, " px; ",
                          fits >= 2 ? "take a larger part or size_px of at most " + std::to_string(fits)
                                    : std::string("take a larger part or smaller angles and shifts"));
    }
}

}  // namespace detail

/// Makes a set of test pairs from aligned scenes: images of one modality cut straight from a scene, images of the other
/// turned, shifted and cut from the same scene, and pairs.csv with the true displacements. Both whole images lie inside
/// the scene's part, so that no border shows. Scenes take turns, and so do the directions: the first modality is fixed
/// in the pairs 0, 2, ... Files are PNG of 16 bits, TIFF for other than 1 or 3 channels.
/// Returns: the pairs as read_pair_list would; fewer if on_progress stopped the work
/// Errors:  error if an option makes no sense, values lie outside 0 to 1, or a file cannot be written; shape_error if
///          the part is too small for the images, with the size that would fit
inline std::vector<registration_pair> make_pairs(std::span<aligned_pair const> scenes,
                                                 std::filesystem::path const& folder,
                                                 make_pairs_options const& options = {}) {
    std::string const who = "comir::make_pairs";
    detail::check_make_pairs(who, scenes, options);
    std::error_code code;
    std::filesystem::create_directories(folder, code);
    require(!code, who, ": ", folder.string(), ": cannot create the folder: ", code.message());

    extent2 const square{options.size_px, options.size_px};
    auto const size = static_cast<double>(options.size_px);
    std::vector<registration_pair> pairs;
    for (std::size_t i = 0; i < options.count && keep_going(options.on_progress, i, options.count); ++i) {
        std::size_t const fixed = i % 2, moving = 1 - fixed;
        aligned_pair const& scene = scenes[i / 2 % scenes.size()];
        region const part = detail::part_of(scene.images[0], options.part);

        random_stream random(options.seed, i);
        double const shift = options.max_shift * size;
        displacement const truth{random.uniform(-options.max_angle_deg, options.max_angle_deg),
                                 random.uniform(-shift, shift), random.uniform(-shift, shift)};
        double const half = detail::turned_half(size, truth.angle_deg * std::numbers::pi / 180.0);
        auto const place = [&](std::size_t begin, std::size_t extent, double t) {
            detail::scene_need const need(size, half, t);
            auto const span = static_cast<std::size_t>(need.last - need.first) + 1;
            return begin + random.below(extent - span + 1) + static_cast<std::size_t>(-need.first);
        };
        region cut{0, 0, options.size_px, options.size_px};
        cut.x = place(part.x, part.w, truth.tx_px);
        cut.y = place(part.y, part.h, truth.ty_px);

        registration_pair pair;
        pair.fixed_modality = options.modalities[fixed];
        pair.moving_modality = options.modalities[moving];
        pair.size_px = options.size_px;
        pair.truth = truth;
        pair_extent const extents{square, square};
        rigid2 const moving_to_fixed = to_transform(truth, extents).inverse();
        pair.corners = map_corners(moving_to_fixed, square);
        pair.initial_error_px = corner_error(square.corners(), pair.corners);

        // Sampling takes points of the moving image to the scene, where the fixed image begins at (cut.x, cut.y).
        rigid2 to_scene = moving_to_fixed;
        to_scene.parameters[1] += static_cast<double>(cut.x);
        to_scene.parameters[2] += static_cast<double>(cut.y);
        image<float> const& source = scene.images[moving];
        image<float> const images[2] = {
            crop(scene.images[fixed], cut),
            warp(source, to_scene, {source.channels(), options.size_px, options.size_px},
                 {.sampling = {.method = interpolation::cubic, .outside = border::clamp}, .threads = 1})};

        char number[32];
        std::snprintf(number, sizeof number, "%04zu", i);
        pair.name = std::filesystem::path(scene.name).stem().string() + "_" + number + "_" + pair.fixed_modality + "_" +
                    pair.moving_modality;
        for (std::size_t k = 0; k < 2; ++k) {
            // PNG would take a second or fourth channel for opacity.
            bool const png = images[k].channels() == 1 || images[k].channels() == 3;
            std::filesystem::path const path =
                folder / (std::string(number) + (k == 0 ? "_fixed" : "_moving") + (png ? ".png" : ".tif"));
            image<std::uint16_t> stored = to_integer<std::uint16_t>(images[k]);
            stored.spacing = {1.0, 1.0};
            write_image(path, stored);
            (k == 0 ? pair.fixed : pair.moving) = path;
        }
        pairs.push_back(std::move(pair));
    }
    // Last, so that a list never names files that are not there.
    write_pair_list(folder / "pairs.csv", pairs);
    if (pairs.size() == options.count)
        keep_going(options.on_progress, options.count, options.count);
    return pairs;
}

}}  // namespace comir::COMIR_ABI
