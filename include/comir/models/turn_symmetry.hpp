#pragma once

#include <cstddef>
#include <span>

#include <comir/models/unet_plan.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// Whether channels 4 i to 4 i + 3 of all of a plan's buffers can be the four turns of one filter.
inline bool has_turned_channels(unet_plan const& plan) {
    for (auto const& unit : plan.units) {
        bool const inner = (unit.from == image_buffer || (unit.from_first % 4 == 0 && unit.ci % 4 == 0)) &&
                           (unit.to == image_buffer || (unit.to_first % 4 == 0 && unit.co % 4 == 0));
        if (!inner || unit.stage == unet_stage::transposed || unit.stage == unet_stage::shuffle)
            return false;
    }
    return true;
}

/// The place of a kernel's tap after a quarter turn of the kernel.
constexpr std::size_t turned_tap(std::size_t tap, std::size_t kernel) {
    return (kernel - 1 - tap % kernel) * kernel + tap / kernel;
}

/// Calls f(a, b, c, d) with each four of the parameters that quarter turns exchange: the kernels turn, and channels in
/// fours count on by one. Channels of the image and of the result keep their places.
template <class T, class F>
void for_tied_parameters(unet_plan const& plan, std::span<T> parameters, F&& f) {
    auto const four = [&](std::size_t offset, std::size_t count) {
        for (std::size_t i = offset; i < offset + count; i += 4)
            f(parameters[i], parameters[i + 1], parameters[i + 2], parameters[i + 3]);
    };
    for (auto const& unit : plan.units) {
        bool const turned_in = unit.from != image_buffer, turned_out = unit.to != image_buffer;
        std::size_t const taps = unit.kernel * unit.kernel;
        for (std::size_t o = 0; o < unit.co; o += turned_out ? 4 : 1)
            for (std::size_t i = 0; i < unit.ci; i += turned_out ? 1 : 4)
                for (std::size_t tap = 0; tap < taps; ++tap) {
                    T* at[4];
                    for (std::size_t k = 0, place = tap; k < 4; ++k, place = turned_tap(place, unit.kernel)) {
                        std::size_t const out = turned_out ? o + k : o, in = turned_in ? i / 4 * 4 + (i + k) % 4 : i;
                        at[k] = &parameters[unit.weight + (out * unit.ci + in) * taps + place];
                    }
                    f(*at[0], *at[1], *at[2], *at[3]);
                }
        if (unit.bias != no_offset && turned_out)
            four(unit.bias, unit.co);
        if (unit.gamma != no_offset) {
            four(unit.gamma, unit.ci);
            four(unit.beta, unit.ci);
        }
    }
}

/// The same for the running statistics, which are those of inner channels only.
template <class T, class F>
void for_tied_statistics(std::span<T> running, F&& f) {
    for (std::size_t i = 0; i < running.size(); i += 4)
        f(running[i], running[i + 1], running[i + 2], running[i + 3]);
}

/// All become the first. Random numbers keep their spread, which a mean would narrow.
struct as_the_first {
    template <class T>
    void operator()(T& a, T& b, T& c, T& d) const {
        b = c = d = a;
    }
};

struct as_their_mean {
    template <class T>
    void operator()(T& a, T& b, T& c, T& d) const {
        a = b = c = d = T(0.25) * ((a + c) + (b + d));
    }
};

}}}  // namespace comir::COMIR_ABI::detail
