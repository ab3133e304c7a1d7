#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <comir/core/memory.hpp>
#include <comir/core/simd.hpp>
#include <comir/features/angle.hpp>
#include <comir/features/plane.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

struct descriptor_shape {
    std::size_t cells = 4;    // on each side
    std::size_t bins = 8;     // directions in a cell
    float cell_width = 3.0f;  // in scales of the keypoint
    bool root = false;

    std::size_t length() const { return cells * cells * bins; }
};

/// Describes the surroundings of a point by histograms of gradient directions. Keeps buffers: one per thread.
/// The surroundings are read on a grid that is turned with the keypoint and as wide as its scale, so that cells,
/// windows and neighbours are the same whole samples for every keypoint, and whole vectors of them can be summed; a
/// scan of the image's pixels would have to find cell and bin of each pixel. Samples lie about a scale apart: at half
/// of that matches were no better.
/// Source: Lowe 2004, section 6: trilinear shares, a Gaussian window of half the width, clipping at 0.2; RootSIFT:
///         Arandjelovic and Zisserman 2012. Deliberate difference: gradients of the grid, not of the pixels
class descriptor_maker {
public:
    explicit descriptor_maker(descriptor_shape const& shape)
        : shape_(shape),
          samples_(std::max(std::size_t{1}, static_cast<std::size_t>(std::lround(shape.cell_width)))),
          side_(samples_ * (shape.cells + 1)),
          pitch_(row_pitch<float>(side_ + 2)),
          weights_(shape.cells * pitch_, 0.0f),
          values_((side_ + 2) * pitch_ + simd_width<float> + 2, 0.0f),
          turns_(side_ * pitch_, 0.0f),
          lengths_(side_ * pitch_, 0.0f),
          sums_(shape.cells * shape.bins * pitch_, 0.0f) {
        auto const cells = static_cast<float>(shape.cells);
        for (std::size_t c = 0; c < shape.cells; ++c)
            for (std::size_t i = 0; i < side_; ++i) {
                float const place = in_cells(i), middle = static_cast<float>(c) - 0.5f * (cells - 1.0f);
                float const tent = std::max(0.0f, 1.0f - std::abs(place - middle));
                weights_[c * pitch_ + i] = tent * std::exp(-2.0f * place * place / (cells * cells));
            }
    }

    /// Units: x, y and scale in pixels of the plane, angle in radians
    void operator()(plane_view const& plane, float x, float y, float scale, float angle, float* to) {
        sample(plane, x, y, scale, angle);
        gradients();
        add_up();
        for (std::size_t r = 0; r < shape_.cells; ++r)
            for (std::size_t b = 0; b < shape_.bins; ++b)
                for (std::size_t c = 0; c < shape_.cells; ++c)
                    to[(r * shape_.cells + c) * shape_.bins + b] =
                        dot(sums_.data() + (r * shape_.bins + b) * pitch_, weights_.data() + c * pitch_);
        normalise_descriptor(to);
    }

private:
    float in_cells(std::size_t sample) const {
        return (static_cast<float>(sample) - 0.5f * static_cast<float>(side_ - 1)) / static_cast<float>(samples_);
    }

    /// Fills values_ with the plane on the turned grid, read linearly, one sample more on each side than gradients.
    void sample(plane_view const& plane, float x, float y, float scale, float angle) {
        double const step = static_cast<double>(scale * shape_.cell_width) / static_cast<double>(samples_);
        double const across = step * std::cos(static_cast<double>(angle));
        double const along = step * std::sin(static_cast<double>(angle));
        std::size_t const count = side_ + 2;
        double const half = 0.5 * static_cast<double>(count - 1), reach = half * (std::abs(across) + std::abs(along));
        double const left = static_cast<double>(x) - half * (across - along);
        double const top = static_cast<double>(y) - half * (along + across);
        bool const inside = static_cast<double>(x) - reach >= 0.0 && static_cast<double>(y) - reach >= 0.0 &&
                            static_cast<double>(x) + reach < static_cast<double>(plane.w) - 1.001 &&
                            static_cast<double>(y) + reach < static_cast<double>(plane.h) - 1.001;
        whole_ = inside;
        if (!inside) {
            sample_border(plane, left, top, across, along);
            return;
        }
        // Fixed point: the pixel is a shift away and the share of the next one a mask. Scalar loads: gathering was
        // slower.
        constexpr float share = 1.0f / 65536.0f;
        auto const fixed = [](double v) { return static_cast<std::int32_t>(v * 65536.0); };
        std::int32_t const step_x = fixed(across), step_y = fixed(along);
        float const *here = plane.data, *below = plane.data + plane.pitch;
        auto const pitch = static_cast<std::ptrdiff_t>(plane.pitch);
        for (std::size_t j = 0; j < count; ++j) {
            std::int32_t u = fixed(left - static_cast<double>(j) * along);
            std::int32_t v = fixed(top + static_cast<double>(j) * across);
            float* row = values_.data() + j * pitch_;
            for (std::size_t i = 0; i < count; ++i, u += step_x, v += step_y) {
                std::ptrdiff_t const at = (v >> 16) * pitch + (u >> 16);
                float const *p = here + at, *q = below + at;
                float const fx = static_cast<float>(u & 0xffff) * share, fy = static_cast<float>(v & 0xffff) * share;
                float const upper = p[0] + fx * (p[1] - p[0]), lower = q[0] + fx * (q[1] - q[0]);
                row[i] = upper + fy * (lower - upper);
            }
        }
    }

