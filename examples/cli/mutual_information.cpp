#include <comir/registration/local/mutual_information.hpp>
#include <comir/registration/method_options.hpp>

#include "methods.hpp"

any_method information_method(method_request const& request) {
    return [request](method_input const& in) {
        comir::method_options const common{request.run.seed, request.run.threads, request.on_progress};
        return any_result(comir::register_mutual_information<comir::rigid2>(
            in.fixed, in.moving, comir::with_method_options(comir::mutual_information_options{}, common), in.fixed_mask,
            in.moving_mask));
    };
}
