#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include <comir/core/abi.hpp>

namespace comir { inline namespace COMIR_ABI {

/// A channel count that is given when the network is made, for tools that meet any number of bands.
inline constexpr std::size_t dynamic = 0;

/// How a transition down halves the resolution.
enum class pooling { max, average, blur };
/// The names of the poolings, in the order of the enumeration, as tools and model files write them.
inline constexpr std::array<char const*, 3> pooling_names{"max", "average", "blur"};

/// How a transition up doubles the resolution, always with a 3x3 convolution: of the nearest pixels, transposed at
/// strides of two, or to four times the channels, which become the pixels of 2x2 squares.
enum class upsampling { nearest, transposed, pixel_shuffle };

/// Shape of a dense U-Net; a template argument, so everything follows from it at compile time.
/// Source: Jegou et al. 2017, arXiv:1611.09326; the numbers of `paper` as published with CoMIR (Pielawski et al. 2020)
struct unet_shape {
    std::size_t in = 3;                        // channels of the image
    std::size_t out = 1;                       // channels of the representation
    std::size_t first = 16;                    // filters of the first convolution
    std::array<std::size_t, 8> down{2, 2, 2};  // dense layers of each level on the way down; zeros end the list
    std::size_t bottleneck = 3;                // dense layers at the lowest resolution
    std::array<std::size_t, 8> up{2, 2, 2};    // dense layers of each level on the way up, from the lowest
    std::size_t growth = 12;                   // channels that a dense layer adds
    std::size_t compression_percent = 100;     // of a transition down: its channels are cut to this share, rounded down
    std::size_t dropout_percent = 0;           // of a dense layer's values; transitions then drop 20% of their channels

    comir::pooling pooling = comir::pooling::max;
    comir::upsampling upsampling = comir::upsampling::nearest;
    bool early_transition = false;  // a transition down right after the first convolution, and its counterpart at last

    constexpr bool operator==(unet_shape const&) const = default;
    /// Levels of dense blocks above the bottleneck.
    constexpr std::size_t depth() const {
        std::size_t n = 0;
        while (n < down.size() && down[n] > 0)
            ++n;
        return n;
    }
    /// Rows and columns of the input must be multiples of this.
    constexpr std::size_t multiple() const { return std::size_t{1} << (depth() + (early_transition ? 1 : 0)); }
    /// Whether a convolution's result changes its resolution in a step of its own.
    constexpr bool resampled() const {
        return pooling == comir::pooling::blur || upsampling != comir::upsampling::nearest;
    }
    constexpr bool valid() const {
        std::size_t const n = depth();
        for (std::size_t i = 0; i < up.size(); ++i)
            if ((i < n) != (up[i] > 0) || (i >= n && down[i] > 0))
                return false;
        return n > 0 && first > 0 && bottleneck > 0 && growth > 0 && compression_percent > 0 &&
               compression_percent <= 100 && dropout_percent < 100;
    }
    /// Pixels on each side of an output pixel that can change it: what a tile needs around it to equal the whole image.
    constexpr std::size_t halo() const {
        std::size_t reach = 1, scale = 1;  // of the first convolution
        // The convolution of a transition up, which before a pixel shuffle sees pixels of twice the size, and the pixel
        // that pooling and upsampling may be off; a blur reaches one further.
        std::size_t const transitions =
            (upsampling == comir::upsampling::pixel_shuffle ? 2 : 1) + 1 + (pooling == comir::pooling::blur ? 1 : 0);
        if (early_transition) {
            reach += transitions;
            scale = 2;
        }
        for (std::size_t i = 0; i < depth(); ++i, scale *= 2)
            reach += (down[i] + up[depth() - 1 - i] + transitions) * scale;
        return reach + bottleneck * scale;
    }
};

/// 164,888 parameters for 3 -> 1 channels: trains in minutes on a CPU.
inline constexpr unet_shape compact_shape{};

/// 1,053,820 parameters for 3 -> 1 channels: the network of the CoMIR paper.
inline constexpr unet_shape paper_shape{
    .first = 32, .down = {4, 4, 4, 4, 4, 4}, .bottleneck = 4, .up = {4, 4, 4, 4, 4, 4}, .compression_percent = 75};

/// A shape that programs and the tool call by a name.
struct named_shape {
    std::string_view name;
    unet_shape shape;
};
/// All shapes that have a name.
inline constexpr std::array<named_shape, 2> named_shapes{{{"compact", compact_shape}, {"paper", paper_shape}}};

/// The same shape for other channel counts.
constexpr unet_shape with_channels(unet_shape shape, std::size_t in, std::size_t out) {
    shape.in = in;
    shape.out = out;
    return shape;
}

}}  // namespace comir::COMIR_ABI
