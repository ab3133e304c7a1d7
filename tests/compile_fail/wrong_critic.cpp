// expect: comir: info_nce needs a critic: a struct with a name, similarities(points, s, threads) const and
#include <array>
#include <string_view>

#include <comir/contrastive/info_nce.hpp>

struct forgot_backward {
    static constexpr std::string_view name = "forgot_backward";

    template <class T>
    void similarities(comir::point_matrix<T const>, comir::square_view<double>, int) const {}
};

int main() {
    comir::tensor<float> a({2, 1, 4, 4}), b({2, 1, 4, 4}), da({2, 1, 4, 4}), db({2, 1, 4, 4});
    std::array<comir::tensor_view<float const>, 2> const x{a.view(), b.view()};
    std::array<comir::tensor_view<float>, 2> const dx{da.view(), db.view()};
    comir::info_nce<forgot_backward> loss({.temperature = 0.1});
    return loss.gradient(x, dx).loss > 0 ? 1 : 0;
}
