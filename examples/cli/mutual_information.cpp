#include <comir/pipeline/method_options.hpp>
#include <comir/registration/mutual_information.hpp>

#include "methods.hpp"

any_method information_method(method_request const& request) {
    return [request](comir::image<float> const& fixed, comir::image<float> const& moving) {
        comir::method_options const common{request.run.seed, request.run.threads, request.on_progress};
        return any_result(comir::register_mutual_information<comir::rigid2>(
            fixed, moving, comir::with_method_options(comir::mutual_information_options{}, common), request.masks.fixed,
            request.masks.moving));
    };
}
