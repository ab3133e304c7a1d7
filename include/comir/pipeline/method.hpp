#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include <comir/core/error.hpp>
#include <comir/core/progress.hpp>
#include <comir/image/image.hpp>
#include <comir/registration/alpha_amd.hpp>
#include <comir/registration/result.hpp>
#include <comir/transform/rigid.hpp>

namespace comir::inline COMIR_ABI {

/// What every registration method takes; everything else keeps the method's own defaults.
struct method_options {
    std::uint64_t seed = 1;
    int threads = 0;
    progress on_progress{};
};

/// A rigid registration of (fixed, moving) that is chosen while the program runs. Where the choice is made at compile
/// time, any callable of this form does, such as a lambda around register_alpha_amd.
using registration_method = std::function<registration_result<rigid2>(image<float> const&, image<float> const&)>;

/// The names that make_method knows.
inline constexpr std::array<char const*, 1> method_names{"alpha_amd"};

/// The method of a name.
/// Errors:  error if the name is unknown, with those that are; calling the method has the errors of its registration
/// Threads: the same bits for any number of threads
inline registration_method make_method(std::string_view name, method_options const& options = {}) {
    if (name == "alpha_amd")
        return [options](image<float> const& fixed, image<float> const& moving) {
            alpha_amd_options own;
            own.seed = options.seed;
            own.threads = options.threads;
            own.on_progress = options.on_progress;
            return register_alpha_amd<rigid2>(fixed, moving, own);
        };
    std::string known;
    for (char const* other : method_names)
        known += (known.empty() ? "" : ", ") + std::string(other);
    fail("comir::make_method: the method is '", name, "', expected one of: ", known);
}

}  // namespace comir::inline COMIR_ABI
