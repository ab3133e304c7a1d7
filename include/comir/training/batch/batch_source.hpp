#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include <comir/core/error.hpp>
#include <comir/core/random.hpp>
#include <comir/core/tensor.hpp>
#include <comir/training/batch/crop_poses.hpp>
#include <comir/training/batch/inverted_contrast.hpp>
#include <comir/training/batch/sampler.hpp>

namespace comir { inline namespace COMIR_ABI {

/// What a training draws; as the fields of trainer_options that have these names.
struct batch_options {
    sampler_options sampling{};  // patch extent, rotation, flips, blur, and the seed of all that is drawn
    std::size_t batch = 16;      // samples
    std::size_t grid = 1;        // cells along each side of a patch
    bool turn_apart = true;      // with a grid: patches of two modalities are rotated against each other
    double invert_contrast = 0;  // share of patches, 0 to 1
    int threads = 0;             // 0 means the OpenMP default
};

/// Draws the batches of a training: squares of scenes, the poses of the modalities' patches in them, inverted
/// contrasts. A batch depends on the options and its step only. Keeps a view of the scenes, which must outlive it.
/// Errors:  those of crop_poses and batch_sampler; shape_error if a scene does not hold the patches of all modalities
/// Threads: the same bits for any number of threads. One object per thread
template <std::size_t M>
class batch_source {
public:
    batch_source(std::span<aligned_images<M> const> scenes, batch_options const& options)
        : options_(options),
          poses_(options.sampling.augment.patch, options.grid, options.turn_apart && options.sampling.augment.rotate),
          sampler_(scenes, squares(scenes)) {}

    std::size_t channels(std::size_t modality) const { return sampler_.channels(modality); }
    /// What draws the squares.
    sampler_options const& sampling() const { return sampler_.options(); }
    /// Where the patches of the last batch lie.
    crop_poses<M> const& poses() const { return poses_; }

    /// Fills the batch of a step.
    /// Shapes:  patches[m] is (batch, channels(m), P, P) with P the options' patch
    /// Writes:  overwrites the patches
    void draw(std::uint64_t step, std::array<tensor_view<float>, M> const& patches) {
        random_stream places(options_.sampling.seed, step, 0x706c61636573);
        poses_.place(options_.batch, places);
        poses_.with_view([&](auto const& view) { sampler_.draw(step, patches, view, options_.threads); });
        for (std::size_t m = 0; m < M && options_.invert_contrast > 0; ++m) {
            random_stream random(options_.sampling.seed, step, 0x6e656761 + m);
            invert_contrast(patches[m], options_.invert_contrast, random);
        }
    }

    /// As draw, from samples apart from the training's and without inverted contrasts: the same `index` is the same
    /// batch for ever, which makes losses of different steps comparable.
    void draw_validation(std::uint64_t index, std::array<tensor_view<float>, M> const& patches) {
        poses_.place_alike(options_.batch);
        poses_.with_view([&](auto const& view) { sampler_.draw_validation(index, patches, view, options_.threads); });
    }

private:
    /// Squares that hold the patches of all modalities.
    sampler_options squares(std::span<aligned_images<M> const> scenes) const {
        for (std::size_t i = 0; i < scenes.size() && !poses_.is_whole(); ++i) {
            image_shape const s = scenes[i][0].shape();
            require<shape_error>(s.h >= poses_.square() && s.w >= poses_.square(), "comir::batch_source: a patch of ",
                                 options_.sampling.augment.patch, " px does not fit into scene ", i, " of ", s.w, " x ",
                                 s.h, " px: it takes ", poses_.square(),
                                 " px, since patches of two modalities lie apart; use a smaller patch, or one cell");
        }
        sampler_options result = options_.sampling;
        result.augment.patch = poses_.square();
        return result;
    }

    batch_options options_;
    crop_poses<M> poses_;
    batch_sampler<M> sampler_;
};

}}  // namespace comir::COMIR_ABI
