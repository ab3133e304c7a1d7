#include "slides.hpp"

#include <utility>

#include <comir/core/error.hpp>
#include <comir/io/slide/slide.hpp>
#include <comir/io/slide/warp_slide.hpp>
#include <comir/registration/methods/registration_method.hpp>
#include <comir/slides/register_slides.hpp>

namespace {

slide_file file_of(comir::slide const& slide, comir::slide_overview overview) {
    comir::affine2 const to_full = overview.to_full();
    return {slide.info(), std::move(overview.image), to_full, overview.factor};
}

}  // namespace

bool is_slide(std::string const& path) {
    constexpr std::size_t small = 50'000'000;  // pixels
    try {
        comir::slide_info const info = comir::open_slide(path).info();
        comir::extent2 const size = info.levels[0].size;
        bool const plain = info.format == "PNG" || info.format.ends_with("TIFF");
        return !plain || info.levels.size() > 1 || size.w * size.h > small;
    } catch (comir::error const&) {
        return false;
    }
}

comir::slide_info load_slide_info(std::string const& path) {
    return comir::open_slide(path).info();
}

registered_slides register_slide_files(slide_request const& request) {
    comir::slide const fixed = comir::open_slide(request.fixed), moving = comir::open_slide(request.moving);
    comir::slide_registration_options options{.search = request.search,
                                              .fixed_masking = request.fixed_masking,
                                              .moving_masking = request.moving_masking,
                                              .resolution = request.resolution,
                                              .on_progress = request.on_progress};
    comir::slide_registration found = comir::register_slides(fixed, moving, options);
    return {comir::to_method_result(std::move(found.result)), file_of(fixed, std::move(found.fixed)),
            file_of(moving, std::move(found.moving)), found.scale};
}

bool warp_slide_file(slide_warp const& request) {
    comir::warped_slide const result{request.out,    request.fixed.levels[0].size, request.fixed.size, request.warp,
                                     request.format, request.on_progress};
    comir::slide const moving = comir::open_slide(request.moving);
    // A linear transform is a good deal quicker as one matrix.
    if (auto const linear = comir::as_linear(request.transform))
        return comir::warp_slide(moving, comir::to_affine(*linear), result);
    return comir::warp_slide(moving, request.transform, result);
}
