#include "pairs.hpp"

#include <variant>

#include <comir/evaluation/register_pair.hpp>
#include <comir/image/warp.hpp>

#include "images.hpp"
#include "pictures/pair_sheet.hpp"

comir::image<float> grey_image(comir::image<float> const& source) {
    return comir::prepare_grey(source);
}

method_result register_images(image_pair const& images, any_method const& registration, preparations const& prepare) {
    auto const masked = [&](comir::image<float> const& fixed, comir::image<float> const& moving) {
        return registration({fixed, moving, images.fixed_mask, images.moving_mask, images.fixed, images.moving});
    };
    return comir::register_pair(images.fixed, images.moving, masked, {prepare.fixed, prepare.moving});
}

comir::scored_pair evaluate_listed(comir::registration_pair const& pair, any_method const& registration,
                                   preparations const& prepare) {
    auto const rigid = [&](comir::image<float> const& fixed, comir::image<float> const& moving,
                           comir::image_mask const& fixed_mask, comir::image_mask const& moving_mask,
                           comir::image<float> const& fixed_raw, comir::image<float> const& moving_raw) {
        method_result const found = registration({fixed, moving, fixed_mask, moving_mask, fixed_raw, moving_raw});
        comir::registration_result<comir::rigid2> result;
        result.transform = std::get<comir::rigid2>(found.transform);
        result.value = found.value;
        result.confidence = found.confidence;
        return result;
    };
    return comir::evaluate_pair(pair, rigid, {prepare.fixed, prepare.moving});
}

comir::image<float> shown_image(comir::image<float> const& source) {
    return comir::for_display(source);
}

comir::image<float> checkerboard_picture(image_pair const& images) {
    return comir::checkerboard(images.fixed, images.moving);
}

comir::image<float> listed_picture(comir::registration_pair const& pair, comir::pair_result const& result,
                                   preparations const& prepare) {
    auto const fixed = load_masked_image(pair.fixed, load_mask(pair.fixed_mask)),
               moving = load_masked_image(pair.moving, load_mask(pair.moving_mask));
    comir::rigid2 const transform =
        comir::to_transform(result.estimate, {{fixed.width(), fixed.height()}, {moving.width(), moving.height()}});
    return comir::pair_sheet(fixed, moving, transform, {prepare.fixed, prepare.moving});
}
