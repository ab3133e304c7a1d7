#include "images.hpp"

#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <set>
#include <type_traits>
#include <utility>
#include <variant>

#include <comir/image/convert.hpp>
#include <comir/image/mask.hpp>
#include <comir/io/image_file.hpp>

#include "messages.hpp"

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

comir::image_mask load_mask(std::string const& path) {
    return path.empty() ? comir::image_mask{} : comir::to_mask(load_float_image(path));
}

comir::image<float> load_masked_image(std::string const& path, comir::image_mask const& mask) {
    comir::image<float> stored = load_float_image(path);
    comir::image<float> image = naming(path, [&] { return comir::fill_masked(std::move(stored), mask); });
    comir::require(comir::has_only_finite(image), path,
                   ": a value is infinite or not a number, expected finite values; a mask can leave it out");
    return image;
}

void save_image(std::string const& path, comir::any_image const& image) {
    comir::write_image(path, image);
}

void save_picture(std::string const& path, comir::image<float> const& picture) {
    comir::write_image(path, comir::to_integer<std::uint8_t>(picture));
}

void check_holds(char const* option, std::string const& path, comir::any_image const& image) {
    std::string const extension = std::filesystem::path(path).extension().string();
    bool const fits = std::visit(
        [](auto const& held) {
            return held.channels() <= 4 && !std::is_floating_point_v<typename std::decay_t<decltype(held)>::value_type>;
        },
        image);
    comir::require(fits || (extension != ".png" && extension != ".PNG"), option, ": ", path,
                   ": PNG holds neither float values nor more than 4 channels, as the moving image has; use .tif");
}