    /// As sample, where the grid reaches beyond the plane: outside_ marks samples without a gradient.
    void sample_border(plane_view const& plane, double left, double top, double across, double along) {
        std::size_t const count = side_ + 2;
        outside_.assign(count * pitch_, 0);
        double const right = static_cast<double>(plane.w) - 1.0, bottom = static_cast<double>(plane.h) - 1.0;
        for (std::size_t j = 0; j < count; ++j)
            for (std::size_t i = 0; i < count; ++i) {
                double const u = left + static_cast<double>(i) * across - static_cast<double>(j) * along;
                double const v = top + static_cast<double>(i) * along + static_cast<double>(j) * across;
                double const cu = std::clamp(u, 0.0, right), cv = std::clamp(v, 0.0, bottom);
                outside_[j * pitch_ + i] = cu != u || cv != v;
                std::size_t const x0 = std::min(static_cast<std::size_t>(cu), plane.w - 2);
                std::size_t const y0 = std::min(static_cast<std::size_t>(cv), plane.h - 2);
                float const fx = static_cast<float>(cu - static_cast<double>(x0));
                float const fy = static_cast<float>(cv - static_cast<double>(y0));
                float const *p = plane.row(y0) + x0, *q = plane.row(y0 + 1) + x0;
                float const upper = p[0] + fx * (p[1] - p[0]), lower = q[0] + fx * (q[1] - q[0]);
                values_[j * pitch_ + i] = upper + fy * (lower - upper);
            }
    }

    void gradients() {
        constexpr std::size_t width = simd_width<float>;
        simd<float> const bins(static_cast<float>(shape_.bins));
        for (std::size_t j = 0; j < side_; ++j) {
            float const *above = values_.data() + j * pitch_ + 1, *row = above + pitch_ - 1,
                        *below = above + 2 * pitch_;
            for (std::size_t i = 0; i < side_; i += width) {
                simd<float> const gx = load(row + i + 2) - load(row + i), gy = load(below + i) - load(above + i);
                store(lengths_.data() + j * pitch_ + i, square_root(multiply_add(gx, gx, gy * gy)));
                store(turns_.data() + j * pitch_ + i, turns_of(gx, gy) * bins);
            }
            if (!whole_)
                for (std::size_t i = 0; i < side_; ++i) {
                    std::size_t const at = (j + 1) * pitch_ + i + 1;
                    if (outside_[at - 1] | outside_[at + 1] | outside_[at - pitch_] | outside_[at + pitch_])
                        lengths_[j * pitch_ + i] = 0.0f;
                }
        }
    }

    /// sums_[r][b][i]: what column i of the grid gives to direction b of the cells in row r.
    void add_up() {
        constexpr std::size_t width = simd_width<float>;
        simd<float> const zero(0.0f), one(1.0f), bins(static_cast<float>(shape_.bins));
        std::fill(sums_.begin(), sums_.end(), 0.0f);
        for (std::size_t i = 0; i < side_; i += width)
            for (std::size_t b = 0; b < shape_.bins; ++b) {
                simd<float> const bin(static_cast<float>(b));
                simd<float> former = zero;
                // Between the middles of two rows of cells, samples go to both: `former` is the one that ends here.
                for (std::size_t r = 0; r <= shape_.cells; ++r) {
                    simd<float> next = zero;
                    bool const ends = r > 0, begins = r < shape_.cells;
                    float const* end_weights = weights_.data() + (ends ? r - 1 : 0) * pitch_;
                    float const* begin_weights = weights_.data() + (begins ? r : 0) * pitch_;
                    for (std::size_t j = r * samples_; j < (r + 1) * samples_; ++j) {
                        simd<float> const apart = absolute(load(turns_.data() + j * pitch_ + i) - bin);
                        simd<float> const near = maximum(zero, one - minimum(apart, bins - apart));
                        simd<float> const share = near * load(lengths_.data() + j * pitch_ + i);
                        former = multiply_add(broadcast(end_weights[j]), share, former);
                        next = multiply_add(broadcast(begin_weights[j]), share, next);
                    }
                    if (ends)
                        store(sums_.data() + ((r - 1) * shape_.bins + b) * pitch_ + i, former);
                    former = next;
                }
            }
    }

    float dot(float const* a, float const* b) const {
        simd<float> total(0.0f);
        for (std::size_t i = 0; i < side_; i += simd_width<float>)
            total = multiply_add(load(a + i), load(b + i), total);
        return sum(total);
    }

    void normalise_descriptor(float* to) const {
        std::size_t const n = shape_.length();
        auto const scale_to_unit = [&] {
            float square = 0.0f;
            for (std::size_t i = 0; i < n; ++i)
                square += to[i] * to[i];
            float const factor = square > 0.0f ? 1.0f / std::sqrt(square) : 0.0f;
            for (std::size_t i = 0; i < n; ++i)
                to[i] *= factor;
        };
        scale_to_unit();
        for (std::size_t i = 0; i < n; ++i)
            to[i] = std::min(to[i], 0.2f);
        if (!shape_.root) {
            scale_to_unit();
            return;
        }
        float total = 0.0f;
        for (std::size_t i = 0; i < n; ++i)
            total += to[i];
        float const factor = total > 0.0f ? 1.0f / total : 0.0f;
        for (std::size_t i = 0; i < n; ++i)
            to[i] = std::sqrt(to[i] * factor);
    }

    descriptor_shape shape_;
    std::size_t samples_;  // of a cell on each side
    std::size_t side_, pitch_;
    aligned_vector<float> weights_, values_, turns_, lengths_, sums_;
    std::vector<unsigned char> outside_;
    bool whole_ = true;
};

}}}  // namespace comir::COMIR_ABI::detail
