#pragma once

#include <cstdint>

#include <comir/core/progress.hpp>

namespace comir { inline namespace COMIR_ABI {

/// What every registration method takes; everything else keeps the method's own defaults.
struct method_options {
    std::uint64_t seed = 1;
    int threads = 0;
    progress on_progress{};
};

/// A method's own options with the fields that all methods share.
template <class Options>
Options with_method_options(Options own, method_options const& options) {
    if constexpr (requires { own.seed; })
        own.seed = options.seed;
    own.threads = options.threads;
    own.on_progress = options.on_progress;
    return own;
}

}}  // namespace comir::COMIR_ABI
