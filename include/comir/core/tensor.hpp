#pragma once

#include <algorithm>
#include <array>
#include <cassert>
#include <cstddef>
#include <type_traits>

#include <xtensor/xadapt.hpp>
#if __has_include(<xtensor/containers/xstorage.hpp>)
#include <xtensor/containers/xstorage.hpp>
#else
#include <xtensor/xstorage.hpp>
#endif

#include <comir/core/concepts.hpp>
#include <comir/core/error.hpp>
#include <comir/core/memory.hpp>

namespace comir { inline namespace COMIR_ABI {

/// Extents of a batch of feature maps: samples, channels, rows, columns.
struct shape4 {
    std::size_t n = 0, c = 0, h = 0, w = 0;

    constexpr bool operator==(shape4 const&) const = default;
    constexpr std::size_t size() const { return n * c * h * w; }
};

/// "(N, C, H, W)", for messages.
inline std::string to_string(shape4 const& s) {
    return "(" + std::to_string(s.n) + ", " + std::to_string(s.c) + ", " + std::to_string(s.h) + ", " +
           std::to_string(s.w) + ")";
}

/// Length of a padded row in elements: columns rounded up to `alignment` bytes, so that every row of a tensor starts
/// on a cache line and kernels may write whole vectors beyond the last column.
template <class T>
constexpr std::size_t row_pitch(std::size_t columns) {
    return round_up(columns, alignment / sizeof(T));
}

/// Non-owning window on (N, C, H, W) values; columns are contiguous, everything else has a stride in elements.
/// The range between w and the row stride is padding: kernels may write it, nobody may read meaning into it.
template <class T>
class tensor_view {
public:
    using value_type = T;

    tensor_view() = default;
    tensor_view(T* data, shape4 shape, std::size_t stride_n, std::size_t stride_c, std::size_t stride_h)
        : data_(data), shape_(shape), stride_n_(stride_n), stride_c_(stride_c), stride_h_(stride_h) {}
    /// A view of mutable values is a view of constant ones.
    template <class U>
    requires(std::is_same_v<T, U const> && !std::is_const_v<U>) tensor_view(tensor_view<U> const& other)
        : tensor_view(other.data(), other.shape(), other.stride_n(), other.stride_c(), other.stride_h()) {}

    shape4 const& shape() const { return shape_; }
    T* data() const { return data_; }
    std::size_t stride_n() const { return stride_n_; }
    std::size_t stride_c() const { return stride_c_; }
    std::size_t stride_h() const { return stride_h_; }
    bool empty() const { return shape_.size() == 0; }

    T* row(std::size_t n, std::size_t c, std::size_t h) const {
        assert(n < shape_.n && c < shape_.c && h < shape_.h);
        return data_ + n * stride_n_ + c * stride_c_ + h * stride_h_;
    }
    T& operator()(std::size_t n, std::size_t c, std::size_t h, std::size_t w) const {
        assert(w < shape_.w);
        return row(n, c, h)[w];
    }
    /// The channels [first, first + count).
    tensor_view channels(std::size_t first, std::size_t count) const {
        assert(first + count <= shape_.c);
        return {data_ + first * stride_c_, {shape_.n, count, shape_.h, shape_.w}, stride_n_, stride_c_, stride_h_};
    }
    /// The samples [first, first + count).
    tensor_view samples(std::size_t first, std::size_t count) const {
        assert(first + count <= shape_.n);
        return {data_ + first * stride_n_, {count, shape_.c, shape_.h, shape_.w}, stride_n_, stride_c_, stride_h_};
    }
    /// The window of h x w pixels whose first pixel is (y, x).
    tensor_view window(std::size_t y, std::size_t x, std::size_t h, std::size_t w) const {
        assert(y + h <= shape_.h && x + w <= shape_.w);
        return {data_ + y * stride_h_ + x, {shape_.n, shape_.c, h, w}, stride_n_, stride_c_, stride_h_};
    }

private:
    T* data_ = nullptr;
    shape4 shape_;
    std::size_t stride_n_ = 0, stride_c_ = 0, stride_h_ = 0;
};

/// Calls f(row pointer, columns) for every row of the view, in storage order.
template <class T, class F>
void for_each_row(tensor_view<T> const& view, F&& f) {
    auto const [n, c, h, w] = view.shape();
    for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = 0; j < c; ++j)
            for (std::size_t k = 0; k < h; ++k)
                f(view.row(i, j, k), w);
}

/// Sets every value of a view.
template <class T>
void fill(tensor_view<T> const& view, std::type_identity_t<T> value) {
    for_each_row(view, [&](T* row, std::size_t w) { std::fill_n(row, w, value); });
}

/// Copies values between views of one shape.
/// Errors: shape_error if the shapes differ
template <class T>
void copy(tensor_view<T const> const& from, tensor_view<T> const& to) {
    require<shape_error>(from.shape() == to.shape(), "comir::copy: from is ", to_string(from.shape()), ", to is ",
                         to_string(to.shape()), "; give views of one shape");
    auto const [n, c, h, w] = from.shape();
    for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = 0; j < c; ++j)
            for (std::size_t k = 0; k < h; ++k)
                std::copy_n(from.row(i, j, k), w, to.row(i, j, k));
}

