#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include <comir/core/abi.hpp>

namespace comir { inline namespace COMIR_ABI {

/// A point of an image that is found again when the image is turned, shifted or scaled.
/// Units: x, y and scale (the standard deviation of the Gaussian it was found at) in pixels of the image; angle in
///        radians, -pi to pi, positive from the x axis towards the y axis; response is the contrast of the difference
///        of Gaussians, without its sign, as a share of the intensity range
struct keypoint {
    float x = 0.0f, y = 0.0f;
    float scale = 0.0f;
    float angle = 0.0f;
    float response = 0.0f;
    int octave = 0;  // pixels are 2^octave image pixels wide; -1 is the doubled image
    int layer = 0;   // of the octave, counted from 1
    int channel = 0;

    bool operator==(keypoint const&) const = default;
};

/// Keypoints and their descriptors.
/// Shapes: descriptors (N, D) row by row without gaps, D = length
struct feature_set {
    std::vector<keypoint> keypoints;
    std::vector<float> descriptors;
    std::size_t length = 0;

    std::size_t size() const { return keypoints.size(); }
    bool empty() const { return keypoints.empty(); }
    std::span<float const> descriptor(std::size_t i) const { return {descriptors.data() + i * length, length}; }
};

}}  // namespace comir::COMIR_ABI
