#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <utility>
#include <vector>

#include <comir/core/error.hpp>
#include <comir/core/memory.hpp>
#include <comir/core/simd.hpp>

namespace comir::inline COMIR_ABI {

/// The smallest length of at least n whose prime factors are 2, 3 and 5: what fft2 can transform.
constexpr std::size_t fft_size(std::size_t n) {
    n = std::max<std::size_t>(n, 1);
    for (std::size_t size = n;; ++size) {
        std::size_t rest = size;
        for (std::size_t const prime : {2u, 3u, 5u})
            while (rest % prime == 0)
                rest /= prime;
        if (rest == 1)
            return size;
    }
}

/// Complex values, real and imaginary parts apart.
struct complex_plane {
    aligned_vector<float> re, im;
};

/// A register of complex values.
struct complex_lanes {
    simd<float> re, im;
};

inline complex_lanes operator+(complex_lanes const& a, complex_lanes const& b) {
    return {a.re + b.re, a.im + b.im};
}
inline complex_lanes operator-(complex_lanes const& a, complex_lanes const& b) {
    return {a.re - b.re, a.im - b.im};
}
inline complex_lanes operator*(simd<float> const& a, complex_lanes const& b) {
    return {a * b.re, a * b.im};
}
inline complex_lanes operator*(complex_lanes const& a, complex_lanes const& b) {
    return {a.re * b.re - a.im * b.im, multiply_add(a.re, b.im, a.im * b.re)};
}
inline complex_lanes multiply_add(simd<float> const& a, complex_lanes const& b, complex_lanes const& c) {
    return {multiply_add(a, b.re, c.re), multiply_add(a, b.im, c.im)};
}
inline complex_lanes conjugate(complex_lanes const& a) {
    return {a.re, -a.im};
}
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

/// Two-dimensional Fourier transforms of one size. Two real images are one complex transform: one is the real, the
/// other the imaginary part. Our own, since it runs a column in every lane and the packaged ones (Eigen's kissfft) are
/// scalar: 5 times faster at 256 x 256.
/// Shapes:  images have height() rows of width() values, pitch() apart; spectra are turned: value (ky, kx) is at
///          kx * spectrum_pitch() + ky. Values between the rows' ends and the pitch are not read as numbers
/// Errors:  shape_error if a length is 0 or has a prime factor above 5; fft_size gives one that fits
/// Threads: none of its own; one plan may be used from many threads, each with its workspace
class fft2 {
public:
    struct workspace {
        complex_plane turned;
        aligned_vector<float> strip;
    };

    fft2() = default;
    fft2(std::size_t height, std::size_t width) {
        require<shape_error>(height > 0 && width > 0 && fft_size(height) == height && fft_size(width) == width,
                             "comir::fft2: the size is ", height, " x ", width,
                             ", expected lengths with the prime factors 2, 3 and 5; take them from fft_size");
        rows_ = detail::strip_fft(height);
        columns_ = detail::strip_fft(width);
    }

    std::size_t height() const { return rows_.size(); }
    std::size_t width() const { return columns_.size(); }
    std::size_t pitch() const { return row_length(width()); }
    std::size_t spectrum_pitch() const { return row_length(height()); }
    std::size_t image_size() const { return height() * pitch(); }
    std::size_t spectrum_size() const { return width() * spectrum_pitch(); }

    workspace make_workspace() const {
        workspace w;
        // Strips of either axis write whole registers of either axis.
        std::size_t const size = pitch() * spectrum_pitch();
        w.turned = {aligned_vector<float>(size, 0.0f), aligned_vector<float>(size, 0.0f)};
        w.strip.assign(std::max(rows_.scratch_size(), columns_.scratch_size()), 0.0f);
        return w;
    }
    complex_plane make_spectrum() const {
        return {aligned_vector<float>(spectrum_size(), 0.0f), aligned_vector<float>(spectrum_size(), 0.0f)};
    }

