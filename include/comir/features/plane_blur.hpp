#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include <comir/core/memory.hpp>
#include <comir/core/parallel.hpp>
#include <comir/core/simd.hpp>
#include <comir/features/plane.hpp>
#include <comir/image/filter.hpp>

namespace comir::inline COMIR_ABI {

namespace detail {

/// Rows that one step of the blur makes together: each input row is then loaded once for all of them.
inline constexpr std::size_t blur_rows = 4;

/// Blurs plane after plane; keeps its row buffers.
class plane_blur {
public:
    plane_blur(std::size_t widest, double largest_sigma, int threads)
        : threads_(threads), buffers_(static_cast<std::size_t>(thread_count(threads))) {
        std::size_t const radius = gaussian_kernel<float>(largest_sigma).size() / 2;
        // Whole vectors may be read beyond the last mirrored pixel.
        pitch_ = row_pitch<float>(widest + 2 * radius + simd_width<float>);
        for (auto& buffer : buffers_)
            buffer.assign(blur_rows * pitch_, 0.0f);
    }

    /// Planes of one shape, not the same memory.
    void operator()(plane_view const& from, plane_view const& to, double sigma) {
        std::vector<float> const kernel = gaussian_kernel<float>(sigma);
        std::size_t const taps = kernel.size(), radius = taps / 2;
        // Zeros around the kernel let the rows of a step share the loop over the input rows.
        std::vector<float> padded(taps + 2 * (blur_rows - 1), 0.0f);
        std::copy(kernel.begin(), kernel.end(), padded.begin() + blur_rows - 1);

        constexpr std::size_t band = 4 * blur_rows;
        parallel_for_slots((from.h + band - 1) / band, threads_, [&](std::size_t item, std::size_t slot) {
            std::vector<float const*> rows(taps + blur_rows - 1);
            float* const middle = buffers_[slot].data();
            for (std::size_t y = item * band; y < std::min((item + 1) * band, from.h); y += blur_rows) {
                for (std::size_t k = 0; k < rows.size(); ++k)
                    rows[k] = from.row(
                        reflected(static_cast<std::ptrdiff_t>(y + k) - static_cast<std::ptrdiff_t>(radius), from.h));
                down(rows, padded, from.pitch, middle + radius);
                for (std::size_t j = 0; j < std::min(blur_rows, from.h - y); ++j) {
                    float* const line = middle + j * pitch_;
                    mirror_ends(line + radius, from.w, radius);
                    along(line, kernel, from.pitch, to.row(y + j));
                }
            }
        });
    }

private:
    void down(std::vector<float const*> const& rows, std::vector<float> const& padded, std::size_t columns,
              float* to) const {
        constexpr std::size_t width = simd_width<float>;
        constexpr std::size_t last = blur_rows - 1;
        for (std::size_t x = 0; x < columns; x += width) {
            simd<float> a(0.0f), b(0.0f), c(0.0f), d(0.0f);
            for (std::size_t k = 0; k < rows.size(); ++k) {
                simd<float> const v = load(rows[k] + x);
                float const* weight = padded.data() + last + k;
                a = multiply_add(broadcast(weight[0]), v, a);
                b = multiply_add(broadcast(*(weight - 1)), v, b);
                c = multiply_add(broadcast(*(weight - 2)), v, c);
                d = multiply_add(broadcast(*(weight - 3)), v, d);
            }
            store(to + x, a);
            store(to + pitch_ + x, b);
            store(to + 2 * pitch_ + x, c);
            store(to + 3 * pitch_ + x, d);
        }
    }

    static void mirror_ends(float* row, std::size_t w, std::size_t radius) {
        for (std::size_t k = 1; k <= radius; ++k) {
            auto const offset = static_cast<std::ptrdiff_t>(k);
            *(row - offset) = row[reflected(-offset, w)];
            row[w + k - 1] = row[reflected(static_cast<std::ptrdiff_t>(w) + offset - 1, w)];
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
};

}  // namespace detail

}  // namespace comir::inline COMIR_ABI
