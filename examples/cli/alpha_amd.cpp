#include <comir/registration/alpha_amd.hpp>
#include <comir/transform/affine.hpp>
#include <comir/transform/similarity.hpp>
#include <comir/transform/translation.hpp>

#include "alpha_amd_settings.hpp"

namespace {

template <class Transform>
any_method method_of(method_request const& request) {
    return [request](comir::image<float> const& fixed, comir::image<float> const& moving) {
        return any_result(comir::register_alpha_amd<Transform>(
            fixed, moving, alpha_amd_options_of(request, fixed.shape()), request.masks.fixed, request.masks.moving));
    };
}

}  // namespace

any_method alpha_amd_method(method_request const& request) {
    if (request.settings.transform == "translation")
        return method_of<comir::translation2>(request);
    if (request.settings.transform == "similarity")
        return method_of<comir::similarity2>(request);
    if (request.settings.transform == "affine")
        return method_of<comir::affine2>(request);
    return rigid_method(request);
}
