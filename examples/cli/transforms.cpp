#include "transforms.hpp"

#include <cstdio>
#include <vector>

#include <comir/io/transform_file.hpp>

namespace {

/// A smaller copy of an image: its pixels' places as its file says, and how wide one is in pixels of the image.
struct smaller_copy {
    comir::pixel_grid grid{};
    std::array<double, 2> scale{1.0, 1.0};
};

smaller_copy copy_of(applied_image const& image, std::string const& path, double scale) {
    if (!path.empty()) {
        comir::image_info const info = load_image_info(path);
        return {{info.spacing},
                {static_cast<double>(image.size.w) / static_cast<double>(info.shape.w),
                 static_cast<double>(image.size.h) / static_cast<double>(info.shape.h)}};
    }
    // Programs that write the pixel size write that of the copy. Without one, both have pixels of 1.
    smaller_copy copy{image.grid, {scale, scale}};
    for (double& s : copy.grid.spacing)
        if (image.grid.spacing != std::array<double, 2>{1.0, 1.0})
            s *= scale;
    return copy;
}

/// The copy's pixels in those of the image: their edges are the same.
comir::pixel_grid within(smaller_copy const& copy) {
    return {copy.scale, {0.5 * (copy.scale[0] - 1.0), 0.5 * (copy.scale[1] - 1.0)}};
}

}  // namespace

comir::any_transform load_transform(std::string const& path, grid_pair const& grids) {
    auto const linear = comir::as_linear(load_chain(path, grids));
    comir::require(linear.has_value(), path, ": the transform bends, expected a linear one");
    return *linear;
}

comir::transform_chain load_chain(std::string const& path, grid_pair const& grids) {
    std::vector<std::string> notes;
    auto const chain = comir::read_transform_chain(path, {grids.fixed, grids.moving, &notes});
    for (std::string const& note : notes)
        std::fprintf(stderr, "comir: %s\n", note.c_str());
    return chain;
}

comir::transform_chain load_applied(std::string const& path, applied_image const& fixed, applied_image const& moving,
                                    found_on_settings const& found_on) {
    if (found_on.fixed.empty() && found_on.moving.empty() && found_on.scale.empty())
        return load_chain(path, {fixed.grid, moving.grid});
    comir::require(found_on.scale.empty() || (found_on.fixed.empty() && found_on.moving.empty()),
                   "--found-scale: the images that the transform was found on were given as well, and have sizes");
    double const f = found_on.scale.empty() ? 1.0 : found_on.scale.front(),
                 m = found_on.scale.empty() ? 1.0 : found_on.scale.back();
    smaller_copy const small_fixed = copy_of(fixed, found_on.fixed, f),
                       small_moving = copy_of(moving, found_on.moving, m);
    // The larger images' pixels are to the smaller ones' what a length unit is to pixels.
    return comir::to_physical(load_chain(path, {small_fixed.grid, small_moving.grid}), within(small_fixed),
                              within(small_moving));
}

void save_transform(std::string const& path, comir::any_transform const& transform, comir::image<float> const& fixed,
                    comir::image<float> const& moving) {
    save_transform(path, comir::to_chain(transform), fixed, moving);
}

void save_transform(std::string const& path, comir::transform_chain const& transform, comir::image<float> const& fixed,
                    comir::image<float> const& moving) {
    comir::write_transform(path, transform,
                           {{fixed.width(), fixed.height()}, comir::grid_of(fixed), comir::grid_of(moving)});
}

void save_transform(std::string const& path, comir::any_transform const& transform, applied_image const& fixed,
                    applied_image const& moving) {
    comir::write_transform(path, comir::to_chain(transform), {{fixed.size.w, fixed.size.h}, fixed.grid, moving.grid});
}

applied_image applied_slide(std::string const& path, comir::slide_info const& info) {
    applied_image image{info.levels[0].size, {}};
    try {
        image.grid.spacing = load_image_info(path).spacing;
    } catch (comir::error const&) {
    }
    return image;
}
