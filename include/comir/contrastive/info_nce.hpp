#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>

#include <comir/contrastive/critic.hpp>
#include <comir/core/error.hpp>
#include <comir/core/memory.hpp>
#include <comir/core/parallel.hpp>
#include <comir/core/simd_tail.hpp>
#include <comir/core/tensor.hpp>

namespace comir { inline namespace COMIR_ABI {

/// Settings of info_nce.
struct info_nce_options {
    double temperature = 0.5;  // above 0: similarities are divided by it; the original program's default
    int threads = 0;           // 0 means the OpenMP default
};

/// What info_nce says of a batch.
struct info_nce_result {
    double loss = 0;                 // 0 or above
    double positive_similarity = 0;  // mean similarity, by the critic, of an anchor and its positives
    double accuracy = 0;             // share of the terms, 0 to 1, whose positive is more alike than every negative
};

/// InfoNCE over M modalities, the contrastive loss of CoMIR; T is the type of the representations.
/// Sample n of modality m is an anchor, sample n of another modality its positive, and samples other than n of all
/// modalities its negatives. With similarities s and temperature t the loss is the mean over the N M (M - 1) pairs of
/// anchor and positive of -s_p / t + log(exp(s_p / t) + sum over negatives of exp(s_n / t)). For M = 2 the logarithm
/// takes in every point but the anchor itself.
/// Shapes:  x and dx: M >= 2 views of one shape (N, C, H, W) with N >= 2
/// Writes:  gradient overwrites dx
/// Errors:  error if the temperature is not above 0; shape_error if shapes differ or M or N are below 2.
///          Values that are not finite give a loss that is not finite
/// Threads: over points and as the critic does; the same bits for any number of threads. An object holds the
///          workspace, which is reused without allocation while the shape stays: one object per thread
/// Source:  van den Oord et al. 2018, arXiv:1807.03748; Pielawski et al. 2020, arXiv:2006.06325
template <class Critic, class T = float>
class info_nce {
    static_assert(critic<Critic>,
                  "comir: info_nce needs a critic: a struct with a name, similarities(points, s, threads) const and "
                  "backward(points, s, ds, dpoints, threads) const; see contrastive/critic.hpp");

public:
    explicit info_nce(info_nce_options options = {}, Critic critic = Critic()) : options_(options), critic_(critic) {
        require(options.temperature > 0, "comir::info_nce: temperature is ", options.temperature,
                ", expected a number above 0");
    }

    info_nce_options const& options() const { return options_; }

    /// The loss without its gradient.
    info_nce_result value(std::span<tensor_view<T const> const> x) {
        check(x, "value");
        return evaluate(x, false);
    }

    /// The loss; its derivative by x is written to dx.
    info_nce_result gradient(std::span<tensor_view<T const> const> x, std::span<tensor_view<T> const> dx) {
        check(x, "gradient");
        require<shape_error>(dx.size() == x.size(), "comir::info_nce::gradient: dx has ", dx.size(),
                             " modalities, expected ", x.size(), " as x");
        for (tensor_view<T> const& view : dx)
            require<shape_error>(view.shape() == x[0].shape(), "comir::info_nce::gradient: dx is ",
                                 to_string(view.shape()), ", expected ", to_string(x[0].shape()), " as x");
        info_nce_result const result = evaluate(x, true);
        if constexpr (critic<Critic>) {
            std::fill(dpoints_.begin(), dpoints_.end(), T{0});
            point_matrix<T> const dpoints{dpoints_.data(), matrix_shape_, stride_};
            critic_.backward(points(), square_view<double const>{s_.data(), matrix_shape_.n},
                             square_view<double>{ds_.data(), matrix_shape_.n}, dpoints, options_.threads);
            std::size_t const samples = x[0].shape().n;
            parallel_for(matrix_shape_.n, options_.threads, [&](std::size_t p) {
                T const* from = dpoints.row(p);
                for_each_row(dx[p / samples].samples(p % samples, 1), [&](T* row, std::size_t w) {
                    std::copy_n(from, w, row);
                    from += w;
                });
            });
        }
        return result;
    }

private:
    /// What one anchor adds to the result.
    struct anchor_sums {
        double loss = 0, similarity = 0, hits = 0;
    };

    void check(std::span<tensor_view<T const> const> x, char const* method) const {
        require<shape_error>(x.size() >= 2, "comir::info_nce::", method, ": x has ", x.size(),
                             " modalities, expected at least 2");
        for (tensor_view<T const> const& view : x)
            require<shape_error>(view.shape() == x[0].shape(), "comir::info_nce::", method, ": x has ",
                                 to_string(x[0].shape()), " and ", to_string(view.shape()),
                                 "; give all modalities one shape");
        require<shape_error>(x[0].shape().n >= 2 && !x[0].empty(), "comir::info_nce::", method, ": x is ",
                             to_string(x[0].shape()), ", expected at least 2 samples of at least one value");
    }

    point_matrix<T const> points() const { return {points_.data(), matrix_shape_, stride_}; }

