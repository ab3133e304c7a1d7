#pragma once

#include <cassert>
#include <cstddef>
#include <cstdlib>
#include <limits>
#include <new>
#include <span>
#include <vector>

#include <comir/core/abi.hpp>

namespace comir::inline COMIR_ABI {

/// Alignment of all comir storage in bytes: one cache line, and one AVX-512 vector.
inline constexpr std::size_t alignment = 64;

/// n rounded up to a multiple of step.
constexpr std::size_t round_up(std::size_t n, std::size_t step) {
    return (n + step - 1) / step * step;
}

/// Allocator whose blocks start on `alignment` bytes. Elements are left uninitialised by value-less construction.
template <class T>
class aligned_allocator {
public:
    using value_type = T;

    aligned_allocator() = default;
    template <class U>
    aligned_allocator(aligned_allocator<U> const&) noexcept {}

    T* allocate(std::size_t n) {
        if (n > std::numeric_limits<std::size_t>::max() / sizeof(T) - alignment) {
#if defined(__cpp_exceptions)
            throw std::bad_array_new_length();
#else
            std::abort();
#endif
        }
        return static_cast<T*>(::operator new (n * sizeof(T), std::align_val_t{alignment}));
    }
    void deallocate(T* p, std::size_t) noexcept {
        ::operator delete (p, std::align_val_t{alignment});
    }

    bool operator==(aligned_allocator const&) const noexcept {
        return true;
    }
};

template <class T>
using aligned_vector = std::vector<T, aligned_allocator<T>>;

/// Bump allocator over one block whose size is known before the work starts; gives aligned spans, frees all at once.
/// An arena made without a block only counts, so the same code that takes memory also tells how much it needs.
class arena {
public:
    arena() = default;
    explicit arena(std::span<std::byte> block) : block_(block) {}

    /// Room for n elements of T; empty when the arena only counts.
    template <class T>
    std::span<T> take(std::size_t n) {
        std::size_t const begin = used_;
        used_ += round_up(n * sizeof(T), alignment);
        if (block_.empty())
            return {};
        assert(used_ <= block_.size());
        return {reinterpret_cast<T*>(block_.data() + begin), n};
    }
    void reset() { used_ = 0; }
    std::size_t used() const { return used_; }

private:
    std::span<std::byte> block_;
    std::size_t used_ = 0;
};

}  // namespace comir::inline COMIR_ABI