/// Owning (N, C, H, W) values with rows padded to `alignment` bytes, on xtensor's aligned storage. A value type.
template <class T>
class tensor {
public:
    using value_type = T;

    tensor() = default;
    /// All values, padding included, are zero.
    explicit tensor(shape4 shape) { resize(shape); }

    /// Changes the shape; the values are zero afterwards. Keeps the memory if it is large enough.
    void resize(shape4 shape) {
        shape_ = shape;
        storage_.resize(shape.n * shape.c * shape.h * row_pitch<T>(shape.w));
        std::fill(storage_.begin(), storage_.end(), T{});
    }

    shape4 const& shape() const { return shape_; }
    std::size_t stride_h() const { return row_pitch<T>(shape_.w); }
    std::size_t stride_c() const { return shape_.h * stride_h(); }
    std::size_t stride_n() const { return shape_.c * stride_c(); }
    bool empty() const { return shape_.size() == 0; }

    T* data() { return storage_.data(); }
    T const* data() const { return storage_.data(); }
    /// Elements in storage, padding included.
    std::size_t storage_size() const { return storage_.size(); }

    tensor_view<T> view() { return {data(), shape_, stride_n(), stride_c(), stride_h()}; }
    tensor_view<T const> view() const { return {data(), shape_, stride_n(), stride_c(), stride_h()}; }
    operator tensor_view<T>() { return view(); }
    operator tensor_view<T const>() const { return view(); }

    T* row(std::size_t n, std::size_t c, std::size_t h) { return view().row(n, c, h); }
    T const* row(std::size_t n, std::size_t c, std::size_t h) const { return view().row(n, c, h); }
    T& operator()(std::size_t n, std::size_t c, std::size_t h, std::size_t w) { return view()(n, c, h, w); }
    T const& operator()(std::size_t n, std::size_t c, std::size_t h, std::size_t w) const { return view()(n, c, h, w); }

private:
    shape4 shape_;
    xt::uvector<T, aligned_allocator<T>> storage_;
};

/// An xtensor expression over the view's values, without a copy.
template <class T>
auto as_xtensor(tensor_view<T> const& view) {
    auto const& s = view.shape();
    std::array<std::size_t, 4> const shape{s.n, s.c, s.h, s.w};
    std::array<std::ptrdiff_t, 4> const strides{static_cast<std::ptrdiff_t>(view.stride_n()),
                                                static_cast<std::ptrdiff_t>(view.stride_c()),
                                                static_cast<std::ptrdiff_t>(view.stride_h()), std::ptrdiff_t{1}};
    // The adaptor insists on as many elements as the shape has; with padded rows it reaches further, by its strides.
    return xt::adapt(view.data(), s.size(), xt::no_ownership(), shape, strides);
}

}}  // namespace comir::COMIR_ABI