    void reserve(std::size_t modalities, shape4 const& shape) {
        matrix_shape_ = {modalities * shape.n, shape.c, shape.h, shape.w};
        // An odd number of cache lines, lest the same column of all points competes for one set of the cache.
        constexpr std::size_t line = alignment / sizeof(T);
        stride_ = (round_up(shape.c * shape.h * shape.w, line) / line | 1) * line;
        std::size_t const rows = matrix_shape_.n;
        points_.resize(rows * stride_);
        dpoints_.resize(rows * stride_);
        s_.resize(rows * rows);
        ds_.resize(rows * rows);
        sums_.resize(rows);
    }

    info_nce_result evaluate(std::span<tensor_view<T const> const> x, bool with_gradient) {
        std::size_t const modalities = x.size(), samples = x[0].shape().n, rows = modalities * samples;
        reserve(modalities, x[0].shape());
        parallel_for(rows, options_.threads, [&](std::size_t p) {
            T* to = points_.data() + p * stride_;
            for_each_row(x[p / samples].samples(p % samples, 1), [&](T const* row, std::size_t w) {
                std::copy_n(row, w, to);
                to += w;
            });
        });
        info_nce_result result;
        if constexpr (critic<Critic>) {
            critic_.similarities(points(), square_view<double>{s_.data(), rows}, options_.threads);
            parallel_for(rows, options_.threads,
                         [&](std::size_t anchor) { sums_[anchor] = add_anchor(anchor, samples, rows); });
            double const terms = static_cast<double>(rows * (modalities - 1));
            for (anchor_sums const& sum : sums_) {
                result.loss += sum.loss / terms;
                result.positive_similarity += sum.similarity / terms;
                result.accuracy += sum.hits / terms;
            }
            if (with_gradient)
                symmetrise(rows, 1 / (terms * options_.temperature));
        }
        return result;
    }

    /// Adds ds and its transpose, in both places, and scales the sums.
    void symmetrise(std::size_t rows, double scale) {
        constexpr std::size_t block = 32;  // both squares stay in the first cache
        std::size_t const blocks = (rows + block - 1) / block;
        parallel_for(blocks, options_.threads, [&](std::size_t upper) {
            for (std::size_t first = upper * block; first < rows; first += block)
                for (std::size_t i = upper * block; i < std::min(rows, (upper + 1) * block); ++i)
                    for (std::size_t j = std::max(first, i + 1); j < std::min(rows, first + block); ++j) {
                        double const both = ds_[i * rows + j] + ds_[j * rows + i];
                        ds_[i * rows + j] = ds_[j * rows + i] = both * scale;
                    }
        });
    }

    /// Calls f(begin, count) for the runs of points that are not of the sample: vectors of them but for the last.
    template <class F>
    static void for_negatives(std::size_t sample, std::size_t samples, std::size_t rows, F&& f) {
        constexpr std::size_t width = simd_width<double>;
        for (std::size_t begin = 0, end = sample; begin < rows; begin = end + 1, end += samples)
            for (std::size_t j = begin, last = std::min(end, rows); j < last; j += width)
                f(j, std::min(width, last - j));
    }

    /// Writes row `anchor` of ds: the derivative of the anchor's sum of losses by its similarities over temperature.
    anchor_sums add_anchor(std::size_t anchor, std::size_t samples, std::size_t rows) {
        double const* const s = s_.data() + anchor * rows;
        double* const ds = ds_.data() + anchor * rows;
        std::size_t const sample = anchor % samples;
        double const scale = 1 / options_.temperature;

        double most = -std::numeric_limits<double>::infinity();
        for_negatives(sample, samples, rows, [&](std::size_t j, std::size_t count) {
            for (std::size_t i = j; i < j + count; ++i)
                most = std::max(most, s[i]);
        });
        auto const above = broadcast(most), by = broadcast(scale);
        auto total = broadcast(0.0);
        for_negatives(sample, samples, rows, [&](std::size_t j, std::size_t count) {
            auto const e = exponential((load_first(s + j, count) - above) * by);
            store_first(ds + j, e, count);
            total += count < simd_width<double> ? keep_first(e, count) : e;
        });
        double const all = sum(total);
        double const log_negatives = most * scale + std::log(all);

        anchor_sums sums;
        double share = 0;  // of the negatives in the derivative, over all positives
        for (std::size_t j = sample; j < rows; j += samples) {
            ds[j] = 0;
            if (j == anchor)
                continue;
            double const gap = log_negatives - s[j] * scale;
            // log(1 + exp(gap)) and its derivative, without overflow.
            double const small = std::exp(-std::abs(gap));
            double const missed = (gap > 0 ? 1.0 : small) / (1 + small);
            sums.loss += std::max(gap, 0.0) + std::log1p(small);
            sums.similarity += s[j];
            sums.hits += s[j] > most ? 1 : 0;
            ds[j] = -missed;
            share += missed;
        }
        auto const part = broadcast(share / all);
        for_negatives(sample, samples, rows, [&](std::size_t j, std::size_t count) {
            store_first(ds + j, load_first<double>(ds + j, count) * part, count);
        });
        return sums;
    }

    info_nce_options options_;
    [[no_unique_address]] Critic critic_;
    shape4 matrix_shape_;
    std::size_t stride_ = 0;
    aligned_vector<T> points_, dpoints_;
    aligned_vector<double> s_, ds_;
    aligned_vector<anchor_sums> sums_;
};

}}  // namespace comir::COMIR_ABI
