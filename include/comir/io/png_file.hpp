#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <csetjmp>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include <png.h>

#include <comir/io/any_image.hpp>
#include <comir/io/atomic_file.hpp>
#include <comir/io/input_file.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

// libpng leaves by longjmp when something is wrong, which skips destructors. So each group of calls to it stands in a
// noexcept member function of png_stream that has only trivial locals, returns false on failure and never allocates.

/// A libpng reader or writer and the reason of its failure.
class png_stream {
public:
    explicit png_stream(input_file& file)
        : png_(png_create_read_struct(PNG_LIBPNG_VER_STRING, this, on_error, on_warning)), reading_(true) {
        prepare();
        png_set_read_fn(png_, &file, [](png_structp png, png_bytep target, std::size_t count) {
            if (static_cast<input_file*>(png_get_io_ptr(png))->try_read(target, count) != count)
                png_error(png, "the file ends too early");
        });
    }
    explicit png_stream(atomic_file& file)
        : png_(png_create_write_struct(PNG_LIBPNG_VER_STRING, this, on_error, on_warning)), reading_(false) {
        prepare();
        png_set_write_fn(
            png_, &file,
            [](png_structp png, png_bytep source, std::size_t count) {
                if (!static_cast<atomic_file*>(png_get_io_ptr(png))->try_write(source, count))
                    png_error(png, "cannot write");
            },
            [](png_structp) {});
    }
    ~png_stream() {
        if (reading_)
            png_destroy_read_struct(&png_, &info_, nullptr);
        else
            png_destroy_write_struct(&png_, &info_);
    }
    png_stream(png_stream const&) = delete;
    png_stream& operator=(png_stream const&) = delete;

    char const* reason() const { return reason_; }
    std::uint32_t width() const { return png_get_image_width(png_, info_); }
    std::uint32_t height() const { return png_get_image_height(png_, info_); }
    unsigned depth() const { return png_get_bit_depth(png_, info_); }
    unsigned stored_channels() const { return png_get_channels(png_, info_); }
    bool alpha() const {
        return (png_get_color_type(png_, info_) & PNG_COLOR_MASK_ALPHA) != 0 ||
               png_get_valid(png_, info_, PNG_INFO_tRNS) != 0;
    }
    unsigned channels() const {
        return ((png_get_color_type(png_, info_) & PNG_COLOR_MASK_COLOR) != 0 ? 3u : 1u) + (alpha() ? 1u : 0u);
    }

    /// The numbers of the chunk sCAL as ITK takes them, whatever its unit byte says: it writes the spacing there and
    /// always calls it metres. Nothing if the chunk is missing or holds no sizes.
    std::optional<std::array<double, 2>> scale() const {
        int unit = 0;
        double x = 0.0, y = 0.0;
        if (png_get_sCAL(png_, info_, &unit, &x, &y) != PNG_INFO_sCAL || !std::isnormal(x) || !std::isnormal(y) ||
            x <= 0.0 || y <= 0.0)
            return {};
        return std::array<double, 2>{x, y};
    }

