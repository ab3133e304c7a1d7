#pragma once

#include <comir/models/dense_unet.hpp>

namespace comir { inline namespace COMIR_ABI {

/// Dense U-Net whose shape is given when it is made, for programs that meet networks with options in model files.
/// The calls are those of dense_unet.
class any_unet : public detail::unet_calls<float, true> {
public:
    /// Errors: error if the shape is not valid or a channel count is zero
    explicit any_unet(unet_shape const& shape) : detail::unet_calls<float, true>(checked(shape)) {}

private:
    static unet_shape const& checked(unet_shape const& shape) {
        require(shape.valid() && shape.in > 0 && shape.out > 0,
                "comir::any_unet: the shape is not valid; give as many up as down blocks, at least one, no zero "
                "counts, a compression of 1 to 100 percent and a dropout below 100 percent");
        return shape;
    }
};

}}  // namespace comir::COMIR_ABI
