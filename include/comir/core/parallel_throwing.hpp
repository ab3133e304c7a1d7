#pragma once

#include <cstddef>

#if defined(__cpp_exceptions)
#include <exception>
#include <vector>
#endif

#include <comir/core/abi.hpp>
#include <comir/core/parallel.hpp>

namespace comir { inline namespace COMIR_ABI {

/// As parallel_for with a body that may throw: the error of the lowest i is raised behind the loop.
template <class Body>
void parallel_for_throwing(std::size_t count, int threads, Body const& body) {
#if defined(__cpp_exceptions)
    std::vector<std::exception_ptr> failures(count);
    parallel_for(count, threads, [&](std::size_t i) {
        try {
            body(i);
        } catch (...) {
            failures[i] = std::current_exception();
        }
    });
    for (std::exception_ptr const& failure : failures)
        if (failure)
            std::rethrow_exception(failure);
#else
    parallel_for(count, threads, body);
#endif
}

}}  // namespace comir::COMIR_ABI
