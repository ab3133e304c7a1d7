#pragma once

#include <cstddef>

#include <comir/core/random.hpp>
#include <comir/core/tensor.hpp>

namespace comir { inline namespace COMIR_ABI {

/// Inverts the contrast of a share of the samples, 0 to 1: each channel about its mean in the patch, so that dark
/// becomes bright. What is learned from such patches does not rest on which of two materials is the brighter one, which
/// may differ from place to place and from modality to modality.
/// Shapes:  patches (N, C, H, W)
/// Writes:  in place
inline void invert_contrast(tensor_view<float> const& patches, double share, random_stream& random) {
    shape4 const& s = patches.shape();
    for (std::size_t n = 0; n < s.n; ++n) {
        if (!random.coin(share))
            continue;
        for (std::size_t c = 0; c < s.c; ++c) {
            double sum = 0;
            for (std::size_t y = 0; y < s.h; ++y)
                for (std::size_t x = 0; x < s.w; ++x)
                    sum += static_cast<double>(patches.row(n, c, y)[x]);
            auto const twice = static_cast<float>(2 * sum / static_cast<double>(s.h * s.w));
            for (std::size_t y = 0; y < s.h; ++y)
                for (std::size_t x = 0; x < s.w; ++x)
                    patches.row(n, c, y)[x] = twice - patches.row(n, c, y)[x];
        }
    }
}

}}  // namespace comir::COMIR_ABI
