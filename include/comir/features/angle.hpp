#pragma once

#include <comir/core/simd.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// The angle of (x, y) in turns, 0 to 1, within 2e-6; 0 for (0, 0). An angle just below 1 may be rounded to 1.
template <class V>
V turns_of(V const& x, V const& y) {
    V const ax = absolute(x), ay = absolute(y);
    // The least normal number keeps 0 / 0 away and changes no other quotient.
    V const q = minimum(ax, ay) / maximum(maximum(ax, ay), V(1.17549435e-38f)), q2 = q * q;
    // atan(q) / 2 pi on 0 to 1: our fit of five odd powers with the least largest error.
    V turns = multiply_add(V(0.00331760291f), q2, V(-0.0135530541f));
    turns = multiply_add(turns, q2, V(0.0286732423f));
    turns = multiply_add(turns, q2, V(-0.0525696394f));
    turns = q * multiply_add(turns, q2, V(0.159133669f));
    turns = where_positive(ay - ax, V(0.25f) - turns, turns);
    turns = where_positive(-x, V(0.5f) - turns, turns);
    return where_positive(-y, V(1.0f) - turns, turns);
}

}}}  // namespace comir::COMIR_ABI::detail
