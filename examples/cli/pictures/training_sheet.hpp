#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include <comir/core/error.hpp>
#include <comir/image/convert.hpp>
#include <comir/image/image.hpp>

#include "pictures/pair_sheet.hpp"
#include "pictures/paste.hpp"

namespace comir { inline namespace COMIR_ABI {

/// A picture of what networks make of one scene, a column for each modality: above its image, below its
/// representation. All representations go through one mapping, since they are to be alike in brightness, too; of more
/// than three channels the first three are shown, of two the first.
/// Errors: shape_error if there is no modality, as many representations are not given, or their extents differ; error
///         if a value is not finite
inline image<float> training_sheet(std::span<image<float> const> images,
                                   std::span<image<float> const> representations) {
    constexpr std::size_t gap = detail::sheet_gap;
    require<shape_error>(!images.empty() && images.size() == representations.size(),
                         "comir::training_sheet: ", images.size(), " images and ", representations.size(),
                         " representations, expected one of each for every modality");
    std::size_t const w = images[0].width(), h = images[0].height(), channels = representations[0].channels();
    std::vector<float> values;
    for (std::size_t m = 0; m < images.size(); ++m) {
        for (image<float> const* const shown : {&images[m], &representations[m]})
            require<shape_error>(!shown->empty() && shown->width() == w && shown->height() == h,
                                 "comir::training_sheet: modality ", m, " is ", to_string(shown->shape()),
                                 ", expected rows and columns of ", to_string(images[0].shape()));
        require<shape_error>(representations[m].channels() == channels, "comir::training_sheet: representation ", m,
                             " has ", representations[m].channels(), " channels, the first one ", channels);
        require(has_only_finite(representations[m]), "comir::training_sheet: representation ", m,
                " holds values that are not finite");
        auto const all = representations[m].values();
        values.insert(values.end(), all.begin(), all.end());
    }
    float const low = percentile(values, 0.5), high = percentile(values, 99.5);
    image<float> sheet({3, 2 * h + gap, images.size() * (w + gap) - gap});
    std::ranges::fill(sheet.values(), 1.0f);
    for (std::size_t m = 0; m < images.size(); ++m) {
        image<float> shown =
            channels < 3 ? select_channels(representations[m], {0}) : select_channels(representations[m], {0, 1, 2});
        for (float& v : shown.values())
            v = high > low ? std::clamp((v - low) / (high - low), 0.0f, 1.0f) : 0.5f;
        detail::paste(sheet, detail::as_colour(for_display(images[m])), m * (w + gap), 0);
        detail::paste(sheet, detail::as_colour(shown), m * (w + gap), h + gap);
    }
    return sheet;
}

}}  // namespace comir::COMIR_ABI
