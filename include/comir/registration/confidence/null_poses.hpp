#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>

#include <comir/core/random.hpp>
#include <comir/image/image.hpp>
#include <comir/transform/rigid.hpp>

namespace comir { inline namespace COMIR_ABI {

/// What a pose is compared with to tell how it stands out: 8 poses around it, where the fixed image is first shifted
/// by 4 % of its width, and 64 unrelated ones, where it is first turned by any angle and shifted by up to a quarter of
/// its size. `Measured` is what was measured at one pose, with a member `overlap`; the pose itself comes first.
template <class Measured>
struct null_poses {
    static constexpr std::size_t around = 8, unrelated = 64, count = 1 + around + unrelated;
    std::array<Measured, count> at{};

    Measured const& here() const { return at[0]; }

    /// How far a value at the pose rises above its mean at those around.
    double margin(double Measured::*value) const {
        double result = here().*value;
        for (std::size_t i = 1; i <= around; ++i)
            result -= at[i].*value / static_cast<double>(around);
        return result;
    }

    /// Calls body for the unrelated poses with at least a third of the overlap. Returns whether they are enough to
    /// compare with.
    template <class Body>
    bool for_unrelated(Body&& body) const {
        constexpr std::size_t enough = 16;
        constexpr double least_overlap = 1.0 / 3.0;
        std::size_t found = 0;
        for (std::size_t i = 1 + around; i < count; ++i)
            if (at[i].overlap > 0.0 && at[i].overlap >= least_overlap * here().overlap) {
                ++found;
                body(at[i]);
            }
        return found >= enough;
    }

    /// How the fixed image is moved first for pose i. Streams keep the draws of different measures apart.
    static rigid2 move(std::size_t i, image_shape const& fixed, std::uint64_t seed, std::uint64_t stream) {
        constexpr double beside = 0.04;
        double const w = static_cast<double>(fixed.w), h = static_cast<double>(fixed.h);
        rigid2 moved{{0.0, 0.0, 0.0}, {0.5 * w, 0.5 * h}};
        if (i > around) {
            random_stream random(seed, stream, i);
            moved.parameters[0] = random.uniform(-std::numbers::pi, std::numbers::pi);
            moved.parameters[1] = random.uniform(-0.25, 0.25) * w;
            moved.parameters[2] = random.uniform(-0.25, 0.25) * h;
        } else if (i > 0) {
            double const direction = 2.0 * std::numbers::pi * static_cast<double>(i) / static_cast<double>(around);
            moved.parameters[1] = beside * w * std::cos(direction);
            moved.parameters[2] = beside * w * std::sin(direction);
        }
        return moved;
    }
};

}}  // namespace comir::COMIR_ABI
