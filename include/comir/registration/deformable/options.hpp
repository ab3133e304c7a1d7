#pragma once

#include <comir/core/check_range.hpp>
#include <comir/core/error.hpp>
#include <comir/registration/global/options.hpp>

namespace comir { inline namespace COMIR_ABI {

/// How a bend is found.
struct deformable_options {
    global_search_options search{};  // the metric of windows and what it compares
    double spacing = 0.0;            // px of the fixed image between control points; 0: an eighth of its shorter side
    double stiffness = 0.02;         // weight of the bend's squared curvature, for lengths of an eighth of the image
    double least_jacobian = 0.1;     // everywhere
    double least_gain = 2.5;         // standard errors by which a bend has to explain windows that it was not fitted to
                                     // better than none does, unless most agree on it; 0: any bend is kept
    double most_displacement = 0.12;  // of the fixed image's shorter side: what has to be bent further is not kept
    bool polish = true;               // at last by correlation, where it is high
    int threads = 0;
};

namespace detail {

inline void check_deformable_options(deformable_options const& o) {
    require(o.spacing == 0.0 || o.spacing >= 4.0, "comir::register_deformable: spacing is ", o.spacing,
            " px, expected 0 or at least 4");
    check_range("comir::register_deformable", "stiffness", o.stiffness, above(0));
    require(o.least_jacobian >= 0.0 && o.least_jacobian < 1.0, "comir::register_deformable: least_jacobian is ",
            o.least_jacobian, ", expected 0 to less than 1, the determinant of no bend");
    check_range("comir::register_deformable", "most_displacement", o.most_displacement, above(0));
    require(o.least_gain >= 0.0, "comir::register_deformable: least_gain is ", o.least_gain, ", expected 0 or more");
}

}  // namespace detail
}}  // namespace comir::COMIR_ABI
