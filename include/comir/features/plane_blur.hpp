#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include <comir/core/memory.hpp>
#include <comir/core/parallel.hpp>
#include <comir/core/simd.hpp>
#include <comir/features/plane.hpp>
#include <comir/image/filter.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// Rows that one step of the blur makes together: each input row is then loaded once for all of them.
inline constexpr std::size_t blur_rows = 4;

/// A Gaussian's weights, and the same between zeros that let the rows of a step share the loop over the input rows.
struct blur_weights {
    std::vector<float> taps, padded;

    explicit blur_weights(double sigma)
        : taps(gaussian_kernel<float>(sigma)), padded(taps.size() + 2 * (blur_rows - 1), 0.0f) {
        std::copy(taps.begin(), taps.end(), padded.begin() + blur_rows - 1);
    }
    std::size_t radius() const { return taps.size() / 2; }
};

/// Blurs plane after plane; keeps its row buffers.
class plane_blur {
public:
    plane_blur(std::size_t widest, double largest_sigma, int threads)
        : threads_(threads), buffers_(static_cast<std::size_t>(thread_count(threads))), sources_(buffers_.size()) {
        std::size_t const radius = gaussian_kernel<float>(largest_sigma).size() / 2;
        // Whole vectors may be read beyond the last mirrored pixel.
        pitch_ = row_pitch<float>(widest + 2 * radius + simd_width<float>);
        for (auto& buffer : buffers_)
            buffer.assign(blur_rows * pitch_, 0.0f);
    }

    /// Planes of one shape, not the same memory.
    void operator()(plane_view const& from, plane_view const& to, blur_weights const& weights) {
        rows(from, to, weights, 0, from.h);
    }

    /// Rows begin to end of the result only. The threads share bands of a few rows.
    void rows(plane_view const& from, plane_view const& to, blur_weights const& weights, std::size_t begin,
              std::size_t end) {
        constexpr std::size_t band = 2 * blur_rows;
        std::size_t const radius = weights.radius();
        parallel_for_slots((end - begin + band - 1) / band, threads_, [&](std::size_t item, std::size_t slot) {
            std::vector<float const*>& sources = sources_[slot];
            sources.resize(weights.taps.size() + blur_rows - 1);
            float* const middle = buffers_[slot].data();
            std::size_t const first = begin + item * band;
            for (std::size_t y = first; y < std::min(first + band, end); y += blur_rows) {
                std::size_t const wanted = std::min(blur_rows, end - y);
                // Rows beyond the last one's reach may not be there yet, and their zero weight does not undo a NaN.
                std::size_t const last = y + wanted - 1 + 2 * radius;
                for (std::size_t k = 0; k < sources.size(); ++k)
                    sources[k] = from.row(reflected(
                        static_cast<std::ptrdiff_t>(std::min(y + k, last)) - static_cast<std::ptrdiff_t>(radius),
                        from.h));
                down(sources, weights.padded, from.pitch, middle + radius);
                for (std::size_t j = 0; j < wanted; ++j) {
                    float* const line = middle + j * pitch_;
                    mirror_ends(line + radius, from.w, radius);
                    along(line, weights.taps, from.pitch, to.row(y + j));
                }
            }
        });
    }

private:
    void down(std::vector<float const*> const& rows, std::vector<float> const& padded, std::size_t columns,
              float* to) const {
        constexpr std::size_t width = simd_width<float>;
        std::size_t x = 0;
        for (; x + 2 * width <= columns; x += 2 * width)
            down_block<2>(rows, padded, x, to);
        if (x < columns)
            down_block<1>(rows, padded, x, to);
    }

    /// Some vectors wide and blur_rows high: the sums stay in registers.
    template <std::size_t Vectors>
    void down_block(std::vector<float const*> const& rows, std::vector<float> const& padded, std::size_t x,
                    float* to) const {
        constexpr std::size_t width = simd_width<float>;
        simd<float> sums[blur_rows][Vectors];
        for (auto& row : sums)
            for (auto& v : row)
                v = simd<float>(0.0f);
        for (std::size_t k = 0; k < rows.size(); ++k) {
            float const* weight = padded.data() + (blur_rows - 1) + k;
            for (std::size_t i = 0; i < Vectors; ++i) {
                simd<float> const v = load(rows[k] + x + i * width);
                for (std::size_t j = 0; j < blur_rows; ++j)
                    sums[j][i] = multiply_add(broadcast(*(weight - j)), v, sums[j][i]);
            }
        }
        for (std::size_t j = 0; j < blur_rows; ++j)
            for (std::size_t i = 0; i < Vectors; ++i)
                store(to + j * pitch_ + x + i * width, sums[j][i]);
    }

    static void mirror_ends(float* row, std::size_t w, std::size_t radius) {
        if (radius < w) {
            for (std::size_t k = 1; k <= radius; ++k) {
                *(row - k) = row[k];
                row[w - 1 + k] = row[w - 1 - k];
            }
            return;
        }
        for (std::size_t k = 1; k <= radius; ++k) {
            auto const offset = static_cast<std::ptrdiff_t>(k);
            *(row - offset) = row[reflected(-offset, w)];
            row[w - 1 + k] = row[reflected(static_cast<std::ptrdiff_t>(w) - 1 + offset, w)];
        }
    }

    static void along(float const* row, std::vector<float> const& kernel, std::size_t columns, float* to) {
        constexpr std::size_t width = simd_width<float>;
        std::size_t x = 0;
        for (; x + 4 * width <= columns; x += 4 * width) {
            simd<float> a(0.0f), b(0.0f), c(0.0f), d(0.0f);
            for (std::size_t k = 0; k < kernel.size(); ++k) {
                simd<float> const weight = broadcast(kernel[k]);
                float const* p = row + x + k;
                a = multiply_add(weight, load(p), a);
                b = multiply_add(weight, load(p + width), b);
                c = multiply_add(weight, load(p + 2 * width), c);
                d = multiply_add(weight, load(p + 3 * width), d);
            }
            store(to + x, a);
            store(to + x + width, b);
            store(to + x + 2 * width, c);
            store(to + x + 3 * width, d);
        }
        for (; x < columns; x += width) {
            simd<float> a(0.0f);
            for (std::size_t k = 0; k < kernel.size(); ++k)
                a = multiply_add(broadcast(kernel[k]), load(row + x + k), a);
            store(to + x, a);
        }
    }

    int threads_;
    std::size_t pitch_ = 0;
    std::vector<aligned_vector<float>> buffers_;
    std::vector<std::vector<float const*>> sources_;
};

}}}  // namespace comir::COMIR_ABI::detail
