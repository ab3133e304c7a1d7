#pragma once

#include <algorithm>
#include <cstddef>

#include <comir/core/error.hpp>
#include <comir/core/parallel.hpp>
#include <comir/core/tensor.hpp>

namespace comir { inline namespace COMIR_ABI {

namespace detail {

inline shape4 cell_shape(char const* who, shape4 const& whole, std::size_t cells) {
    require<shape_error>(cells >= 1 && whole.h % cells == 0 && whole.w % cells == 0 && whole.h >= cells, who, ": ",
                         to_string(whole), " cannot be cut into ", cells, " x ", cells,
                         " cells; give a divisor of its rows and columns");
    return {whole.n * cells * cells, whole.c, whole.h / cells, whole.w / cells};
}

/// Calls f(pointer into the whole, pointer into the cells, values) for every row of every cell.
template <class A, class B, class F>
void for_each_cell_row(tensor_view<A> const& whole, tensor_view<B> const& cut, std::size_t cells, int threads,
                       F const& f) {
    shape4 const s = cut.shape();
    parallel_for(s.n, threads, [&](std::size_t i) {
        std::size_t const n = i / (cells * cells), row = i / cells % cells, column = i % cells;
        for (std::size_t c = 0; c < s.c; ++c)
            for (std::size_t y = 0; y < s.h; ++y)
                f(whole.row(n, c, row * s.h + y) + column * s.w, cut.row(i, c, y), s.w);
    });
}

}  // namespace detail

/// Cuts representations into cells, each a point of its own for a contrastive loss: points of one image become each
/// other's negatives, which is what registration has to tell apart, and a batch has many more of them.
/// Shapes:  x (N, C, H, W) -> y (N k k, C, H / k, W / k); the cells of a sample follow one another row by row
/// Writes:  overwrites y
/// Errors:  shape_error if k does not divide H and W, or y has another shape
/// Threads: over cells; the same bits for any number of threads
template <class T>
void cut_grid(tensor_view<T const> const& x, std::size_t k, tensor_view<T> const& y, int threads = 0) {
    shape4 const s = detail::cell_shape("comir::cut_grid", x.shape(), k);
    require<shape_error>(y.shape() == s, "comir::cut_grid: y is ", to_string(y.shape()), ", expected ", to_string(s));
    detail::for_each_cell_row(x, y, k, threads, [](T const* from, T* to, std::size_t w) { std::copy_n(from, w, to); });
}

/// Undoes cut_grid, as its gradient does too.
/// Shapes:  y (N k k, C, H / k, W / k) -> x (N, C, H, W)
/// Writes:  overwrites x
/// Errors:  as cut_grid
/// Threads: as cut_grid
template <class T>
void join_grid(tensor_view<T const> const& y, std::size_t k, tensor_view<T> const& x, int threads = 0) {
    shape4 const s = detail::cell_shape("comir::join_grid", x.shape(), k);
    require<shape_error>(y.shape() == s, "comir::join_grid: y is ", to_string(y.shape()), ", expected ", to_string(s));
    detail::for_each_cell_row(x, y, k, threads, [](T* to, T const* from, std::size_t w) { std::copy_n(from, w, to); });
}

}}  // namespace comir::COMIR_ABI
