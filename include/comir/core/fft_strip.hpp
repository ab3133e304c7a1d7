#pragma once

#include <cmath>
#include <cstddef>
#include <numbers>
#include <utility>
#include <vector>

#include <comir/core/simd.hpp>

namespace comir { inline namespace COMIR_ABI {

/// A register of complex values.
struct complex_lanes {
    simd<float> re, im;
};

/// The sum, lane by lane, as the operators below.
inline complex_lanes operator+(complex_lanes const& a, complex_lanes const& b) {
    return {a.re + b.re, a.im + b.im};
}
/// The difference.
inline complex_lanes operator-(complex_lanes const& a, complex_lanes const& b) {
    return {a.re - b.re, a.im - b.im};
}
/// The product with real numbers.
inline complex_lanes operator*(simd<float> const& a, complex_lanes const& b) {
    return {a * b.re, a * b.im};
}
/// The complex product.
inline complex_lanes operator*(complex_lanes const& a, complex_lanes const& b) {
    return {a.re * b.re - a.im * b.im, multiply_add(a.re, b.im, a.im * b.re)};
}
/// a b + c, a being real.
inline complex_lanes multiply_add(simd<float> const& a, complex_lanes const& b, complex_lanes const& c) {
    return {multiply_add(a, b.re, c.re), multiply_add(a, b.im, c.im)};
}
/// The complex conjugate.
inline complex_lanes conjugate(complex_lanes const& a) {
    return {a.re, -a.im};
}
/// The product with the imaginary unit.
inline complex_lanes times_i(complex_lanes const& a) {
    return {-a.im, a.re};
}

namespace detail {

/// Transforms along one axis of a grid, as many columns at once as a register has lanes.
/// Source: Stockham's autosort algorithm in the form of Van Loan 1992, Computational frameworks for the fast Fourier
///         transform, section 1.7, with radices 4, 2, 3 and 5
class strip_fft {
public:
    static constexpr std::size_t lanes = simd_width<float>;

    strip_fft() = default;
    explicit strip_fft(std::size_t n) : n_(n) {
        std::size_t rest = n, stride = 1;
        for (std::size_t const radix : {4u, 2u, 3u, 5u})
            while (rest % radix == 0) {
                std::size_t const m = rest / radix;
                stages_.push_back({radix, m, stride, twiddles_.size()});
                for (std::size_t p = 0; p < m; ++p)
                    for (std::size_t k = 1; k < radix; ++k) {
                        double const angle = -2.0 * std::numbers::pi * static_cast<double>(p * k % rest) /  //
                                             static_cast<double>(rest);
                        twiddles_.push_back(static_cast<float>(std::cos(angle)));
                        twiddles_.push_back(static_cast<float>(std::sin(angle)));
                    }
                rest = m;
                stride *= radix;
            }
    }

    std::size_t size() const { return n_; }
    /// With room to read three registers beyond the result, wherever it ends.
    std::size_t scratch_size() const { return (4 * n_ + 6) * lanes; }

    /// Transforms the column of registers load(0), load(1), ...; returns n of them, real after imaginary parts.
    template <class Load>
    float const* run(Load const& load, float* scratch) const {
        float* out = scratch;
        float* spare = scratch + 2 * n_ * lanes;
        if (stages_.empty())
            put(out, 0, load(0));
        for (std::size_t i = 0; i < stages_.size(); ++i) {
            if (i == 0) {
                run_stage(stages_[i], load, out);
            } else {
                std::swap(out, spare);
                run_stage(
                    stages_[i], [spare](std::size_t k) { return get(spare, k); }, out);
            }
        }
        return out;
    }

    static complex_lanes get(float const* from, std::size_t i) {
        return {comir::load<float>(from + 2 * i * lanes), comir::load<float>(from + (2 * i + 1) * lanes)};
    }

private:
    struct stage {
        std::size_t radix, m, stride, twiddle;
    };

