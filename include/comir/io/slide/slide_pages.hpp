#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <comir/io/atomic_file.hpp>
#include <comir/io/ome_xml.hpp>
#include <comir/io/slide/block_encoder.hpp>
#include <comir/io/slide/pyramid_plan.hpp>
#include <comir/io/slide/scratch_file.hpp>
#include <comir/io/slide/slide_format.hpp>
#include <comir/io/tiff_nodata.hpp>
#include <comir/io/tiff_stream.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// The file of a slide that is written: takes compressed blocks in any order, of any page. libtiff writes one page after
/// another, so blocks of the first page go into the file at once and all others wait in a file without a name.
class slide_pages {
public:
    slide_pages(std::string const& who, std::filesystem::path const& path, slide_content content,
                slide_format const& format, sample_type type)
        : content_(std::move(content)),
          format_(format),
          interleaved_(content_.colour || (content_.alpha && content_.shape.c == 2)),
          block_{type,
                 interleaved_ ? content_.shape.c : 1,
                 content_.colour,
                 interleaved_ && content_.alpha,
                 content_.premultiplied,
                 format.compression,
                 format.quality},
          planes_(interleaved_ ? 1 : content_.shape.c),
          levels_(plan_pyramid({content_.shape.w, content_.shape.h}, format,
                               content_.shape.w * block_.samples * sample_bytes(type))),
          output_(who, path),
          file_(output_, who + ": " + path.string(), needs_big()),
          scratch_(file_.where(), path.has_parent_path() ? path.parent_path() : std::filesystem::path(".")) {
        pieces_.resize(planes_ * levels_.size());
        for (std::size_t plane = 0; plane < planes_; ++plane)
            for (std::size_t level = 0; level < levels_.size(); ++level)
                if (plane + level > 0)
                    pieces_[plane * levels_.size() + level].resize(levels_[level].blocks_across() *
                                                                   levels_[level].blocks_down());
        if (format.compression == slide_compression::jpeg) {
            tables_ = jpeg_tables(block_, {16, 16, true});
            check(!tables_.empty());
        }
        begin_page(0, 0);
    }

    std::string const& where() const { return file_.where(); }
    block_format const& block() const { return block_; }
    std::size_t planes() const { return planes_; }
    std::vector<planned_level> const& levels() const { return levels_; }

    /// A compressed block of a page, by its number in the page's order of blocks.
    void put(std::size_t plane, std::size_t level, std::size_t number, std::vector<unsigned char>& bytes) {
        require(!bytes.empty(), where(), ": libtiff cannot compress a block of the image");
        if (plane + level == 0)
            write_block(levels_[0], number, bytes);
        else
            pieces_[plane * levels_.size() + level][number] = scratch_.append(bytes);
    }

    /// Writes what waits, and gives the file its name.
    void commit() {
        bool const nested = format_.pyramid == slide_pyramid::subifd;
        end_page();
        for (std::size_t level = 1; nested && level < levels_.size(); ++level)
            copy_page(0, level);
        for (std::size_t plane = 1; plane < planes_; ++plane)
            for (std::size_t level = 0; level < (nested ? levels_.size() : 1); ++level)
                copy_page(plane, level);
        for (std::size_t level = 1; !nested && level < levels_.size(); ++level)
            for (std::size_t plane = 0; plane < planes_; ++plane)
                copy_page(plane, level);
        output_.check();
        output_.commit();
    }

private:
    /// Classic TIFF ends at 4 GiB, which has to be known before the first byte.
    bool needs_big() const {
        double bytes = static_cast<double>(content_.shape.size() * sample_bytes(block_.type)) * 4.0 / 3.0;
        if (format_.compression == slide_compression::jpeg && format_.quality > 95)
            bytes *= 2.0;  // noise can grow
        return bytes > 3.8e9;
    }
    void check(bool good) {
        if (good)
            return;
        output_.check();  // the system's words for a full disk say more than libtiff's
        fail(where(), ": cannot write the TIFF file: ", file_.reason());
    }

