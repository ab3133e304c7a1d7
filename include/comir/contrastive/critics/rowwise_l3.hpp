#pragma once

#include <cmath>
#include <string_view>

#include <comir/contrastive/rowwise_norm.hpp>

namespace comir { inline namespace COMIR_ABI {

namespace detail {

struct rowwise_l3 {
    static constexpr std::string_view name = "rowwise_l3";

    template <class V>
    static void accumulate(V& total, V&, V const& d) {
        total = multiply_add(d * d, absolute(d), total);
    }
    template <class T>
    static T norm(T total) {
        return std::cbrt(total);
    }
    template <class T>
    static T slope(T total, T) {
        T const root = std::cbrt(total);
        return root > T{0} ? T{1} / (root * root) : T{0};
    }
    template <class V>
    static V shape(V const& d, V const&) {
        return d * absolute(d);
    }
};

}  // namespace detail

/// Critic: minus the mean, over channels and columns, of the 3-norm of the difference down the rows, as in the
/// original CoMIR program, where l3_critic takes one norm of the whole. Equal values have zero gradient.
struct rowwise_l3_critic : pair_critic<detail::rowwise_norm_pair<detail::rowwise_l3>> {};

}}  // namespace comir::COMIR_ABI
