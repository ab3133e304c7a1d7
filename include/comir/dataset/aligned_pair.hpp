#pragma once

#include <array>
#include <string>

#include <comir/image/image.hpp>

namespace comir { inline namespace COMIR_ABI {

/// Images of one scene in two modalities, pixel on pixel; channel counts may differ.
struct aligned_pair {
    std::string name;
    std::array<image<float>, 2> images;
};

}}  // namespace comir::COMIR_ABI
