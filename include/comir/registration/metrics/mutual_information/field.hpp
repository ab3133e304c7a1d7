#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include <comir/core/memory.hpp>
#include <comir/image/image.hpp>
#include <comir/registration/metrics/mutual_information/image.hpp>

namespace comir { inline namespace COMIR_ABI {

/// The moving image at one resolution, its values as positions among the bins: 1 to bins - 2, so that a window of four
/// bins about each of them fits.
class mi_field {
public:
    mi_field(image<float> const& values, image_mask const& mask, std::size_t factor, std::size_t bins)
        : width_(values.width()), height_(values.height()), factor_(factor), position_(values.values().size()) {
        detail::mi_range const range(values, mask);
        float const scale = range.scale(static_cast<float>(bins - 3));
        for (std::size_t i = 0; i < position_.size(); ++i)
            position_[i] =
                std::clamp(1.0f + (values.values()[i] - range.low) * scale, 1.0f, static_cast<float>(bins - 2));
        if (!mask.empty())
            cells_ = detail::mi_cells(mask);
    }

    std::size_t width() const { return width_; }
    std::size_t height() const { return height_; }
    std::size_t factor() const { return factor_; }
    float const* position() const { return position_.data(); }
    /// For each pixel whether it and its three neighbours to the right and below count; empty if all do.
    std::vector<unsigned char> const& cells() const { return cells_; }

private:
    std::size_t width_, height_, factor_;
    aligned_vector<float> position_;
    std::vector<unsigned char> cells_;
};

}}  // namespace comir::COMIR_ABI
