#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include <comir/io/any_image.hpp>
#include <comir/io/atomic_file.hpp>
#include <comir/io/tiff_nodata.hpp>
#include <comir/io/tiff_stream.hpp>
#include <comir/io/tiff_tags.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// What a file says of its pixels beside their values.
struct image_facts {
    bool alpha = false, premultiplied = false;
    std::optional<double> nodata{};
    geo_reference geo{};
    std::string page_name{};
    std::optional<std::array<double, 2>> offset{};
};

inline image_facts facts_of(stored_image const& image) {
    return {image.alpha, image.premultiplied, image.nodata, image.geo, image.page_name, image.offset};
}

template <class T>
void write_tiff_tags(tiff_stream const& file, image<T> const& source, std::uint32_t rows_per_strip,
                     image_facts const& facts) {
    auto const set = [&](std::uint32_t tag, auto... value) {
        require(TIFFSetField(file.get(), tag, value...) == 1, file.where(),
                ": cannot write the TIFF file: ", file.reason());
    };
    constexpr bool integers = std::is_integral_v<T>;
    // ITK mixes the channels of other grey images into one without a word; those of RGB it reads whole, however many.
    bool const colour = source.channels() > (facts.alpha ? 2u : 1u);
    set(TIFFTAG_IMAGEWIDTH, static_cast<std::uint32_t>(source.width()));
    set(TIFFTAG_IMAGELENGTH, static_cast<std::uint32_t>(source.height()));
    set(TIFFTAG_SAMPLESPERPIXEL, static_cast<int>(source.channels()));
    set(TIFFTAG_BITSPERSAMPLE, static_cast<int>(8 * sizeof(T)));
    set(TIFFTAG_SAMPLEFORMAT, !integers             ? SAMPLEFORMAT_IEEEFP
                              : std::is_signed_v<T> ? SAMPLEFORMAT_INT
                                                    : SAMPLEFORMAT_UINT);
    set(TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
    set(TIFFTAG_PHOTOMETRIC, colour ? PHOTOMETRIC_RGB : PHOTOMETRIC_MINISBLACK);
    set(TIFFTAG_ROWSPERSTRIP, rows_per_strip);
    // Float values hardly shrink. Of the compressions without loss, deflate is the one that most programs read.
    int const compression =
        TIFFIsCODECConfigured(COMPRESSION_ADOBE_DEFLATE) == 1 ? COMPRESSION_ADOBE_DEFLATE : COMPRESSION_LZW;
    set(TIFFTAG_COMPRESSION, integers ? compression : COMPRESSION_NONE);
    if (integers)
        set(TIFFTAG_PREDICTOR, PREDICTOR_HORIZONTAL);
    std::size_t const named = std::min<std::size_t>(source.channels(), colour ? 3 : 1);
    if (std::size_t const extra = source.channels() - named; extra > 0) {
        std::vector<std::uint16_t> kinds(extra, EXTRASAMPLE_UNSPECIFIED);
        if (facts.alpha)
            kinds.back() = facts.premultiplied ? EXTRASAMPLE_ASSOCALPHA : EXTRASAMPLE_UNASSALPHA;
        set(TIFFTAG_EXTRASAMPLES, static_cast<int>(extra), kinds.data());
    }
    if (source.spacing[0] > 0 && source.spacing[1] > 0 && (source.spacing[0] != 1.0 || source.spacing[1] != 1.0)) {
        set(TIFFTAG_RESOLUTIONUNIT, RESUNIT_CENTIMETER);
        set(TIFFTAG_XRESOLUTION, 10 / source.spacing[0]);
        set(TIFFTAG_YRESOLUTION, 10 / source.spacing[1]);
    }
    if (facts.nodata)
        write_nodata_tag(file, *facts.nodata);
    write_geo_tags(file, facts.geo);
    if (!facts.page_name.empty())
        set(TIFFTAG_PAGENAME, facts.page_name.c_str());
    if (facts.offset)
        set(TIFFTAG_IMAGEDESCRIPTION, offset_description(*facts.offset).c_str());
}

/// A TIFF file that grows page by page and appears under its name only when it is complete.
class tiff_writer {
public:
    /// `bytes` are those of all pages' pixels; classic TIFF holds no more than 4 GB.
    tiff_writer(std::string const& who, std::filesystem::path const& path, std::uint64_t bytes)
        : where_(who + ": " + path.string()),
          output_(who, path),
          // Compression can make noise half as large again.
          file_(output_, where_, bytes > std::uint64_t{5} << 29) {}

    /// Errors: shape_error if the image has more channels or pixels than the format holds; error if it cannot be written
    template <class T>
    void add(image<T> const& source, image_facts const& facts) {
        constexpr std::size_t most = std::numeric_limits<std::uint32_t>::max();
        require<shape_error>(source.channels() <= 65535 && source.width() <= most && source.height() <= most, where_,
                             ": the image is ", to_string(source.shape()),
                             ", TIFF files hold at most 65535 channels and ", most, " rows and columns");
        std::size_t const row_values = source.width() * source.channels();
        // Strips of about 64 KB: small enough to read a part of the image, large enough to compress well.
        std::size_t const rows_per_strip =
            std::min(source.height(), std::max<std::size_t>(1, 65536 / (row_values * sizeof(T))));
        std::vector<T> strip(rows_per_strip * row_values);
        write_tiff_tags(file_, source, static_cast<std::uint32_t>(rows_per_strip), facts);
        bool good = true;
        for (std::size_t y0 = 0; good && y0 < source.height(); y0 += rows_per_strip) {
            std::size_t const rows = std::min(rows_per_strip, source.height() - y0);
            for (std::size_t y = 0; y < rows; ++y)
                interleave_row(source, y0 + y, strip.data() + y * row_values);
            auto const bytes = static_cast<tmsize_t>(rows * row_values * sizeof(T));
            good = TIFFWriteEncodedStrip(file_.get(), static_cast<std::uint32_t>(y0 / rows_per_strip), strip.data(),
                                         bytes) == bytes;
        }
        good = good && TIFFWriteDirectory(file_.get()) == 1;
        output_.check();  // the system's words for a full disk say more than libtiff's
        require(good, where_, ": cannot write the TIFF file: ", file_.reason());
    }
    void commit() { output_.commit(); }

private:
    std::string where_;
    atomic_file output_;
    tiff_stream file_;
};

template <class T>
void write_tiff(std::string const& who, std::filesystem::path const& path, image<T> const& source,
                image_facts const& facts) {
    tiff_writer file(who, path, source.shape().size() * sizeof(T));
    file.add(source, facts);
    file.commit();
}

}}}  // namespace comir::COMIR_ABI::detail
