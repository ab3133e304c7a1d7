#include "images.hpp"

#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <set>
#include <type_traits>
#include <variant>

#include <comir/image/convert.hpp>
#include <comir/io/image_file.hpp>

void note_pages(std::string const& path) {
    static std::set<std::string> counted;  // lists name an image many times
    if (!counted.insert(path).second)
        return;
    if (std::size_t const pages = comir::count_pages(path); pages > 1)
        std::fprintf(stderr, "comir: %s: the first of %zu pages is read\n", path.c_str(), pages);
}

comir::any_image load_image(std::string const& path) {
    note_pages(path);
    return comir::read_image(path);
}

comir::image<float> load_float_image(std::string const& path) {
    note_pages(path);
    return comir::read_image_float(path);
}

comir::stored_image load_stored_image(std::string const& path) {
    note_pages(path);
    return comir::read_stored_image(path);
}

comir::stored_image load_stored_page(std::string const& path, std::size_t page) {
    return comir::read_stored_image(path, {.page = page});
}

std::optional<comir::exact_image> load_exact_page(std::string const& path, std::size_t page) {
    return comir::read_exact_image(path, {.page = page});
}

comir::image_info load_image_info(std::string const& path, std::size_t page) {
    return comir::read_image_info(path, {.page = page});
}

std::size_t pages_of(std::string const& path) {
    return comir::count_pages(path);
}

struct page_writer::file {
    file(std::string const& path, std::uint64_t bytes) : tiff("comir::write_image", path, bytes) {}
    comir::detail::tiff_writer tiff;
};

page_writer::page_writer(std::string const& path, std::uint64_t bytes) : path_(path) {
    std::string const extension = std::filesystem::path(path).extension().string();
    if (extension != ".png" && extension != ".PNG")
        file_ = std::make_unique<file>(path, bytes);
}

page_writer::~page_writer() = default;

void page_writer::add(saved_page const& page) {
    if (!file_) {
        save_image(path_, page.image);
        return;
    }
    auto const facts = comir::detail::facts_of(page.image);
    auto const write = [&](auto const& pixels) { file_->tiff.add(pixels, facts); };
    if (page.exact)
        std::visit(write, *page.exact);
    else
        std::visit(write, page.image.pixels);
}

void page_writer::commit() {
    if (file_)
        file_->tiff.commit();
}

void note_unread_nodata(std::string const& path, std::string const& text) {
    static std::set<std::string> told;
    if (text.empty() || !told.insert(path).second)
        return;
    std::fprintf(stderr,
                 "comir: %s: its tag GDAL_NODATA is '%s', expected a number; it is left out, give the value by "
                 "--nodata\n",
                 path.c_str(), text.c_str());
}

std::optional<double> parse_nodata_option(char const* option, std::string const& text) {
    if (text == "none")
        return {};
    auto const value = comir::parse_nodata(text);
    comir::require(value.has_value(), option, ": '", text, "' is not a number, nan or none");
    return value;
}

void save_image(std::string const& path, comir::stored_image const& image) {
    comir::write_image(path, image);
}

void save_picture(std::string const& path, comir::image<float> const& picture) {
    comir::write_image(path, comir::to_integer<std::uint8_t>(picture));
}

void check_holds(char const* option, std::string const& path, comir::stored_image const& image) {
    std::string const extension = std::filesystem::path(path).extension().string();
    bool const fits = std::visit(
        [](auto const& held) {
            return held.channels() <= 4 && !std::is_floating_point_v<typename std::decay_t<decltype(held)>::value_type>;
        },
        image.pixels);
    comir::require(fits || (extension != ".png" && extension != ".PNG"), option, ": ", path,
                   ": PNG holds neither float values nor more than 4 channels, as the moving image has; use .tif");
}
