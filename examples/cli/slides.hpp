#pragma once

#include <functional>
#include <optional>
#include <string>

#include <comir/core/progress.hpp>
#include <comir/io/masked_image_file.hpp>
#include <comir/io/slide/slide_format.hpp>
#include <comir/io/slide/slide_info.hpp>
#include <comir/io/slide/warp_region.hpp>
#include <comir/registration/automatic/options.hpp>
#include <comir/registration/methods/registration_method.hpp>
#include <comir/transform/affine.hpp>
#include <comir/transform/chain.hpp>

// The library's slides, compiled in one file.

/// Whether a file is read in parts: it holds a pyramid, has more than 50 megapixels, or is of a slide scanner's format.
/// No errors: what cannot be read is none.
bool is_slide(std::string const& path);

/// Two slides to be registered, and how.
struct slide_request {
    std::string fixed, moving;
    comir::automatic_options search{};
    comir::masking_options fixed_masking{}, moving_masking{};
    double resolution = 0.0;  // micrometres; 0: the slides' pixels
    comir::progress on_progress{};
};

/// One of them, and the small size that it was searched in.
struct slide_file {
    comir::slide_info info{};
    comir::masked_image overview{};
    comir::affine2 to_full{};  // from pixels of the overview
    double factor = 1.0;       // px of the slide along one of the overview
};

/// What came out, in pixels of the full images.
struct registered_slides {
    comir::method_result result{};
    slide_file fixed{}, moving{};
    std::optional<double> scale{};  // that was expected
};
registered_slides register_slide_files(slide_request const& request);

comir::slide_info load_slide_info(std::string const& path);

/// A slide to be warped onto the grid of another one and written as a pyramid.
struct slide_warp {
    std::string moving, out;
    comir::transform_chain transform{};  // from fixed to moving, px
    comir::slide_info fixed{};
    comir::warp_region_options warp{};
    comir::slide_format format{};
    std::function<bool(double)> on_progress{};
};
/// False where progress stopped it; then there is no file.
bool warp_slide_file(slide_warp const& request);
