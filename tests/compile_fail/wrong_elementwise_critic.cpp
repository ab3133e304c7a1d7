// expect: comir: elementwise_critic needs value(x, y), derivative(x, y), similarity(mean) and
#include <array>
#include <string_view>

#include <comir/contrastive/elementwise_critic.hpp>
#include <comir/contrastive/info_nce.hpp>

struct forgot_derivative : comir::elementwise_critic<forgot_derivative> {
    static constexpr std::string_view name = "forgot_derivative";

    template <class V>
    V value(V const& x, V const& y) const {
        return x * y;
    }
    double similarity(double mean) const { return mean; }
    double slope(double) const { return 1; }
};

int main() {
    comir::tensor<float> a({2, 1, 4, 4}), b({2, 1, 4, 4}), da({2, 1, 4, 4}), db({2, 1, 4, 4});
    std::array<comir::tensor_view<float const>, 2> const x{a.view(), b.view()};
    std::array<comir::tensor_view<float>, 2> const dx{da.view(), db.view()};
    comir::info_nce<forgot_derivative> loss;
    return loss.gradient(x, dx).loss > 0 ? 1 : 0;
}
