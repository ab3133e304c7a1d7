#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>

#include <comir/core/abi.hpp>
#include <comir/core/concepts.hpp>

// COMIR_SCALAR forces the one-lane fallback, for tests and for machines that xsimd does not know.
#if !defined(COMIR_SCALAR) && (defined(__SSE2__) || defined(__AVX__) || defined(__aarch64__))
#define COMIR_HAS_XSIMD 1
#include <xsimd/xsimd.hpp>
#else
#define COMIR_HAS_XSIMD 0
#endif

namespace comir { inline namespace COMIR_ABI {

#if COMIR_HAS_XSIMD

/// A register of values of T; its operators work lane by lane.
template <scalar T>
using simd = xsimd::batch<T>;

/// Lanes of a register of T.
template <scalar T>
inline constexpr std::size_t simd_width = simd<T>::size;

/// Vector registers of the instruction set; kernels size their blocks by it.
#if defined(__AVX512F__) || defined(__aarch64__)
inline constexpr std::size_t simd_registers = 32;
#else
inline constexpr std::size_t simd_registers = 16;
#endif

/// What the library was built for, for example "avx512bw".
inline char const* simd_name() {
    return xsimd::default_arch::name();
}

/// The value in every lane.
template <scalar T>
simd<T> broadcast(T value) {
    return simd<T>(value);
}
/// simd_width values from any address.
template <scalar T>
simd<T> load(T const* p) {
    return simd<T>::load_unaligned(p);
}
/// Writes simd_width values to any address.
template <scalar T>
void store(T* p, simd<T> const& v) {
    v.store_unaligned(p);
}
/// a * b + c, rounded once where the hardware can.
template <class V>
V multiply_add(V const& a, V const& b, V const& c) {
#if defined(__AVX512F__)
    // xsimd 8.1 multiplies, then adds, and Clang leaves it at that: half the speed.
    if constexpr (sizeof(typename V::value_type) == 4)
        return _mm512_fmadd_ps(a, b, c);
    else
        return _mm512_fmadd_pd(a, b, c);
#else
    return xsimd::fma(a, b, c);
#endif
}
/// Whether `shifted` is one instruction, cheaper than a load across two cache lines.
#if defined(__AVX512F__)
inline constexpr bool simd_shifts = true;
#else
inline constexpr bool simd_shifts = false;
#endif
/// The vector that begins `Lanes` lanes after `low`, with `high` behind it.
template <std::size_t Lanes, class V>
V shifted(V const& low, V const& high) {
#if defined(__AVX512F__)
    if constexpr (sizeof(typename V::value_type) == 4)
        return _mm512_castsi512_ps(
            _mm512_alignr_epi32(_mm512_castps_si512(high), _mm512_castps_si512(low), static_cast<int>(Lanes)));
    else
        return _mm512_castsi512_pd(
            _mm512_alignr_epi64(_mm512_castpd_si512(high), _mm512_castpd_si512(low), static_cast<int>(Lanes)));
#else
    typename V::value_type both[2 * V::size];
    low.store_unaligned(both);
    high.store_unaligned(both + V::size);
    return V::load_unaligned(both + Lanes);
#endif
}
/// The larger of two values, lane by lane.
template <class V>
V maximum(V const& a, V const& b) {
    return xsimd::max(a, b);
}
/// The smaller of two values.
template <class V>
V minimum(V const& a, V const& b) {
    return xsimd::min(a, b);
}
/// Lane by lane: condition > 0 ? a : b.
template <class V>
V where_positive(V const& condition, V const& a, V const& b) {
    return xsimd::select(condition > V(typename V::value_type(0)), a, b);
}
/// The absolute value.
template <class V>
V absolute(V const& a) {
    return xsimd::abs(a);
}
/// The square root.
template <class V>
V square_root(V const& a) {
    return xsimd::sqrt(a);
}
/// The exponential function.
template <class V>
V exponential(V const& a) {
    if constexpr (sizeof(typename V::value_type) == 8) {
        // xsimd converts the exponent to an integer before it looks at the range, which is undefined for what is not
        // a number and for huge values. Beyond 750 the result is 0 or infinity.
        auto const is_number = a == a;
        V const limited = xsimd::min(xsimd::max(xsimd::select(is_number, a, V(0)), V(-1000)), V(1000));
        return xsimd::select(is_number, xsimd::exp(limited), a);
    } else {
        return xsimd::exp(a);
    }
}
/// The natural logarithm.
template <class V>
V logarithm(V const& a) {
    return xsimd::log(a);
}
/// Sum of the lanes, in an order that depends on the width only.
template <class V>
typename V::value_type sum(V const& v) {
#if XSIMD_VERSION_MAJOR >= 9
    return xsimd::reduce_add(v);
#else
    return xsimd::hadd(v);
#endif
}
/// Lane i is the sum of the lanes of v[i], for as many vectors as a vector has lanes: all at once, half the work.
template <scalar T>
simd<T> lane_sums(simd<T> const* v) {
#if defined(__AVX512F__)
    // xsimd 8.1 gives these sums in another order.
    if constexpr (simd_width<T> == 16) {
        __m512 four[4];
#pragma GCC unroll 4
        for (int i = 0; i < 4; ++i) {
            __m512 const a = v[4 * i], b = v[4 * i + 1], c = v[4 * i + 2], d = v[4 * i + 3];
            __m512d const ab = _mm512_castps_pd(_mm512_add_ps(_mm512_unpacklo_ps(a, b), _mm512_unpackhi_ps(a, b)));
            __m512d const cd = _mm512_castps_pd(_mm512_add_ps(_mm512_unpacklo_ps(c, d), _mm512_unpackhi_ps(c, d)));
            four[i] = _mm512_add_ps(_mm512_castpd_ps(_mm512_unpacklo_pd(ab, cd)),
                                    _mm512_castpd_ps(_mm512_unpackhi_pd(ab, cd)));
        }
        auto const halves = [](__m512 a, __m512 b) {
            return _mm512_add_ps(_mm512_shuffle_f32x4(a, b, 0x88), _mm512_shuffle_f32x4(a, b, 0xdd));
        };
        return halves(halves(four[0], four[1]), halves(four[2], four[3]));
    }
#endif
    if constexpr (simd_width<T> < 16 && requires { xsimd::haddp(v); }) {
        return xsimd::haddp(v);
    } else {
        T sums[simd_width<T>];
        for (std::size_t i = 0; i < simd_width<T>; ++i)
            sums[i] = sum(v[i]);
        return load<T>(sums);
    }
}

#else

/// One lane with the operators of a register, where no vector instructions are known.
template <scalar T>
struct simd {
    using value_type = T;
    static constexpr std::size_t size = 1;

