#pragma once

#include <cstddef>

#include <comir/core/simd.hpp>

namespace comir { inline namespace COMIR_ABI {

/// The first min(count, width) values at p, zero in the other lanes; reads nothing beyond them.
template <scalar T>
simd<T> load_first(T const* p, std::size_t count) {
    if (count >= simd_width<T>)
        return load<T>(p);
    T lanes[simd_width<T>] = {};
    for (std::size_t i = 0; i < count; ++i)
        lanes[i] = p[i];
    return load<T>(lanes);
}

/// Writes the first min(count, width) lanes to p and nothing beyond them.
template <scalar T>
void store_first(T* p, simd<T> const& v, std::size_t count) {
    if (count >= simd_width<T>) {
        store<T>(p, v);
        return;
    }
    T lanes[simd_width<T>];
    store<T>(lanes, v);
    for (std::size_t i = 0; i < count; ++i)
        p[i] = lanes[i];
}

/// v with zero in all but the first count lanes.
template <scalar T>
simd<T> keep_first(simd<T> const& v, std::size_t count) {
    T lanes[simd_width<T>];
    store<T>(lanes, v);
    return load_first<T>(lanes, count);
}

}}  // namespace comir::COMIR_ABI