    void begin_page(std::size_t plane, std::size_t level) {
        planned_level const& l = levels_[level];
        bool good = true;
        auto const set = [&](std::uint32_t tag, auto... value) {
            good = good && TIFFSetField(file_.get(), tag, value...) == 1;
        };
        set(TIFFTAG_SUBFILETYPE, level > 0 ? FILETYPE_REDUCEDIMAGE : 0);
        set(TIFFTAG_IMAGEWIDTH, static_cast<std::uint32_t>(l.size.w));
        set(TIFFTAG_IMAGELENGTH, static_cast<std::uint32_t>(l.size.h));
        good = good && set_block_tags(file_.get(), block_);
        if (l.tiled) {
            set(TIFFTAG_TILEWIDTH, static_cast<std::uint32_t>(l.block.w));
            set(TIFFTAG_TILELENGTH, static_cast<std::uint32_t>(l.block.h));
        } else {
            set(TIFFTAG_ROWSPERSTRIP, static_cast<std::uint32_t>(l.block.h));
        }
        if (!tables_.empty()) {
            set(TIFFTAG_JPEGTABLES, static_cast<std::uint32_t>(tables_.size()), tables_.data());
            static float const range[6] = {0, 255, 128, 255, 128, 255};
            if (content_.colour)
                set(TIFFTAG_REFERENCEBLACKWHITE, range);
        }
        if (content_.size) {  // of this level: programs take the tags of the page that they read
            auto const factor = static_cast<double>(std::size_t{1} << level);
            set(TIFFTAG_RESOLUTIONUNIT, RESUNIT_CENTIMETER);
            set(TIFFTAG_XRESOLUTION, 1e4 / (content_.size->x * factor));
            set(TIFFTAG_YRESOLUTION, 1e4 / (content_.size->y * factor));
        }
        if (plane + level == 0) {
            std::string const text =
                write_ome_xml({content_.shape, block_.type, interleaved_, content_.size, content_.channel_names});
            set(TIFFTAG_IMAGEDESCRIPTION, text.c_str());
        }
        if (content_.nodata)
            write_nodata_tag(file_, *content_.nodata);
        if (level == 0 && levels_.size() > 1 && format_.pyramid == slide_pyramid::subifd) {
            std::vector<std::uint64_t> const places(levels_.size() - 1, 0);  // libtiff fills them in
            set(TIFFTAG_SUBIFD, static_cast<int>(places.size()), places.data());
        }
        check(good);
    }
    void end_page() { check(TIFFWriteDirectory(file_.get()) == 1); }

    void write_block(planned_level const& level, std::size_t number, std::vector<unsigned char>& bytes) {
        auto const index = static_cast<std::uint32_t>(number);
        auto const size = static_cast<tmsize_t>(bytes.size());
        check((level.tiled ? TIFFWriteRawTile(file_.get(), index, bytes.data(), size)
                           : TIFFWriteRawStrip(file_.get(), index, bytes.data(), size)) == size);
    }
    void copy_page(std::size_t plane, std::size_t level) {
        begin_page(plane, level);
        auto const& pieces = pieces_[plane * levels_.size() + level];
        for (std::size_t i = 0; i < pieces.size(); ++i) {
            std::vector<unsigned char> bytes = scratch_.read(pieces[i]);
            write_block(levels_[level], i, bytes);
        }
        end_page();
    }

    slide_content content_;
    slide_format format_;
    bool interleaved_;
    block_format block_;
    std::size_t planes_;
    std::vector<planned_level> levels_;
    atomic_file output_;
    tiff_stream file_;
    scratch_file scratch_;
    std::vector<unsigned char> tables_{};
    std::vector<std::vector<scratch_file::piece>> pieces_{};  // of each page but the first: plane by plane, its levels
};

}}}  // namespace comir::COMIR_ABI::detail
