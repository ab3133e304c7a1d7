#pragma once

#include <algorithm>
#include <cstddef>

#include <comir/core/simd.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// Output channels of a full register block: with two vectors of pixels it leaves room for the operands.
inline constexpr std::size_t conv_block = simd_registers >= 32 ? 12 : 6;

/// A full block, or the largest power of two that fits in what is left over.
constexpr std::size_t next_block(std::size_t left) {
    // Two blocks of 8 are faster than one of 12 and one of 4, which waits for its loads.
    if (left >= conv_block && !(conv_block == 12 && left == 16))
        return conv_block;
    std::size_t block = 1;
    while (block * 2 <= std::min(left, conv_block))
        block *= 2;
    return block;
}

/// Planes of a tile in scratch memory: strides between channels and rows, in elements.
template <class T>
struct plane {
    T* data = nullptr;
    std::size_t channel_stride = 0;
    std::size_t row_stride = 0;

    T* row(std::size_t c, std::size_t y) const { return data + c * channel_stride + y * row_stride; }
    /// Without the channels before c; no planes stay none.
    plane from(std::size_t c) const { return data ? plane{row(c, 0), channel_stride, row_stride} : plane{}; }
};

/// Kernels that run two rows at once. For narrower blocks the additions of rows cost more than they save, for a 3x3
/// kernel of few input channels the sums that its sweeps hand on.
constexpr bool in_row_pairs(std::size_t k, std::size_t block, std::size_t ci) {
    return block >= 4 && (k == 2 || (k == 3 && ci > 4));
}

/// Packed weights of a pair of channels: K columns of K + 1 rows where rows go in pairs.
constexpr std::size_t packed_taps(std::size_t k) {
    return k == 2 || k == 3 ? k * (k + 1) : k * k;
}

/// Orders the weights that `weight_of(output channel, input channel, ky, kx)` gives by blocks of output channels:
/// [block][ci][row][kx][channel of the block]. Where rows go in pairs, the rows are those of conv_row_pair.
template <scalar T, class WeightOf>
void pack_blocks(std::size_t co, std::size_t ci, std::size_t k, WeightOf&& weight_of, T* packed) {
    for (std::size_t first = 0; first < co;) {
        std::size_t const block = next_block(co - first);
        for (std::size_t i = 0; i < ci; ++i, packed += packed_taps(k) * block)
            for (std::size_t kx = 0; kx < k; ++kx)
                for (std::size_t b = 0; b < block; ++b) {
                    auto const w = [&](std::size_t ky) { return weight_of(first + b, i, ky, kx); };
                    auto const put = [&](std::size_t row, T value) { packed[(row * k + kx) * block + b] = value; };
                    if (!in_row_pairs(k, block, ci)) {
                        for (std::size_t ky = 0; ky < k; ++ky)
                            put(ky, w(ky));
                    } else if (k == 3) {
                        put(0, (w(0) + w(1) + w(2)) / 2);
                        put(1, (w(0) - w(1) + w(2)) / -2);
                        put(2, w(0));
                        put(3, w(2));
                    } else {
                        put(0, w(0) + w(1));
                        put(1, w(0));
                        put(2, w(1));
                    }
                }
        first += block;
    }
}

/// Packs weights (Co, Ci, K, K) for conv_tile.
template <scalar T>
void pack_weights(T const* weight, std::size_t co, std::size_t ci, std::size_t k, T* packed) {
    pack_blocks(
        co, ci, k,
        [=](std::size_t o, std::size_t i, std::size_t ky, std::size_t kx) {
            return weight[((o * ci + i) * k + ky) * k + kx];
        },
        packed);
}

/// As pack_weights for the gradient by input: channels swapped and taps reversed.
template <scalar T>
void pack_transposed_weights(T const* weight, std::size_t co, std::size_t ci, std::size_t k, T* packed) {
    pack_blocks(
        ci, co, k,
        [=](std::size_t i, std::size_t o, std::size_t ky, std::size_t kx) {
            return weight[((o * ci + i) * k + k - 1 - ky) * k + k - 1 - kx];
        },
        packed);
}

}}}  // namespace comir::COMIR_ABI::detail
