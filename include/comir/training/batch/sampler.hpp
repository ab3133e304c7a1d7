#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <comir/core/error.hpp>
#include <comir/core/parallel.hpp>
#include <comir/core/random.hpp>
#include <comir/core/tensor.hpp>
#include <comir/image/image.hpp>
#include <comir/training/batch/augment.hpp>
#include <comir/transform/compose.hpp>

namespace comir { inline namespace COMIR_ABI {

/// One scene seen in M modalities: images of equal rows and columns, whose pixels show the same points.
template <std::size_t M>
using aligned_images = std::array<image<float>, M>;

/// Looks at a drawn patch as it is. A type of its own, since composing with the identity would round positions.
struct whole_view {};

/// What a drawn patch may be looked at through: view(m, n) is an affine2 for modality m of sample n.
template <class View>
concept patch_view = std::same_as<View, whole_view> || requires(View const& view, std::size_t i) {
    { view(i, i) } -> std::convertible_to<affine2>;
};

/// Settings of batch_sampler.
struct sampler_options {
    augment_options augment{};
    /// A scene is drawn in proportion to its area. Otherwise all scenes are alike, as in the original CoMIR program.
    bool weight_by_area = false;
    std::uint64_t seed = 1;  // of all that is drawn
};

/// Draws training batches from aligned scenes, with replacement. A batch depends on the seed, its step and its size
/// only, so that training resumes at any step without a saved state. Sample i of step s is number s N + i of one
/// endless row of samples. Keeps a view of the scenes, which must outlive it.
/// Errors:  shape_error if there is no scene, the images of a scene differ in rows or columns, a modality's channels
///          differ from scene to scene, or a scene is smaller than the patch; error if an option is out of range or a
///          pixel is not finite
/// Threads: draw may run from many threads, each with a batch of its own
template <std::size_t M>
class batch_sampler {
    static_assert(M >= 1, "comir: batch_sampler needs at least one modality");

public:
    explicit batch_sampler(std::span<aligned_images<M> const> scenes, sampler_options const& options = {})
        : scenes_(scenes), options_(options) {
        detail::check_augment_options("comir::batch_sampler", options.augment);
        require<shape_error>(!scenes.empty(), "comir::batch_sampler: there are no scenes, expected at least one");
        area_ends_.reserve(scenes.size());
        std::size_t area = 0;
        for (std::size_t i = 0; i < scenes.size(); ++i) {
            check_scene(i);
            area += scenes[i][0].height() * scenes[i][0].width();
            area_ends_.push_back(area);
        }
    }

    sampler_options const& options() const { return options_; }
    std::size_t scene_count() const { return scenes_.size(); }
    std::size_t channels(std::size_t modality) const { return scenes_[0][modality].channels(); }

    /// Fills the batch of a training step.
    /// Shapes:  batch[m] is (N, channels(m), P, P) with P = options().augment.patch
    /// Writes:  overwrites the batch
    /// Errors:  shape_error if a view has another shape
    /// Threads: over samples; the same bits for any number of threads
    void draw(std::uint64_t step, std::array<tensor_view<float>, M> const& batch, int threads = 0) const {
        draw(step, batch, whole_view{}, threads);
    }
    /// The same, seen through a view: pixel p of sample n in modality m shows pixel view(m, n)(p) of what is drawn
    /// without.
    /// Shapes:  batch[m] is (N, channels(m), Q, Q), of any Q
    template <patch_view View>
    void draw(std::uint64_t step, std::array<tensor_view<float>, M> const& batch, View const& view,
              int threads = 0) const {
        fill_batch("comir::batch_sampler::draw", training_part, step, batch, view, threads);
    }

    /// As draw, from a row of samples apart from the training's: the same `index` is the same batch for ever, which
    /// makes losses of different steps comparable.
    void draw_validation(std::uint64_t index, std::array<tensor_view<float>, M> const& batch, int threads = 0) const {
        draw_validation(index, batch, whole_view{}, threads);
    }
    template <patch_view View>
    void draw_validation(std::uint64_t index, std::array<tensor_view<float>, M> const& batch, View const& view,
                         int threads = 0) const {
        fill_batch("comir::batch_sampler::draw_validation", validation_part, index, batch, view, threads);
    }

private:
    // Large numbers keep the streams apart from those that others draw from the same seed.
    static constexpr std::uint64_t training_part = 0x747261696e, validation_part = 0x76616c6964;

