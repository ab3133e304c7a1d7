#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include <comir/core/parallel.hpp>
#include <comir/core/simd.hpp>
#include <comir/image/image.hpp>

namespace comir { inline namespace COMIR_ABI {

/// The weights of a sampled Gaussian at the offsets -r, ..., r, their sum one; r = floor(4 sigma + 1/2).
/// Units:  sigma in pixels; zero gives the single weight 1
/// Source: the kernel of scipy.ndimage.gaussian_filter with its default truncate = 4
template <scalar T>
std::vector<T> gaussian_kernel(double sigma) {
    require(sigma >= 0.0 && sigma < 1e6, "comir::gaussian_kernel: sigma is ", sigma,
            " pixels, expected a finite number that is not negative");
    auto const radius = static_cast<std::size_t>(4.0 * sigma + 0.5);
    std::vector<double> weights(2 * radius + 1, 1.0);
    double total = 0.0;
    for (std::size_t i = 0; i < weights.size(); ++i) {
        double const offset = static_cast<double>(i) - static_cast<double>(radius);
        weights[i] = radius == 0 ? 1.0 : std::exp(-0.5 * offset * offset / (sigma * sigma));
        total += weights[i];
    }
    std::vector<T> kernel(weights.size());
    for (std::size_t i = 0; i < weights.size(); ++i)
        kernel[i] = static_cast<T>(weights[i] / total);
    return kernel;
}

namespace detail {

/// Where index i of an endless row lies in a row of n that is mirrored at its edges: d c b a | a b c d | d c b a.
inline std::size_t mirrored(std::ptrdiff_t i, std::size_t n) {
    auto const period = static_cast<std::ptrdiff_t>(2 * n);
    std::ptrdiff_t const j = ((i % period) + period) % period;
    return static_cast<std::size_t>(j < static_cast<std::ptrdiff_t>(n) ? j : period - 1 - j);
}

/// sum[x] = sum over k of kernel[k] * rows[k][x].
template <scalar T>
void weigh_rows(std::vector<T const*> const& rows, std::vector<T> const& kernel, std::size_t w, T* sum) {
    constexpr std::size_t width = simd_width<T>;
    std::size_t x = 0;
    for (; x + 4 * width <= w; x += 4 * width) {
        auto a = broadcast(T{0}), b = a, c = a, d = a;
        for (std::size_t k = 0; k < rows.size(); ++k) {
            auto const weight = broadcast(kernel[k]);
            T const* row = rows[k] + x;
            a = multiply_add(weight, load(row), a);
            b = multiply_add(weight, load(row + width), b);
            c = multiply_add(weight, load(row + 2 * width), c);
            d = multiply_add(weight, load(row + 3 * width), d);
        }
        store(sum + x, a);
        store(sum + x + width, b);
        store(sum + x + 2 * width, c);
        store(sum + x + 3 * width, d);
    }
    for (; x < w; ++x) {
        T total = 0;
        for (std::size_t k = 0; k < rows.size(); ++k)
            total += kernel[k] * rows[k][x];
        sum[x] = total;
    }
}

/// to[i] = sum over k of kernel[k] * row[factor * i + k]. The kernel ends with zeros up to a whole vector, and as many
/// finite values follow the row.
template <scalar T>
void weigh_columns(T const* row, std::vector<T> const& kernel, std::size_t factor, std::size_t count, T* to) {
    constexpr std::size_t width = simd_width<T>;
    std::size_t i = 0;
    if (factor == 1)
        for (; i + width <= count; i += width) {
            auto total = broadcast(T{0});
            for (std::size_t k = 0; k < kernel.size(); ++k)
                total = multiply_add(broadcast(kernel[k]), load(row + i + k), total);
            store(to + i, total);
        }
    for (; i < count; ++i) {
        auto total = broadcast(T{0});
        for (std::size_t k = 0; k < kernel.size(); k += width)
            total = multiply_add(load(kernel.data() + k), load(row + factor * i + k), total);
        to[i] = sum(total);
    }
}

/// The Gaussian blur at the pixels of rows factor_y * i and columns factor_x * j only; the rest is never computed.
/// Where factor_x is 1, values have the bits that the whole blur has there.
template <scalar T>
image<T> blur_and_sample(image<T> const& source, double sigma, std::size_t factor_y, std::size_t factor_x,
                         int threads) {
    constexpr std::size_t band_rows = 16;
    std::size_t const h = source.height(), w = source.width();
    std::size_t const out_h = (h + factor_y - 1) / factor_y, out_w = (w + factor_x - 1) / factor_x;
    image<T> out({source.channels(), out_h, out_w});
    std::vector<T> const kernel = gaussian_kernel<T>(sigma);
    std::size_t const radius = kernel.size() / 2;
    std::vector<T> padded = kernel;
    padded.resize(round_up(kernel.size(), simd_width<T>), T{0});

    std::size_t const bands = (out_h + band_rows - 1) / band_rows;
    auto const slots = static_cast<std::size_t>(thread_count(threads));
    std::vector<std::vector<T>> buffers(slots, std::vector<T>(w + 2 * radius + padded.size() + simd_width<T>));
    std::vector<std::vector<T const*>> row_lists(slots, std::vector<T const*>(kernel.size()));
    parallel_for_slots(source.channels() * bands, threads, [&](std::size_t item, std::size_t slot) {
        std::size_t const c = item / bands, first = item % bands * band_rows;
        T* const middle = buffers[slot].data() + radius;
        auto& rows = row_lists[slot];
        for (std::size_t y = first; y < std::min(first + band_rows, out_h); ++y) {
            auto const top = static_cast<std::ptrdiff_t>(y * factor_y) - static_cast<std::ptrdiff_t>(radius);
            for (std::size_t k = 0; k < rows.size(); ++k)
                rows[k] = source.row(c, mirrored(top + static_cast<std::ptrdiff_t>(k), h));
            weigh_rows(rows, kernel, w, middle);
            for (std::size_t k = 1; k <= radius; ++k) {
                auto const offset = static_cast<std::ptrdiff_t>(k);
                *(middle - offset) = middle[mirrored(-offset, w)];
                middle[w + k - 1] = middle[mirrored(static_cast<std::ptrdiff_t>(w) + offset - 1, w)];
            }
            weigh_columns(buffers[slot].data(), padded, factor_x, out_w, out.row(c, y));
        }
    });
    return out;
}

template <scalar T>
image<T> blur_and_sample(image<T> const& source, double sigma, std::size_t factor, int threads) {
    return blur_and_sample(source, sigma, factor, factor, threads);
}

}  // namespace detail

/// Each channel smoothed by a Gaussian; beyond its edges the image is mirrored (d c b a | a b c d | d c b a).
/// Units:   sigma in pixels; zero copies the image
/// Threads: over channels and row bands; the same bits for any number of threads
/// Source:  scipy.ndimage.gaussian_filter with its defaults mode = "reflect", truncate = 4
template <scalar T>
image<T> gaussian_blur(image<T> const& source, double sigma, int threads = 0) {
    require<shape_error>(!source.empty(), "comir::gaussian_blur: the image is ", to_string(source.shape()),
                         ", expected at least one pixel");
    image<T> out = detail::blur_and_sample(source, sigma, 1, threads);
    out.spacing = source.spacing;
    out.origin = source.origin;
    return out;
}

}}  // namespace comir::COMIR_ABI
