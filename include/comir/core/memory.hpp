#pragma once

#include <cassert>
#include <cstddef>
#include <cstdlib>
#include <limits>
#include <new>
#include <span>
#include <vector>

#if defined(__linux__)
#include <sys/mman.h>
#endif

#include <comir/core/abi.hpp>

namespace comir { inline namespace COMIR_ABI {

/// Alignment of all comir storage in bytes: one cache line, and one AVX-512 vector.
inline constexpr std::size_t alignment = 64;

/// n rounded up to a multiple of step.
constexpr std::size_t round_up(std::size_t n, std::size_t step) {
    return (n + step - 1) / step * step;
}

namespace detail {

/// Blocks of at least two huge pages start on one, so that the system can map them with few entries.
inline constexpr std::size_t huge_page = std::size_t{2} << 20;

constexpr std::align_val_t block_alignment(std::size_t bytes) {
    return std::align_val_t{bytes >= 2 * huge_page ? huge_page : alignment};
}

/// Tells the system that huge pages are welcome: a convolution reads hundreds of channels, each on pages of its own.
inline void advise_huge_pages([[maybe_unused]] void* block, [[maybe_unused]] std::size_t bytes) {
#if defined(__linux__) && defined(MADV_HUGEPAGE)
    if (bytes >= 2 * huge_page)
        madvise(block, bytes / huge_page * huge_page, MADV_HUGEPAGE);
#endif
}

}  // namespace detail

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
        void* const block = ::operator new(n * sizeof(T), detail::block_alignment(n * sizeof(T)));
        detail::advise_huge_pages(block, n * sizeof(T));
        return static_cast<T*>(block);
    }
    void deallocate(T* p, std::size_t n) noexcept {
        ::operator delete(p, detail::block_alignment(n * sizeof(T)));
    }

    bool operator==(aligned_allocator const&) const noexcept {
        return true;
    }
};

/// A vector whose first value lies on a cache line, so that registers are loaded whole.
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

}}  // namespace comir::COMIR_ABI
