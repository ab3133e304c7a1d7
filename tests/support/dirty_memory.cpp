#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <new>

// New memory of images and buffers is full of numbers that are not finite. Fresh pages are zero and would hide that
// something is read before it is written.

void* operator new(std::size_t bytes, std::align_val_t alignment) {
    auto const step = static_cast<std::size_t>(alignment);
    std::size_t const whole = (std::max(bytes, std::size_t{1}) + step - 1) / step * step;
    void* const block = std::aligned_alloc(step, whole);
    if (!block)
        throw std::bad_alloc();
    return std::memset(block, 0xff, whole);
}

void operator delete(void* block, std::align_val_t) noexcept {
    std::free(block);
}

void operator delete(void* block, std::size_t, std::align_val_t) noexcept {
    std::free(block);
}