    struct sample_plan {
        std::size_t scene = 0;
        augmentation how;
    };

    void check_scene(std::size_t i) const {
        image_shape const first = scenes_[i][0].shape();
        for (std::size_t m = 0; m < M; ++m) {
            image<float> const& picture = scenes_[i][m];
            require<shape_error>(picture.height() == first.h && picture.width() == first.w,
                                 "comir::batch_sampler: in scene ", i, ", modality ", m, " has ", picture.width(),
                                 " x ", picture.height(), " px and modality 0 has ", first.w, " x ", first.h,
                                 " px; give aligned images of one size");
            require<shape_error>(picture.channels() == channels(m) && picture.channels() > 0,
                                 "comir::batch_sampler: modality ", m, " has ", picture.channels(),
                                 " channels in scene ", i, " and ", channels(m),
                                 " in scene 0, expected one number, at least 1");
            require(std::ranges::all_of(picture.values(), [](float v) { return std::isfinite(v); }),
                    "comir::batch_sampler: in scene ", i, ", modality ", m,
                    " has values that are infinite or not a number, expected finite ones; replace them");
        }
        require<shape_error>(first.h >= options_.augment.patch && first.w >= options_.augment.patch,
                             "comir::batch_sampler: a patch of ", options_.augment.patch,
                             " px does not fit into scene ", i, " of ", first.w, " x ", first.h,
                             " px; use a smaller patch");
    }

    sample_plan plan(std::uint64_t part, std::uint64_t number) const {
        random_stream random(options_.seed, number, part);
        sample_plan result;
        if (options_.weight_by_area) {
            auto const end = std::ranges::upper_bound(area_ends_, random.below(area_ends_.back()));
            result.scene = static_cast<std::size_t>(end - area_ends_.begin());
        } else {
            result.scene = random.below(scenes_.size());
        }
        result.how = draw_augmentation(random, scenes_[result.scene][0].shape(), options_.augment);
        return result;
    }

    template <patch_view View>
    void fill_batch(char const* who, std::uint64_t part, std::uint64_t step,
                    std::array<tensor_view<float>, M> const& batch, View const& view, int threads) const {
        constexpr bool is_whole = std::same_as<View, whole_view>;
        std::size_t const count = batch[0].shape().n, size = is_whole ? options_.augment.patch : batch[0].shape().h;
        for (std::size_t m = 0; m < M; ++m)
            require<shape_error>(batch[m].shape() == shape4{count, channels(m), size, size}, who, ": batch[", m,
                                 "] is ", to_string(batch[m].shape()), ", expected ",
                                 to_string(shape4{count, channels(m), size, size}));
        std::vector<sample_plan> plans(count);
        for (std::size_t n = 0; n < count; ++n)
            plans[n] = plan(part, step * count + n);
        auto const seen = [&](std::size_t m, std::size_t n) {
            augmentation how = plans[n].how;
            if constexpr (!is_whole)
                how.patch_to_scene = compose(how.patch_to_scene, view(m, n));
            return how;
        };
        detail::with_method(options_.augment.method, [&](auto method) {
            parallel_for(count, threads, [&](std::size_t n) {
                if (plans[n].how.blur_sigma == 0)
                    for (std::size_t m = 0; m < M; ++m)
                        detail::cut_patch<decltype(method)::value>(scenes_[plans[n].scene][m],
                                                                   seen(m, n).patch_to_scene, batch[m], n);
            });
        });
        // A blur allocates, which no parallel region may do: here the threads share each patch instead.
        for (std::size_t n = 0; n < count; ++n)
            if (plans[n].how.blur_sigma != 0)
                for (std::size_t m = 0; m < M; ++m)
                    detail::cut_blurred_patch(scenes_[plans[n].scene][m], seen(m, n), options_.augment.method, batch[m],
                                              n, threads);
    }

    std::span<aligned_images<M> const> scenes_;
    sampler_options options_;
    std::vector<std::size_t> area_ends_;
};

}}  // namespace comir::COMIR_ABI
