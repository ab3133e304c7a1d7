// expect: comir: pair_critic needs a pair function: a struct with a name, value(x, y) const and
#include <array>

#include <comir/contrastive/info_nce.hpp>
#include <comir/contrastive/pair_critic.hpp>

struct forgot_name_and_gradient {
    float value(float, float) const { return 0; }
};

int main() {
    comir::tensor<float> a({2, 1, 4, 4}), b({2, 1, 4, 4}), da({2, 1, 4, 4}), db({2, 1, 4, 4});
    std::array<comir::tensor_view<float const>, 2> const x{a.view(), b.view()};
    std::array<comir::tensor_view<float>, 2> const dx{da.view(), db.view()};
    comir::info_nce<comir::pair_critic<forgot_name_and_gradient>> loss;
    return loss.gradient(x, dx).loss > 0 ? 1 : 0;
}
