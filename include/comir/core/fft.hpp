#pragma once

#include <algorithm>
#include <cstddef>

#include <comir/core/error.hpp>
#include <comir/core/fft_strip.hpp>
#include <comir/core/memory.hpp>
#include <comir/core/simd.hpp>

namespace comir { inline namespace COMIR_ABI {

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

/// Two-dimensional Fourier transforms of one size. Two real images are one complex transform: one is the real, the
/// other the imaginary part. Our own, since it runs a column in every lane and the packaged ones (Eigen's kissfft) are
/// scalar: 5 times faster at 256 x 256.
/// Shapes:  images have height() rows of width() values, pitch() apart; spectra are turned: value (ky, kx) is at
///          kx * spectrum_pitch() + ky. Values between the rows' ends and the pitch are not read as numbers
/// Errors:  shape_error if a length is 0 or has a prime factor above 5; fft_size gives one that fits
/// Threads: none of its own; one plan may be used from many threads, each with its workspace
class fft2 {
public:
    /// Room for one transform after another, on one thread at a time; make_workspace gives it.
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

}}  // namespace comir::COMIR_ABI
