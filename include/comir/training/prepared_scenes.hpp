#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include <comir/models/encoder.hpp>
#include <comir/training/batch/sampler.hpp>

namespace comir { inline namespace COMIR_ABI {

/// Scenes as encoders of these settings read them. Copies, which may be large, are made only where they differ from
/// what is given; else the scenes are looked at, and must outlive this.
/// Errors: those of preprocess
template <std::size_t M>
class prepared_scenes {
public:
    prepared_scenes(std::span<aligned_images<M> const> scenes, std::array<encoder_settings, M> const& settings,
                    int threads = 0)
        : scenes_(scenes) {
        bool differ = false;
        for (encoder_settings const& s : settings)
            differ = differ || preprocesses(s);
        if (!differ)
            return;
        made_.assign(scenes.begin(), scenes.end());
        for (aligned_images<M>& scene : made_)
            for (std::size_t m = 0; m < M; ++m)
                scene[m] = preprocess(std::move(scene[m]), settings[m], threads);
        scenes_ = made_;
    }
    prepared_scenes(prepared_scenes const&) = delete;  // views into it would look at the other one's images
    prepared_scenes& operator=(prepared_scenes const&) = delete;

    std::span<aligned_images<M> const> view() const { return scenes_; }

private:
    std::vector<aligned_images<M>> made_;
    std::span<aligned_images<M> const> scenes_;
};

}}  // namespace comir::COMIR_ABI
