#pragma once

#include <array>
#include <string>
#include <string_view>

#include <comir/contrastive/critic.hpp>
#include <comir/contrastive/critics/angular.hpp>
#include <comir/contrastive/critics/correlation.hpp>
#include <comir/contrastive/critics/cosine.hpp>
#include <comir/contrastive/critics/euclidean.hpp>
#include <comir/contrastive/critics/huber.hpp>
#include <comir/contrastive/critics/l1.hpp>
#include <comir/contrastive/critics/l3.hpp>
#include <comir/contrastive/critics/linf.hpp>
#include <comir/contrastive/critics/mse.hpp>
#include <comir/contrastive/critics/rowwise_cosine.hpp>
#include <comir/contrastive/critics/rowwise_euclidean.hpp>
#include <comir/contrastive/critics/rowwise_l1.hpp>
#include <comir/contrastive/critics/rowwise_l3.hpp>
#include <comir/contrastive/critics/rowwise_linf.hpp>
#include <comir/contrastive/critics/soft_correlation.hpp>
#include <comir/core/error.hpp>

namespace comir { inline namespace COMIR_ABI {

namespace detail {

struct critic_entry {
    std::string_view name;
    void (*similarities)(point_matrix<float const>, square_view<double>, int);
    void (*backward)(point_matrix<float const>, square_view<double const>, square_view<double>, point_matrix<float>,
                     int);
};

template <critic Critic>
constexpr critic_entry make_critic_entry() {
    return {
        Critic::name,
        [](point_matrix<float const> x, square_view<double> s, int threads) { Critic{}.similarities(x, s, threads); },
        [](point_matrix<float const> x, square_view<double const> s, square_view<double> ds, point_matrix<float> dx,
           int threads) { Critic{}.backward(x, s, ds, dx, threads); }};
}

template <critic... Critics>
constexpr std::array<critic_entry, sizeof...(Critics)> make_critic_table() {
    return {make_critic_entry<Critics>()...};
}

inline constexpr auto critic_table =
    make_critic_table<mse_critic, l1_critic, euclidean_critic, l3_critic, linf_critic, huber_critic, correlation_critic,
                      soft_correlation_critic, cosine_critic, angular_critic, rowwise_l1_critic,
                      rowwise_euclidean_critic, rowwise_l3_critic, rowwise_linf_critic, rowwise_cosine_critic>();

}  // namespace detail

/// One of the library's critics, chosen by its name while the program runs; for float representations.
/// Errors: error if no critic has the name, with those that are
class any_critic {
public:
    static constexpr std::string_view name = "any";

    explicit any_critic(std::string_view chosen = mse_critic::name) {
        for (detail::critic_entry const& entry : detail::critic_table)
            if (entry.name == chosen)
                entry_ = &entry;
        if (!entry_) {
            std::string known;
            for (detail::critic_entry const& entry : detail::critic_table)
                known += (known.empty() ? "" : ", ") + std::string(entry.name);
            fail("comir::any_critic: the critic is '", chosen, "', expected one of: ", known);
        }
    }

    std::string_view chosen() const { return entry_->name; }

    void similarities(point_matrix<float const> points, square_view<double> s, int threads) const {
        entry_->similarities(points, s, threads);
    }
    void backward(point_matrix<float const> points, square_view<double const> s, square_view<double> ds,
                  point_matrix<float> dpoints, int threads) const {
        entry_->backward(points, s, ds, dpoints, threads);
    }

private:
    detail::critic_entry const* entry_ = nullptr;
};

/// The names that any_critic knows.
inline constexpr auto critic_names = [] {
    std::array<std::string_view, detail::critic_table.size()> names{};
    for (std::size_t i = 0; i < names.size(); ++i)
        names[i] = detail::critic_table[i].name;
    return names;
}();

}}  // namespace comir::COMIR_ABI
