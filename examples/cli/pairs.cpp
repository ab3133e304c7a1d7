#include "pairs.hpp"

#include <filesystem>
#include <utility>

#include <comir/evaluation/register_pair.hpp>
#include <comir/image/warp.hpp>

#include "masking.hpp"
#include "pictures/match_picture.hpp"
#include "pictures/pair_sheet.hpp"

comir::image<float> grey_image(comir::image<float> const& raw) {
    return comir::prepare_grey(raw);
}

registered_images register_images(comir::registration_input const& fixed, comir::registration_input const& moving,
                                  comir::registration_method const& method, comir::pair_preparations const& prepare,
                                  bool draw_matches) {
    if (!draw_matches)
        return {comir::register_pair(fixed, moving, method, prepare), {}};
    comir::image<float> matches;
    auto const drawn = [&](comir::registration_input const& a, comir::registration_input const& b) {
        auto found = method(a, b);
        matches = comir::match_picture(a.values, b.values, {found.matches, found.inliers});
        return found;
    };
    auto result = comir::register_pair(fixed, moving, drawn, prepare);
    return {std::move(result), std::move(matches)};
}

comir::scored_pair evaluate_listed(comir::registration_pair const& pair, comir::registration_method const& method,
                                   comir::pair_preparations const& prepare, comir::pair_masking const& masking) {
    return comir::evaluate_pair(pair, method, prepare, masking);
}

comir::image<float> shown_image(comir::image<float> const& source) {
    return comir::for_display(source);
}

comir::image<float> checkerboard_picture(comir::image<float> const& one, comir::image<float> const& other) {
    return comir::checkerboard(one, other);
}

comir::image<float> listed_picture(comir::registration_pair const& pair, comir::pair_result const& result,
                                   comir::pair_preparations const& prepare, comir::pair_masking const& masking) {
    auto const load = [](std::filesystem::path const& path, std::filesystem::path const& mask,
                         comir::masking_options options) {
        options.mask = mask;
        return load_masked_image(path, options).values;
    };
    auto const fixed = load(pair.fixed, pair.fixed_mask, masking.fixed),
               moving = load(pair.moving, pair.moving_mask, masking.moving);
    comir::rigid2 const transform =
        comir::to_transform(result.estimate, {{fixed.width(), fixed.height()}, {moving.width(), moving.height()}});
    return comir::pair_sheet(fixed, moving, transform, prepare);
}
