#pragma once

#include <string_view>

#include <comir/contrastive/rowwise_norm.hpp>

namespace comir { inline namespace COMIR_ABI {

namespace detail {

struct rowwise_linf {
    static constexpr std::string_view name = "rowwise_linf";

    template <class V>
    static void accumulate(V& total, V& ties, V const& d) {
        V const size = absolute(d);
        ties = where_positive(size - total, V(1), where_positive(total - size, ties, ties + V(1)));
        total = maximum(total, size);
    }
    template <class T>
    static T norm(T total) {
        return total;
    }
    template <class T>
    static T slope(T total, T ties) {
        return total > T{0} ? T{1} / ties : T{0};
    }
    template <class V>
    static V shape(V const& d, V const& total) {
        return where_positive(total - absolute(d), V(0), sign(d));
    }
};

}  // namespace detail

/// Critic: minus the mean, over channels and columns, of the largest absolute difference down the rows, as in the
/// original CoMIR program, where linf_critic takes the largest of the whole. The gradient is shared evenly among the
/// rows that attain it; equal values have zero gradient.
struct rowwise_linf_critic : pair_critic<detail::rowwise_norm_pair<detail::rowwise_linf>> {};

}}  // namespace comir::COMIR_ABI
