#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <comir/transform/any_transform.hpp>
#include <comir/transform/bspline.hpp>
#include <comir/transform/bspline_inverse.hpp>
#include <comir/transform/compose.hpp>
#include <comir/transform/displacement_field.hpp>
#include <comir/transform/displacement_field_inverse.hpp>
#include <comir/transform/plane_map.hpp>

namespace comir { inline namespace COMIR_ABI {

/// One map of a chain: a linear one of any kind, or a bend.
using transform_part = std::variant<translation2, rigid2, similarity2, affine2, bspline2, displacement_field2>;

/// The part as a linear transform; nothing if it is a bend.
inline std::optional<any_transform> linear_part(transform_part const& part) {
    return std::visit(
        []<class T>(T const& held) -> std::optional<any_transform> {
            if constexpr (affine_transform<T>)
                return any_transform(held);
            else
                return {};
        },
        part);
}

/// A linear transform as a part of a chain.
inline transform_part to_part(any_transform const& t) {
    return std::visit([](auto const& held) -> transform_part { return held; }, t);
}

namespace detail {

/// The transform as one of a wider kind.
inline any_transform widen(any_transform const& t, std::size_t kind) {
    if (t.index() >= kind)
        return t;
    if (kind == 3)
        return std::visit(
            [](auto const& held) -> any_transform {
                return make_affine(held.linear(), held(held.centre) - held.centre, held.centre);
            },
            t);
    double const angle = t.index() == 1 ? std::get<rigid2>(t).parameters[0] : 0.0;
    auto const [shift, centre] =
        std::visit([](auto const& held) { return std::pair(translation(held), held.centre); }, t);
    if (kind == 1)
        return rigid2{{angle, shift.x, shift.y}, centre};
    return similarity2{{0.0, angle, shift.x, shift.y}, centre};
}

}  // namespace detail

/// The map p -> outer(inner(p)), of the narrower kind that both are of, with inner's centre.
inline any_transform compose(any_transform const& outer, any_transform const& inner) {
    std::size_t const kind = std::max(outer.index(), inner.index());
    any_transform const a = detail::widen(outer, kind), b = detail::widen(inner, kind);
    return std::visit([&]<class T>(T const& held) -> any_transform { return compose(std::get<T>(a), held); }, b);
}

/// Maps that are applied one after the other, the first one to points of the fixed image; the last one gives points of
/// the moving image. No parts are the identity. A value type.
/// Units: pixels where both images are in pixels; between two bends the points may be in any unit
struct transform_chain {
    static constexpr char const* name = "chain";

    std::vector<transform_part> parts{};

    point2 operator()(point2 p) const {
        for (transform_part const& part : parts)
            p = std::visit([&](auto const& held) { return held(p); }, part);
        return p;
    }
};

/// A chain of one linear transform.
inline transform_chain to_chain(any_transform const& t) {
    return {{to_part(t)}};
}

/// The point that a chain takes to a given one: exact through linear parts, searched through bends. Where a bend ends it
/// jumps, so that some points have no inverse: it has then not converged.
/// Errors: error if a linear part is singular; those of invert() of a bend
inline inverted_point invert(transform_chain const& chain, point2 to, inverse_options const& o = {}) {
    inverted_point result{to, 0.0, true};
    auto const go_back = [&](auto const& part) {
        using type = std::decay_t<decltype(part)>;
        if constexpr (affine_transform<type>) {
            result.point = part.inverse()(result.point);
            if (result.error > 0.0)
                result.error *= detail::inverse_stretch(part.linear());
        } else {
            // Differences of large coordinates have no more digits than these.
            double const digits = 16.0 * std::numeric_limits<double>::epsilon();
            inverted_point const here =
                invert(part, result.point,
                       {std::max(o.tolerance, digits * std::hypot(result.point.x, result.point.y)), o.iterations});
            double const before = result.error > 0.0
                                      ? result.error * detail::inverse_stretch(detail::slope_of(part, here.point, 1e-3))
                                      : 0.0;
            result = {here.point, here.error + before, result.converged && here.converged};
        }
    };
    for (std::size_t i = chain.parts.size(); i-- > 0;)
        std::visit(go_back, chain.parts[i]);
    return result;
}

/// Whether all bends of a chain move a point, on its way through the parts. Beyond their grids they leave points where
/// they are, so that what lies there does not join on to what is bent.
inline bool is_within_bends(transform_chain const& chain, point2 p) {
    for (transform_part const& part : chain.parts) {
        bool const within = std::visit(
            [&]<class T>(T const& held) {
                if constexpr (affine_transform<T>)
                    return true;
                else
                    return held.contains(p);
            },
            part);
        if (!within)
            return false;
        p = std::visit([&](auto const& held) { return held(p); }, part);
    }
    return true;
}

/// Whether no part is a bend.
inline bool is_linear(transform_chain const& chain) {
    for (transform_part const& part : chain.parts)
        if (!linear_part(part))
            return false;
    return true;
}

/// All parts as one linear transform, of the narrowest kind that all parts are of; nothing if one is a bend. A single
/// part comes back with the same bits.
inline std::optional<any_transform> as_linear(transform_chain const& chain) {
    std::optional<any_transform> result;
    for (transform_part const& part : chain.parts) {
        std::optional<any_transform> const next = linear_part(part);
        if (!next)
            return {};
        result = result ? compose(*next, *result) : *next;
    }
    return result ? result : any_transform(translation2{});
}

/// The same map with neighbouring linear parts composed to one.
inline transform_chain merge_linear(transform_chain const& chain) {
    transform_chain result;
    for (transform_part const& part : chain.parts) {
        std::optional<any_transform> const next = linear_part(part);
        std::optional<any_transform> const last =
            next && !result.parts.empty() ? linear_part(result.parts.back()) : std::nullopt;
        if (last)
            result.parts.back() = to_part(compose(*next, *last));
        else
            result.parts.push_back(part);
    }
    return result;
}

/// The chain that applies `inner` first.
inline transform_chain compose(transform_chain const& outer, transform_chain const& inner) {
    transform_chain result = inner;
    result.parts.insert(result.parts.end(), outer.parts.begin(), outer.parts.end());
    return result;
}

}}  // namespace comir::COMIR_ABI
