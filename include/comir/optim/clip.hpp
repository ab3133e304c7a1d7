#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>

#include <comir/core/error.hpp>
#include <comir/core/parallel.hpp>
#include <comir/core/simd_tail.hpp>
#include <comir/optim/chunks.hpp>

namespace comir { inline namespace COMIR_ABI {

/// Scales a gradient by max_norm / (norm + 1e-6) if that is below 1, so that its Euclidean norm is at most max_norm;
/// returns the norm it had. A norm that is not finite is returned as it is, and the gradient is left alone.
/// Errors:  error if max_norm is not above 0
/// Threads: over fixed chunks, summed in order; the same bits for any number of threads
/// Source:  the factor is that of PyTorch's clip_grad_norm_
template <scalar T>
double clip_norm(std::span<T> gradient, double max_norm, int threads = 0) {
    require(max_norm > 0, "comir::clip_norm: max_norm is ", max_norm, ", expected a number above 0");
    std::size_t const size = gradient.size(), chunks = (size + detail::optim_chunk - 1) / detail::optim_chunk;
    double const square = ordered_reduce(chunks, threads, 0.0, [&](std::size_t item) {
        std::size_t const end = std::min(size, (item + 1) * detail::optim_chunk);
        simd<T> total = broadcast<T>(T{0});
        for (std::size_t k = item * detail::optim_chunk; k < end; k += simd_width<T>) {
            simd<T> const v = load_first<T>(gradient.data() + k, end - k);
            total = multiply_add(v, v, total);
        }
        return static_cast<double>(sum(total));
    });
    double const norm = std::sqrt(square), factor = max_norm / (norm + 1e-6);
    if (!std::isfinite(norm) || factor >= 1)
        return norm;
    detail::for_each_chunk(size, threads, [&](std::size_t first, std::size_t end) {
        for (std::size_t k = first; k < end; ++k)
            gradient[k] *= static_cast<T>(factor);
    });
    return norm;
}

}}  // namespace comir::COMIR_ABI