    bool read_header() noexcept {
        if (setjmp(png_jmpbuf(png_)) != 0)
            return false;
        png_read_info(png_, info_);
        return true;
    }
    /// Palettes, 1, 2 and 4 bits and a transparent colour expanded, rows of `row_bytes` in the machine's byte order.
    bool read_rows(png_bytep* rows, std::size_t row_bytes) noexcept {
        if (setjmp(png_jmpbuf(png_)) != 0)
            return false;
        png_set_expand(png_);
        if constexpr (std::endian::native == std::endian::little)
            png_set_swap(png_);
        png_set_interlace_handling(png_);
        png_read_update_info(png_, info_);
        if (png_get_rowbytes(png_, info_) != row_bytes)
            png_error(png_, "the rows have an unexpected size");
        png_read_image(png_, rows);
        png_read_end(png_, nullptr);
        return true;
    }
    /// The chunk oFFs where it is in pixels.
    std::optional<std::array<double, 2>> offset() const {
        png_int_32 x = 0, y = 0;
        int unit = 0;
        if (png_get_oFFs(png_, info_, &x, &y, &unit) == 0 || unit != PNG_OFFSET_PIXEL)
            return {};
        return std::array<double, 2>{static_cast<double>(x), static_cast<double>(y)};
    }
    template <class T>
    bool write(image<T> const& source, T* row, std::array<std::string, 2> const& scale,
               std::array<png_int_32, 2> const* offset) noexcept {
        static constexpr int colour_types[] = {PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA, PNG_COLOR_TYPE_RGB,
                                               PNG_COLOR_TYPE_RGB_ALPHA};
        if (setjmp(png_jmpbuf(png_)) != 0)
            return false;
        png_set_IHDR(png_, info_, static_cast<png_uint_32>(source.width()), static_cast<png_uint_32>(source.height()),
                     static_cast<int>(8 * sizeof(T)), colour_types[source.channels() - 1], PNG_INTERLACE_NONE,
                     PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
        if (!scale[0].empty())
            png_set_sCAL_s(png_, info_, PNG_SCALE_METER, scale[0].c_str(), scale[1].c_str());
        if (offset)
            png_set_oFFs(png_, info_, (*offset)[0], (*offset)[1], PNG_OFFSET_PIXEL);
        png_write_info(png_, info_);
        if constexpr (std::endian::native == std::endian::little && sizeof(T) == 2)
            png_set_swap(png_);
        for (std::size_t y = 0; y < source.height(); ++y) {
            interleave_row(source, y, row);
            png_write_row(png_, reinterpret_cast<png_const_bytep>(row));
        }
        png_write_end(png_, info_);
        return true;
    }

private:
    void prepare() {
        if (png_)
            info_ = png_create_info_struct(png_);
        if (!info_) {
            if (reading_)
                png_destroy_read_struct(&png_, nullptr, nullptr);
            else
                png_destroy_write_struct(&png_, nullptr);
            fail("comir: libpng cannot start: ", reason_[0] != '\0' ? reason_ : "out of memory");
        }
        // libpng's own limit of a million columns would refuse long scans; the number of values is checked here.
        png_set_user_limits(png_, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    }
    static void on_error(png_structp png, png_const_charp text) {
        auto* self = static_cast<png_stream*>(png_get_error_ptr(png));
        std::snprintf(self->reason_, sizeof self->reason_, "%s", text);
        png_longjmp(png, 1);
    }
    static void on_warning(png_structp, png_const_charp) {}

    char reason_[200] = "";
    png_structp png_;
    png_infop info_ = nullptr;
    bool reading_;
};

template <class T>
image<T> read_png_pixels(png_stream& png, std::string const& where, image_shape shape) {
    std::size_t const row_values = shape.w * shape.c;
    std::vector<T> pixels(shape.size());
    std::vector<png_bytep> rows(shape.h);
    for (std::size_t y = 0; y < shape.h; ++y)
        rows[y] = reinterpret_cast<png_bytep>(pixels.data() + y * row_values);
    require<format_error>(png.read_rows(rows.data(), row_values * sizeof(T)), where,
                          ": the PNG file is damaged: ", png.reason());
    image<T> result(shape);
    for (std::size_t c = 0; c < shape.c; ++c)
        for (std::size_t i = 0; i < shape.h * shape.w; ++i)
            result.channel(c)[i] = pixels[i * shape.c + c];
    return result;
}

/// What a PNG file says before its pixels.
struct png_header {
    image_shape shape{};  // as it is read
    bool deep = false;    // 16 bits
    bool alpha = false;
    std::optional<std::array<double, 2>> spacing{};
};

/// ITK's unit is the millimetre, and 1 is what it writes where it knows no size.
inline std::optional<pixel_size> png_pixel_size(png_header const& header) {
    if (!header.spacing || *header.spacing == std::array<double, 2>{1.0, 1.0})
        return {};
    return checked_pixel_size(1e3 * (*header.spacing)[0], 1e3 * (*header.spacing)[1], "sCAL");
}

inline png_header check_png_header(png_stream& png, input_file const& file, read_image_options options) {
    std::string const& where = file.where();
    require(options.page == 0, where, ": page ", options.page, " was asked for, expected 0: a PNG file has one page");
    require<format_error>(png.read_header(), where, ": the PNG file is damaged: ", png.reason());
    image_shape const shape = checked_image_shape(where, png.channels(), png.height(), png.width(), options.max_values);
    // Deflate shrinks data to 1/1032 at best (a 258-byte copy in 2 bits): more cannot come out of this file, and
    // nothing is allocated for a promise that it cannot keep.
    double const stored_bits = static_cast<double>(png.width()) * png.height() * png.depth() * png.stored_channels();
    require<format_error>(stored_bits / 8 <= 1032.0 * static_cast<double>(file.size()), where,
                          ": the PNG file is damaged: ", file.size(), " bytes cannot hold the declared ", png.width(),
                          " x ", png.height(), " pixels");
    return {shape, png.depth() == 16, png.alpha(), png.scale()};
}

inline png_header read_png_header(std::string const& who, std::filesystem::path const& path) {
    input_file file(who, path);
    png_stream png(file);
    return check_png_header(png, file, {});
}

inline stored_image read_png(std::string const& who, std::filesystem::path const& path, read_image_options options) {
    input_file file(who, path);
    std::string const& where = file.where();
    png_stream png(file);
    png_header const header = check_png_header(png, file, options);
    stored_image result{.alpha = header.alpha};
    result.offset = png.offset();
    if (header.deep)
        result.pixels = read_png_pixels<std::uint16_t>(png, where, header.shape);
    else
        result.pixels = read_png_pixels<std::uint8_t>(png, where, header.shape);
    if (header.spacing)
        std::visit([&](auto& held) { held.spacing = *header.spacing; }, result.pixels);
    result.size = png_pixel_size(header);
    return result;
}

/// The shortest digits that are read back as the same number. libpng itself would keep five.
inline std::string png_number(double value) {
    std::array<char, 40> text{};
    return {text.data(), std::to_chars(text.data(), text.data() + text.size(), value).ptr};
}

template <class T>
void write_png(std::string const& who, std::filesystem::path const& path, image<T> const& source,
               std::optional<std::array<double, 2>> const& offset) {
    std::string const where = who + ": " + path.string();
    if constexpr (std::is_same_v<T, float>) {
        fail(where, ": PNG files hold 8 or 16 bits, the image is float; write a .tif file or convert it first");
    } else {
        require<shape_error>(source.channels() >= 1 && source.channels() <= 4, where, ": the image has ",
                             source.channels(), " channels, PNG files hold 1 to 4; write a .tif file");
        require<shape_error>(source.width() <= PNG_UINT_31_MAX && source.height() <= PNG_UINT_31_MAX, where,
                             ": the image is ", to_string(source.shape()),
                             ", PNG files have at most 2147483647 rows "
                             "and columns");
        std::vector<T> row(source.width() * source.channels());
        atomic_file file(who, path);
        png_stream png(file);
        std::array<std::string, 2> scale;
        if (source.spacing[0] > 0 && source.spacing[1] > 0 && source.spacing != std::array<double, 2>{1.0, 1.0})
            scale = {png_number(source.spacing[0]), png_number(source.spacing[1])};
        std::array<png_int_32, 2> whole{};
        for (std::size_t i = 0; offset && i < 2; ++i)
            whole[i] = static_cast<png_int_32>(std::clamp((*offset)[i], -2147483647.0, 2147483647.0));
        bool const written = png.write(source, row.data(), scale, offset ? &whole : nullptr);
        file.check();  // the system's words for a full disk say more than libpng's
        require(written, where, ": cannot write the PNG file: ", png.reason());
        file.commit();
    }
}

}}}  // namespace comir::COMIR_ABI::detail
