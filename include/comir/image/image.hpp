#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <comir/core/tensor.hpp>

namespace comir { inline namespace COMIR_ABI {

// The coordinate convention of the whole library: x points right, y points down, pixel centres lie at integers, a
// positive angle turns the x axis towards the y axis, transforms map points of the fixed image to the moving image.

/// Extents of an image: channels, rows, columns.
struct image_shape {
    std::size_t c = 0, h = 0, w = 0;

    constexpr bool operator==(image_shape const&) const = default;
    constexpr std::size_t size() const { return c * h * w; }
};

/// "C x H x W", for messages.
inline std::string to_string(image_shape const& s) {
    return std::to_string(s.c) + " x " + std::to_string(s.h) + " x " + std::to_string(s.w);
}

/// Planar image (C, H, W) of T (std::uint8_t, std::uint16_t, float, double): channels after one another, rows after
/// one another without padding. A value type.
/// Units: spacing is the pixel size and origin the place of pixel (0, 0)'s centre, (x, y), in the user's length unit;
///        they travel with the image and are written to files that can hold them. Registration works in pixels.
template <class T>
class image {
public:
    using value_type = T;

    image() = default;
    explicit image(image_shape shape, T value = T{}) : shape_(shape), values_(shape.size(), value) {}
    /// Errors: shape_error if the number of values is not that of the shape
    image(image_shape shape, std::vector<T> values) : shape_(shape), values_(std::move(values)) {
        require<shape_error>(values_.size() == shape.size(), "comir::image: ", values_.size(),
                             " values were given, expected ", shape.size(), " for ", to_string(shape));
    }

    std::array<double, 2> spacing{1.0, 1.0};
    std::array<double, 2> origin{0.0, 0.0};

    image_shape const& shape() const { return shape_; }
    std::size_t channels() const { return shape_.c; }
    std::size_t height() const { return shape_.h; }
    std::size_t width() const { return shape_.w; }
    bool empty() const { return values_.empty(); }

    T* row(std::size_t c, std::size_t y) { return values_.data() + (c * shape_.h + y) * shape_.w; }
    T const* row(std::size_t c, std::size_t y) const { return values_.data() + (c * shape_.h + y) * shape_.w; }
    T& operator()(std::size_t c, std::size_t y, std::size_t x) { return row(c, y)[x]; }
    T const& operator()(std::size_t c, std::size_t y, std::size_t x) const { return row(c, y)[x]; }

    std::span<T> values() { return values_; }
    std::span<T const> values() const { return values_; }
    std::span<T> channel(std::size_t c) { return values().subspan(c * shape_.h * shape_.w, shape_.h * shape_.w); }
    std::span<T const> channel(std::size_t c) const {
        return values().subspan(c * shape_.h * shape_.w, shape_.h * shape_.w);
    }

    /// The image as a batch of one sample, without a copy. The rows are not padded.
    tensor_view<T> view() {
        return {values_.data(), {1, shape_.c, shape_.h, shape_.w}, shape_.size(), plane(), shape_.w};
    }
    tensor_view<T const> view() const {
        return {values_.data(), {1, shape_.c, shape_.h, shape_.w}, shape_.size(), plane(), shape_.w};
    }

private:
    std::size_t plane() const { return shape_.h * shape_.w; }

    image_shape shape_;
    std::vector<T> values_;
};

/// Which pixels count: (1, H, W), zero means ignored. An empty mask means that all count.
using image_mask = image<unsigned char>;

/// A rectangle of pixels: its first pixel and its extent.
struct region {
    std::size_t x = 0, y = 0, w = 0, h = 0;

    constexpr bool operator==(region const&) const = default;
};

/// The part of the image in the region; the origin moves along.
/// Errors: shape_error if the region reaches beyond the image
template <class T>
image<T> crop(image<T> const& source, region const& r) {
    bool const inside = r.w <= source.width() && r.x <= source.width() - r.w &&  // sums of large numbers would wrap
                        r.h <= source.height() && r.y <= source.height() - r.h;
    require<shape_error>(inside, "comir::crop: the region ", r.w, " x ", r.h, " at (", r.x, ", ", r.y,
                         ") reaches beyond the image of ", source.width(), " x ", source.height(), " pixels");
    image<T> part({source.channels(), r.h, r.w});
    for (std::size_t c = 0; c < source.channels(); ++c)
        for (std::size_t y = 0; y < r.h; ++y)
            std::copy_n(source.row(c, r.y + y) + r.x, r.w, part.row(c, y));
    part.spacing = source.spacing;
    part.origin = {source.origin[0] + static_cast<double>(r.x) * source.spacing[0],
                   source.origin[1] + static_cast<double>(r.y) * source.spacing[1]};
    return part;
}

}}  // namespace comir::COMIR_ABI