    static void put(float* to, std::size_t i, complex_lanes const& v) {
        store<float>(to + 2 * i * lanes, v.re);
        store<float>(to + (2 * i + 1) * lanes, v.im);
    }
    template <class Load>
    void run_stage(stage const& s, Load const& load, float* out) const {
        float const* const twiddles = twiddles_.data() + s.twiddle;
        switch (s.radix) {
            case 2:
                return butterflies<2>(s, load, twiddles, out);
            case 3:
                return butterflies<3>(s, load, twiddles, out);
            case 4:
                return butterflies<4>(s, load, twiddles, out);
            default:
                return butterflies<5>(s, load, twiddles, out);
        }
    }
    template <std::size_t R, class Load>
    static void butterflies(stage const& s, Load const& load, float const* twiddles, float* out) {
        for (std::size_t p = 0; p < s.m; ++p, twiddles += 2 * (R - 1)) {
            auto const factor = [twiddles](std::size_t k) {
                return k < R ? complex_lanes{broadcast(twiddles[2 * k - 2]), broadcast(twiddles[2 * k - 1])}
                             : complex_lanes{broadcast(1.0f), broadcast(0.0f)};
            };
            complex_lanes const w1 = factor(1), w2 = factor(2), w3 = factor(3), w4 = factor(4);
            for (std::size_t q = 0; q < s.stride; ++q) {
                std::size_t const from = q + s.stride * p, step = s.stride * s.m;
                std::size_t const to = q + s.stride * R * p;
                complex_lanes const x0 = load(from), x1 = load(from + step);
                if constexpr (R == 2) {
                    put(out, to, x0 + x1);
                    put(out, to + s.stride, w1 * (x0 - x1));
                } else if constexpr (R == 3) {
                    complex_lanes const x2 = load(from + 2 * step);
                    complex_lanes const a = x1 + x2, b = multiply_add(broadcast(-0.5f), a, x0);
                    complex_lanes const c = times_i(broadcast(0.866025403784438647f) * (x2 - x1));
                    put(out, to, x0 + a);
                    put(out, to + s.stride, w1 * (b + c));
                    put(out, to + 2 * s.stride, w2 * (b - c));
                } else if constexpr (R == 4) {
                    complex_lanes const x2 = load(from + 2 * step), x3 = load(from + 3 * step);
                    complex_lanes const a = x0 + x2, b = x0 - x2, c = x1 + x3, d = times_i(x1 - x3);
                    put(out, to, a + c);
                    put(out, to + s.stride, w1 * (b - d));
                    put(out, to + 2 * s.stride, w2 * (a - c));
                    put(out, to + 3 * s.stride, w3 * (b + d));
                } else {
                    auto const c1 = broadcast(0.309016994374947424f), c2 = broadcast(-0.809016994374947424f);
                    auto const s1 = broadcast(-0.951056516295153572f), s2 = broadcast(-0.587785252292473129f);
                    complex_lanes const x2 = load(from + 2 * step), x3 = load(from + 3 * step),
                                        x4 = load(from + 4 * step);
                    complex_lanes const a = x1 + x4, b = x2 + x3, d = x1 - x4, e = x2 - x3;
                    complex_lanes const t1 = multiply_add(c2, b, multiply_add(c1, a, x0));
                    complex_lanes const t2 = multiply_add(c1, b, multiply_add(c2, a, x0));
                    complex_lanes const u1 = times_i(multiply_add(s2, e, s1 * d));
                    complex_lanes const u2 = times_i(s2 * d - s1 * e);
                    put(out, to, x0 + a + b);
                    put(out, to + s.stride, w1 * (t1 + u1));
                    put(out, to + 2 * s.stride, w2 * (t2 + u2));
                    put(out, to + 3 * s.stride, w3 * (t2 - u2));
                    put(out, to + 4 * s.stride, w4 * (t1 - u1));
                }
            }
        }
    }

    std::size_t n_ = 0;
    std::vector<stage> stages_;
    std::vector<float> twiddles_;
};

}  // namespace detail

}}  // namespace comir::COMIR_ABI
