#pragma once

#include <cstddef>
#include <span>

#include <comir/core/error.hpp>
#include <comir/core/memory.hpp>
#include <comir/core/parallel.hpp>
#include <comir/core/simd_tail.hpp>
#include <comir/core/tensor.hpp>

namespace comir { inline namespace COMIR_ABI {

/// What of a representation an activation decay keeps small: the mean of |x|, or that of x^2.
enum class decay_norm { l1, l2 };

/// Settings of activation_decay.
struct activation_decay_options {
    decay_norm norm = decay_norm::l2;
    double weight = 1e-4;  // 0 or above; the paper's
    int threads = 0;       // 0 means the OpenMP default
};

/// Keeps representations small: weight times the mean of |x| (l1) or x^2 (l2) over the values of all modalities.
/// The original program adds 1 / count, a constant that has no gradient; it is left out here. At x = 0 the gradient
/// of l1 is 0.
/// Shapes:  x and dx: M >= 1 views (N, C, H, W), dx[m] of the shape of x[m]
/// Writes:  gradient adds to dx
/// Errors:  error if the weight is negative; shape_error if there is no value or shapes of x and dx differ
/// Threads: over channels of samples; the same bits for any number of threads. One object per thread
template <class T = float>
class activation_decay {
public:
    explicit activation_decay(activation_decay_options options = {}) : options_(options) {
        require(options.weight >= 0, "comir::activation_decay: weight is ", options.weight, ", expected 0 or above");
    }

    activation_decay_options const& options() const { return options_; }

    /// The penalty without its gradient.
    double value(std::span<tensor_view<T const> const> x) { return evaluate(x, {}); }

    /// The penalty; its derivative by x is added to dx.
    double gradient(std::span<tensor_view<T const> const> x, std::span<tensor_view<T> const> dx) {
        require<shape_error>(x.size() == dx.size(), "comir::activation_decay::gradient: dx has ", dx.size(),
                             " modalities, expected ", x.size(), " as x");
        for (std::size_t m = 0; m < x.size(); ++m)
            require<shape_error>(x[m].shape() == dx[m].shape(), "comir::activation_decay::gradient: dx is ",
                                 to_string(dx[m].shape()), ", expected ", to_string(x[m].shape()), " as x");
        return evaluate(x, dx);
    }

private:
    double evaluate(std::span<tensor_view<T const> const> x, std::span<tensor_view<T> const> dx) {
        std::size_t count = 0;
        for (tensor_view<T const> const& view : x)
            count += view.shape().size();
        require<shape_error>(count > 0, "comir::activation_decay: x has no values, expected at least one");
        double const factor = options_.weight / static_cast<double>(count);
        T const step = static_cast<T>(options_.norm == decay_norm::l1 ? factor : 2 * factor);
        double total = 0;
        for (std::size_t m = 0; m < x.size(); ++m) {
            shape4 const shape = x[m].shape();
            sums_.resize(shape.n * shape.c);
            parallel_for(sums_.size(), options_.threads, [&](std::size_t item) {
                std::size_t const n = item / shape.c, c = item % shape.c;
                sums_[item] = 0;
                for (std::size_t h = 0; h < shape.h; ++h)
                    sums_[item] += row(x[m].row(n, c, h), dx.empty() ? nullptr : dx[m].row(n, c, h), shape.w, step);
            });
            for (double const sum : sums_)
                total += sum;
        }
        return factor * total;
    }

    double row(T const* x, T* dx, std::size_t width, T step) const {
        bool const l1 = options_.norm == decay_norm::l1;
        simd<T> const scale = broadcast<T>(step), zero = broadcast<T>(T{0});
        simd<T> total = zero;
        for (std::size_t w = 0; w < width; w += simd_width<T>) {
            std::size_t const left = width - w;
            simd<T> const v = load_first<T>(x + w, left);
            total += l1 ? absolute(v) : v * v;
            if (dx) {
                simd<T> const slope = l1 ? where_positive(v, scale, where_positive(-v, -scale, zero)) : scale * v;
                store_first<T>(dx + w, load_first<T>(dx + w, left) + slope, left);
            }
        }
        return static_cast<double>(sum(total));
    }

    activation_decay_options options_;
    aligned_vector<double> sums_;
};

}}  // namespace comir::COMIR_ABI