    T value;

    simd() = default;
    explicit simd(T v) : value(v) {}
    simd operator-() const { return simd(-value); }
    simd& operator+=(simd const& b) { return *this = *this + b; }
    simd& operator-=(simd const& b) { return *this = *this - b; }
    simd& operator*=(simd const& b) { return *this = *this * b; }
    friend simd operator+(simd const& a, simd const& b) { return simd(a.value + b.value); }
    friend simd operator-(simd const& a, simd const& b) { return simd(a.value - b.value); }
    friend simd operator*(simd const& a, simd const& b) { return simd(a.value * b.value); }
    friend simd operator/(simd const& a, simd const& b) { return simd(a.value / b.value); }
};

/// Values in a register.
template <scalar T>
inline constexpr std::size_t simd_width = 1;
/// Registers of the instruction set: what a kernel can keep beside its loads.
inline constexpr std::size_t simd_registers = 16;

/// The instruction set that the program was built for, such as "avx2".
inline char const* simd_name() {
    return "scalar";
}

/// The value in every lane.
template <scalar T>
simd<T> broadcast(T value) {
    return simd<T>(value);
}
/// simd_width values from any address.
template <scalar T>
simd<T> load(T const* p) {
    return simd<T>(*p);
}
/// Writes simd_width values to any address.
template <scalar T>
void store(T* p, simd<T> const& v) {
    *p = v.value;
}
/// a b + c, rounded once where the processor can.
template <class V>
V multiply_add(V const& a, V const& b, V const& c) {
    return V(a.value * b.value + c.value);
}
/// Whether `shifted` is quicker than a second load.
inline constexpr bool simd_shifts = false;
/// The lanes from `Lanes` on of two registers one after the other.
template <std::size_t Lanes, class V>
V shifted(V const& low, V const& high) {
    return Lanes == 0 ? low : high;
}
/// The larger of two values, lane by lane.
template <class V>
V maximum(V const& a, V const& b) {
    return V(std::max(a.value, b.value));
}
/// The smaller of two values.
template <class V>
V minimum(V const& a, V const& b) {
    return V(std::min(a.value, b.value));
}
/// a where the condition is above 0, else b.
template <class V>
V where_positive(V const& condition, V const& a, V const& b) {
    return condition.value > 0 ? a : b;
}
/// The absolute value.
template <class V>
V absolute(V const& a) {
    return V(std::abs(a.value));
}
/// The square root.
template <class V>
V square_root(V const& a) {
    return V(std::sqrt(a.value));
}
/// The exponential function.
template <class V>
V exponential(V const& a) {
    return V(std::exp(a.value));
}
/// The natural logarithm.
template <class V>
V logarithm(V const& a) {
    return V(std::log(a.value));
}
/// All lanes added up.
template <class V>
typename V::value_type sum(V const& v) {
    return v.value;
}
/// The sums of simd_width registers, one a lane.
template <scalar T>
simd<T> lane_sums(simd<T> const* v) {
    return *v;
}

#endif

}}  // namespace comir::COMIR_ABI
