#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

#include <comir/image/image.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// The parts of a set that touch the frame, connected along rows and columns: 0 for other pixels, else the part's
/// number from 1 on.
struct border_parts {
    std::vector<std::size_t> label;  // (H, W)
    std::size_t count = 0;
};

inline border_parts parts_at_frame(image_mask const& set) {
    std::size_t const h = set.height(), w = set.width();
    border_parts parts{std::vector<std::size_t>(h * w, 0)};
    std::vector<std::size_t> open;
    auto const visit = [&](std::size_t i) {
        if (set.values()[i] != 0 && parts.label[i] == 0) {
            parts.label[i] = parts.count;
            open.push_back(i);
        }
    };
    auto const start = [&](std::size_t i) {
        if (set.values()[i] == 0 || parts.label[i] != 0)
            return;
        ++parts.count;
        visit(i);
        while (!open.empty()) {
            std::size_t const at = open.back(), x = at % w;
            open.pop_back();
            if (x > 0)
                visit(at - 1);
            if (x + 1 < w)
                visit(at + 1);
            if (at >= w)
                visit(at - w);
            if (at + w < h * w)
                visit(at + w);
        }
    };
    for (std::size_t x = 0; x < w; ++x) {
        start(x);
        start((h - 1) * w + x);
    }
    for (std::size_t y = 0; y < h; ++y) {
        start(y * w);
        start(y * w + w - 1);
    }
    return parts;
}

/// What the outline of a part looks like.
struct border_outline {
    std::size_t pixels = 0;  // of the part, without those known before
    std::size_t length = 0;  // pixels of the outline within the image
    double straight = 0.0;   // share of it about which the outline is a straight line
    double step = 0.0;       // median difference to the pixels beyond, the largest of all channels
    double far_step = 0.0;   // the same to pixels further beyond
};

/// Measures the outlines of parts one by one.
/// Shapes: source (C, H, W), known (1, H, W) with zeros where it is not known what the image shows
class outline_measure {
public:
    outline_measure(image<float> const& source, image_mask const& known, border_parts const& parts)
        : source_(source), known_(known), parts_(parts), outline_(parts.label.size(), 0) {
        std::size_t const h = source.height(), w = source.width();
        for (std::size_t y = 0; y < h; ++y)
            for (std::size_t x = 0; x < w; ++x) {
                std::size_t const i = y * w + x, part = parts.label[i];
                if (part == 0 || is_unknown(i))
                    continue;
                auto const leaves = [&](std::size_t j) { return parts.label[j] != part && !is_unknown(j); };
                if ((x > 0 && leaves(i - 1)) || (x + 1 < w && leaves(i + 1)) || (y > 0 && leaves(i - w)) ||
                    (y + 1 < h && leaves(i + w)))
                    outline_[i] = part;
            }
    }

    border_outline of(std::size_t part, float const* colour) const {
        border_outline result;
        std::size_t const h = source_.height(), w = source_.width();
        std::vector<std::size_t> along;
        for (std::size_t i = 0; i < h * w; ++i) {
            result.pixels += parts_.label[i] == part && !is_unknown(i);
            if (outline_[i] == part)
                along.push_back(i);
        }
        result.length = along.size();
        // No border is as ragged as this, and the windows of so many pixels would take long.
        if (along.empty() || along.size() > 4 * (h + w))
            return result;
        auto const straight = std::ranges::count_if(along, [&](std::size_t i) { return is_straight(i); });
        result.straight = static_cast<double>(straight) / static_cast<double>(along.size());
        result.step = step_of(along, 0, 1, part, colour);
        result.far_step = step_of(along, reach() / 2, reach(), part, colour);
        return result;
    }

private:
    bool is_unknown(std::size_t i) const { return !known_.empty() && known_.values()[i] == 0; }

    /// The half-width of the windows, px: wide enough to tell an edge that was drawn from one that grew, narrow enough
    /// that a disc looks straight.
    std::ptrdiff_t reach() const {
        return std::clamp(static_cast<std::ptrdiff_t>(std::min(source_.height(), source_.width()) / 16),
                          std::ptrdiff_t{6}, std::ptrdiff_t{12});
    }

    template <class Visit>
    void near(std::size_t i, std::ptrdiff_t reach, Visit visit) const {
        auto const h = static_cast<std::ptrdiff_t>(source_.height()), w = static_cast<std::ptrdiff_t>(source_.width());
        std::ptrdiff_t const x = static_cast<std::ptrdiff_t>(i) % w, y = static_cast<std::ptrdiff_t>(i) / w;
        for (std::ptrdiff_t v = std::max<std::ptrdiff_t>(y - reach, 0); v <= std::min(y + reach, h - 1); ++v)
            for (std::ptrdiff_t u = std::max<std::ptrdiff_t>(x - reach, 0); u <= std::min(x + reach, w - 1); ++u)
                visit(static_cast<std::size_t>(v * w + u), static_cast<double>(u - x), static_cast<double>(v - y));
    }

    /// Whether the outline's pixels in a window lie on a line: their deviation across it is small. Pixels of a line
    /// that was drawn deviate by 0.3 px.
    bool is_straight(std::size_t i) const {
        double n = 0, x = 0, y = 0, xx = 0, yy = 0, xy = 0;
        near(i, reach(), [&](std::size_t j, double u, double v) {
            if (outline_[j] != outline_[i])
                return;
            n += 1;
            x += u;
            y += v;
            xx += u * u;
            yy += v * v;
            xy += u * v;
        });
        double const a = xx / n - x / n * (x / n), b = xy / n - x / n * (y / n), d = yy / n - y / n * (y / n);
        double const across = (a + d) / 2 - std::hypot((a - d) / 2, b);
        return std::sqrt(std::max(across, 0.0)) < static_cast<double>(reach()) / 16.0;
    }

    /// Of pixels more than `from` and at most `to` px away from the outline along an axis.
    double step_of(std::vector<std::size_t> const& along, std::ptrdiff_t from, std::ptrdiff_t to, std::size_t part,
                   float const* colour) const {
        std::vector<unsigned char> beyond(outline_.size(), 0);
        for (std::ptrdiff_t const reach : {to, from})
            for (std::size_t const i : along)
                near(i, reach, [&](std::size_t j, double, double) {
                    beyond[j] = reach == to && parts_.label[j] != part && !is_unknown(j);
                });
        std::vector<float> steps;
        for (std::size_t i = 0; i < beyond.size(); ++i) {
            if (beyond[i] == 0)
                continue;
            steps.push_back(0.0f);
            for (std::size_t c = 0; c < source_.channels(); ++c)
                steps.back() = std::max(steps.back(), std::abs(source_.channel(c)[i] - colour[c]));
        }
        if (steps.empty())
            return 0.0;
        auto const middle = steps.begin() + std::ssize(steps) / 2;
        std::nth_element(steps.begin(), middle, steps.end());
        return static_cast<double>(*middle);
    }

    image<float> const& source_;
    image_mask const& known_;
    border_parts const& parts_;
    std::vector<std::size_t> outline_;  // the part whose outline a pixel belongs to, 0 for none
};

}}}  // namespace comir::COMIR_ABI::detail
