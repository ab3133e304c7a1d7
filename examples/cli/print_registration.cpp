#include "print_registration.hpp"

#include <cmath>
#include <cstdio>
#include <numbers>
#include <variant>

#include <comir/transform/affine.hpp>

#include "file_registration.hpp"

namespace {

/// In the order of any_transform.
constexpr char const* transform_names[] = {"translation", "rigid", "similarity", "affine"};

void print_angle(double radians) {
    std::printf("angle      %.3f degrees from fixed to moving, positive turns right towards down\n",
                radians * 180.0 / std::numbers::pi);
}

void print_numbers(comir::any_transform const& transform) {
    if (auto const* const similar = std::get_if<comir::similarity2>(&transform)) {
        std::printf("scale      %.4f: px of the moving image on one of the fixed image\n",
                    std::exp(similar->parameters[0]));
        print_angle(similar->parameters[1]);
    }
    if (auto const* const rigid = std::get_if<comir::rigid2>(&transform)) {
        print_angle(rigid->parameters[0]);
        std::printf("shift      %.3f px to the right, %.3f px down, of the fixed image's centre (%g, %g)\n",
                    rigid->parameters[1], rigid->parameters[2], rigid->centre.x, rigid->centre.y);
        return;
    }
    comir::affine2 const a = comir::to_affine(transform);
    std::printf("matrix     %.6f %.6f %.3f; %.6f %.6f %.3f from fixed to moving (x, y, 1)\n", a.parameters[0],
                a.parameters[1], a.parameters[4], a.parameters[2], a.parameters[3], a.parameters[5]);
}

}  // namespace

void print_transform(comir::method_result const& r) {
    std::printf("transform  %s%s%s\n", r.bend ? "deformable: a bend, then " : "", transform_names[r.transform.index()],
                r.mirrored ? ", mirrored" : "");
    print_numbers(r.transform);
}

void print_bend(comir::method_result const& r, std::string const& transform) {
    if (r.bend) {
        comir::bspline_grid const& grid = r.bend->grid();
        std::printf(
            "bend       %zu x %zu control points, %.3g px apart; up to %.1f px, smallest Jacobian determinant "
            "%.2f\n",
            grid.size.w, grid.size.h, grid.spacing.x, r.largest_displacement, r.least_jacobian.determinant);
    } else if (transform == "deformable") {
        std::printf("bend       none: the images do not support one\n");
    }
}

void print_confidence(comir::method_result const& r, std::string const& method) {
    bool const is_score = method == "mi" || method.starts_with("global");
    std::printf("value      %.5g (%s, %s is better)\n", r.value, method.c_str(), is_score ? "more" : "less");
    std::printf("converged  %s\n", r.converged ? "yes" : "no: the transform is only the best guess");
    std::printf("confidence %.2f of 1\n", r.confidence);
    if (r.at_rim)
        std::printf("range      %s\n", at_rim_note);
}

void print_fit(comir::method_result const& r, std::optional<double> pixel) {
    if (!r.residuals.empty()) {
        double const within = 1.5 * r.residual_step;
        std::printf("fit        %.0f %% of %zu places agree within %.3g px", 100.0 * r.agreeing, r.residuals.size(),
                    within);
        if (pixel)
            std::printf(" (%.3g um)", within * *pixel);
        std::puts("");
    }
    std::printf("overlap    %.1f %% of the fixed image\n", 100.0 * r.overlap);
    std::printf("time       %.2f s\n", r.seconds);
}
