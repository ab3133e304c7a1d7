#include <comir/registration/local/alpha_amd.hpp>
#include <comir/transform/affine.hpp>
#include <comir/transform/similarity.hpp>
#include <comir/transform/translation.hpp>

#include "alpha_amd_settings.hpp"

namespace {

template <class Transform>
any_method method_of(method_request const& request) {
    return [request](method_input const& in) {
        return any_result(comir::register_alpha_amd<Transform>(
            in.fixed, in.moving, alpha_amd_options_of(request, in.fixed.shape()), in.fixed_mask, in.moving_mask));
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
