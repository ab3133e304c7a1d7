#pragma once

#include <comir/image/image.hpp>
#include <comir/transform/geometry.hpp>

/// How far apart two transforms, of whatever kind, put the corners of an image, pixels.
template <class A, class B>
double corner_error(A const& a, B const& b, comir::image_shape const& s) {
    return comir::corner_distance(comir::to_affine(a), comir::to_affine(b), s.h, s.w);
}
