#pragma once

#include <cstddef>
#include <utility>

#include <comir/core/memory.hpp>
#include <comir/core/tensor.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// Where index i of an endless row lies in a row of n that is mirrored about its end pixels: c b | a b c d | c b.
inline std::size_t reflected(std::ptrdiff_t i, std::size_t n) {
    if (n == 1)
        return 0;
    auto const period = static_cast<std::ptrdiff_t>(2 * n - 2);
    std::ptrdiff_t const j = ((i % period) + period) % period;
    return static_cast<std::size_t>(j < static_cast<std::ptrdiff_t>(n) ? j : period - j);
}

/// One channel of float rows that start on cache lines.
struct plane_view {
    float* data = nullptr;
    std::size_t h = 0, w = 0, pitch = 0;

    plane_view() = default;
    plane_view(float* first, std::size_t rows, std::size_t columns)
        : data(first), h(rows), w(columns), pitch(row_pitch<float>(columns)) {}
    float* row(std::size_t y) const { return data + y * pitch; }
    std::size_t size() const { return h * pitch; }
};

/// Memory that is not cleared: clearing the levels of an octave would cost as much as a blur of them.
class plane_storage {
public:
    explicit plane_storage(std::size_t count)
        : count_(count), data_(count > 0 ? aligned_allocator<float>().allocate(count) : nullptr) {}
    plane_storage(plane_storage&& other) noexcept
        : count_(std::exchange(other.count_, 0)), data_(std::exchange(other.data_, nullptr)) {}
    plane_storage& operator=(plane_storage&& other) noexcept {
        std::swap(count_, other.count_);
        std::swap(data_, other.data_);
        return *this;
    }
    ~plane_storage() {
        if (data_)
            aligned_allocator<float>().deallocate(data_, count_);
    }
    float* data() const { return data_; }

private:
    std::size_t count_;
    float* data_;
};

}}}  // namespace comir::COMIR_ABI::detail
