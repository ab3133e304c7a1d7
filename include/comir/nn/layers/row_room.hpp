#pragma once

#include <cstddef>
#include <string_view>

#include <comir/core/error.hpp>
#include <comir/core/memory.hpp>
#include <comir/core/simd.hpp>
#include <comir/core/tensor.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// Kernels store whole vectors, so rows that they write must reach to the end of their last one.
template <scalar T>
void check_row_room(tensor_view<T> const& y, std::string_view who) {
    std::size_t const needed = round_up(y.shape().w, simd_width<T>);
    require<shape_error>(y.stride_h() >= needed, "comir::", who, ": the rows of y are ", y.stride_h(),
                         " values apart, expected at least ", needed, "; let y be a tensor or channels of one");
}

}}}  // namespace comir::COMIR_ABI::detail
