#pragma once

#include <cmath>
#include <string_view>

#include <comir/contrastive/rowwise_norm.hpp>

namespace comir { inline namespace COMIR_ABI {

namespace detail {

struct rowwise_euclidean {
    static constexpr std::string_view name = "rowwise_euclidean";

    template <class V>
    static void accumulate(V& total, V&, V const& d) {
        total = multiply_add(d, d, total);
    }
    template <class T>
    static T norm(T total) {
        return std::sqrt(total);
    }
    template <class T>
    static T slope(T total, T) {
        return total > T{0} ? T{1} / std::sqrt(total) : T{0};
    }
    template <class V>
    static V shape(V const& d, V const&) {
        return d;
    }
};

}  // namespace detail

/// Critic: minus the mean, over channels and columns, of the Euclidean norm of the difference down the rows, as in the
/// original CoMIR program, where euclidean_critic takes one norm of the whole. Equal values have zero gradient.
struct rowwise_euclidean_critic : pair_critic<detail::rowwise_norm_pair<detail::rowwise_euclidean>> {};

}}  // namespace comir::COMIR_ABI
