#pragma once

#include <algorithm>
#include <cstddef>

#include <comir/core/parallel.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// Parameters per work item of the optimizers: long enough to pay for a thread, short enough for the first cache.
inline constexpr std::size_t optim_chunk = 4096;

/// Calls body(first, end) for the chunks of [0, size), each once, in any order.
template <class Body>
void for_each_chunk(std::size_t size, int threads, Body&& body) {
    parallel_for((size + optim_chunk - 1) / optim_chunk, threads,
                 [&](std::size_t item) { body(item * optim_chunk, std::min(size, (item + 1) * optim_chunk)); });
}

}}}  // namespace comir::COMIR_ABI::detail
