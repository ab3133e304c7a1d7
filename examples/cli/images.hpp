#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <comir/image/image.hpp>
#include <comir/io/any_image.hpp>
#include <comir/io/image_info.hpp>

// The library's readers and writers of image files, compiled in one file. They have its errors.

/// Tells the user, once a file, that a file has more pages than the one that is read.
void note_pages(std::string const& path);

comir::any_image load_image(std::string const& path);
comir::image<float> load_float_image(std::string const& path);
/// With what the file says of its pixels.
comir::stored_image load_stored_image(std::string const& path);
/// A page that was asked for; nothing is told of others.
comir::stored_image load_stored_page(std::string const& path, std::size_t page);
std::optional<comir::exact_image> load_exact_page(std::string const& path, std::size_t page);
comir::image_info load_image_info(std::string const& path, std::size_t page = 0);
std::size_t pages_of(std::string const& path);
void save_image(std::string const& path, comir::stored_image const& image);
/// A page of a TIFF file in which all pages stand, or the image of a PNG file.
struct saved_page {
    comir::stored_image image{};
    std::optional<comir::exact_image> exact{};  // its pixels instead, where they are of another type
};
/// Writes pages one by one; the file appears with commit(). A PNG file takes one page.
class page_writer {
public:
    /// `bytes` are those of all pages.
    page_writer(std::string const& path, std::uint64_t bytes);
    ~page_writer();
    void add(saved_page const& page);
    void commit();

private:
    struct file;
    std::string path_;
    std::unique_ptr<file> file_;
};
/// With 8 bits; values are 0 to 1.
void save_picture(std::string const& path, comir::image<float> const& picture);

/// Tells the user, once a file, that what its tag GDAL_NODATA says is no number. Empty text, no message.
void note_unread_nodata(std::string const& path, std::string const& text);
/// A number, nan, or none. Raises comir::error if an option's text is something else.
std::optional<double> parse_nodata_option(char const* option, std::string const& text);

/// Raises comir::error if a file of this name cannot hold such an image, which is known before the work.
void check_holds(char const* option, std::string const& path, comir::stored_image const& image);
