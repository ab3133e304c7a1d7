#pragma once

#include <cstddef>
#include <vector>

#if defined(_OPENMP)
#include <omp.h>
#endif

#include <comir/core/abi.hpp>

namespace comir { inline namespace COMIR_ABI {

/// Threads that a call with `threads` in its options runs on: 0 means the OpenMP default. 1 without OpenMP.
inline int thread_count([[maybe_unused]] int threads) {
#if defined(_OPENMP)
    return threads > 0 ? threads : omp_get_max_threads();
#else
    return 1;
#endif
}

/// Calls body(i) for i in [0, count), each i once, in any order and on up to `threads` threads.
/// The cut into items is the caller's and must not depend on the number of threads; body must not throw.
template <class Body>
void parallel_for(std::size_t count, [[maybe_unused]] int threads, Body&& body) {
#if defined(_OPENMP)
    int const team = thread_count(threads);
    if (team > 1 && count > 1 && !omp_in_parallel()) {
        auto const end = static_cast<std::ptrdiff_t>(count);
#pragma omp parallel for schedule(dynamic, 1) num_threads(team)
        for (std::ptrdiff_t i = 0; i < end; ++i)
            body(static_cast<std::size_t>(i));
        return;
    }
#endif
    for (std::size_t i = 0; i < count; ++i)
        body(i);
}

/// As parallel_for, with body(i, slot): slot in [0, thread_count(threads)) is the running thread's own number, for
/// scratch memory. Results must not depend on it.
template <class Body>
void parallel_for_slots(std::size_t count, [[maybe_unused]] int threads, Body&& body) {
#if defined(_OPENMP)
    int const team = thread_count(threads);
    if (team > 1 && count > 1 && !omp_in_parallel()) {
        auto const end = static_cast<std::ptrdiff_t>(count);
#pragma omp parallel for schedule(dynamic, 1) num_threads(team)
        for (std::ptrdiff_t i = 0; i < end; ++i)
            body(static_cast<std::size_t>(i), static_cast<std::size_t>(omp_get_thread_num()));
        return;
    }
#endif
    for (std::size_t i = 0; i < count; ++i)
        body(i, std::size_t{0});
}

/// Sum of value(i) over i in [0, count), added in the order of i whatever the number of threads.
template <class T, class Value>
T ordered_reduce(std::size_t count, int threads, T start, Value&& value) {
    std::vector<T> parts(count);
    parallel_for(count, threads, [&](std::size_t i) { parts[i] = value(i); });
    for (T const& part : parts)
        start += part;
    return start;
}

}}  // namespace comir::COMIR_ABI