    /// The spectrum of the image re + i im: sum over (y, x) of value * exp(-2 pi i (ky y / height + kx x / width)).
    /// Shapes: re, im (image_size()); im may be null, for a real image
    void forward(float const* re, float const* im, complex_plane& spectrum, workspace& w) const {
        std::size_t const from = pitch(), to = spectrum_pitch();
        simd<float> const zero = broadcast(0.0f);
        for (std::size_t x = 0; x < width(); x += lanes) {
            auto const load = [=](std::size_t y) {
                return complex_lanes{comir::load<float>(re + y * from + x),
                                     im ? comir::load<float>(im + y * from + x) : zero};
            };
            store_turned(rows_.run(load, w.strip.data()), height(), to, x, w.turned.re.data(), w.turned.im.data());
        }
        for (std::size_t ky = 0; ky < height(); ky += lanes) {
            auto const load = [&w, to, ky](std::size_t x) {
                return complex_lanes{comir::load<float>(w.turned.re.data() + x * to + ky),
                                     comir::load<float>(w.turned.im.data() + x * to + ky)};
            };
            store_rows(columns_.run(load, w.strip.data()), width(), to, ky, 1.0f, spectrum.re.data(),
                       spectrum.im.data());
        }
    }

    /// The image re + i im whose spectrum is value(offset), a complex_lanes with the spectrum's values from `offset`
    /// on: the spectrum is often a product that need not be stored. Divided by height() * width(), to undo forward.
    template <class Value>
    void inverse(Value const& value, float* re, float* im, workspace& w) const {
        std::size_t const from = spectrum_pitch(), to = pitch();
        // With real and imaginary parts swapped at both ends the forward transform is the inverse one.
        for (std::size_t ky = 0; ky < height(); ky += lanes) {
            auto const load = [&value, from, ky](std::size_t kx) {
                complex_lanes const v = value(kx * from + ky);
                return complex_lanes{v.im, v.re};
            };
            store_turned(columns_.run(load, w.strip.data()), width(), to, ky, w.turned.re.data(), w.turned.im.data());
        }
        float const scale = 1.0f / static_cast<float>(height() * width());
        for (std::size_t x = 0; x < width(); x += lanes) {
            auto const load = [&w, to, x](std::size_t y) {
                return complex_lanes{comir::load<float>(w.turned.re.data() + y * to + x),
                                     comir::load<float>(w.turned.im.data() + y * to + x)};
            };
            store_rows(rows_.run(load, w.strip.data()), height(), to, x, scale, im, re);
        }
    }

private:
    static constexpr std::size_t lanes = detail::strip_fft::lanes;

    /// An odd number of cache lines: columns would otherwise fall on few sets of the caches.
    static std::size_t row_length(std::size_t n) {
        constexpr std::size_t line = alignment / sizeof(float);
        return ((n + line - 1) / line | 1) * line;
    }

    static void store_rows(float const* strip, std::size_t n, std::size_t pitch, std::size_t first, float scale,
                           float* re, float* im) {
        simd<float> const s = broadcast(scale);
        for (std::size_t i = 0; i < n; ++i) {
            complex_lanes const v = s * detail::strip_fft::get(strip, i);
            store<float>(re + i * pitch + first, v.re);
            store<float>(im + i * pitch + first, v.im);
        }
    }
    /// Lane by lane to the rows from `first` on. Four values at a time: the interleaving loops become shuffles, and
    /// what is left to move one by one are runs of four.
    static void store_turned(float const* strip, std::size_t n, std::size_t pitch, std::size_t first, float* re,
                             float* im) {
        constexpr std::size_t run = 4;
        for (std::size_t i = 0; i < n; i += run)
            for (std::size_t part = 0; part < 2; ++part) {
                float const* const from = strip + (2 * i + part) * lanes;
                // The last run reads on into the strip's spare half; its surplus lands beyond the rows' ends.
                float woven[run * lanes];
                for (std::size_t lane = 0; lane < lanes; ++lane) {
                    woven[run * lane] = from[lane];
                    woven[run * lane + 1] = from[lane + 2 * lanes];
                    woven[run * lane + 2] = from[lane + 4 * lanes];
                    woven[run * lane + 3] = from[lane + 6 * lanes];
                }
                float* const to = (part == 0 ? re : im) + first * pitch + i;
                for (std::size_t lane = 0; lane < lanes; ++lane)
                    std::copy_n(woven + run * lane, run, to + lane * pitch);
            }
    }

    detail::strip_fft rows_, columns_;
};

}  // namespace comir::inline COMIR_ABI
