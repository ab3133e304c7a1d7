#include "transforms.hpp"

#include <comir/io/transform_file.hpp>

comir::any_transform load_transform(std::string const& path, grid_pair const& grids) {
    return comir::read_transform(path, {grids.fixed, grids.moving});
}

void save_transform(std::string const& path, comir::any_transform const& transform, comir::image<float> const& fixed,
                    comir::image<float> const& moving) {
    comir::write_transform(path, transform,
                           {{fixed.width(), fixed.height()}, comir::grid_of(fixed), comir::grid_of(moving)});
}
