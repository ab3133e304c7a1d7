#include "pair_images.hpp"

#include <algorithm>

#include <comir/io/tiff_nodata.hpp>

std::shared_ptr<pair_image_file> pair_images::read(std::string const& path, comir::masking_options const& masking,
                                                   std::string const& modality) {
    constexpr std::size_t most = 2;
    std::string const key =
        path + '\n' + masking.mask.string() + '\n' + modality + '\n' + (masking.declared_nodata ? "declared" : "") +
        (masking.nodata ? comir::nodata_text(*masking.nodata) : "") + (masking.borders ? " borders" : "");
    auto const known = std::ranges::find_if(last_, [&](entry const& e) { return e.key == key; });
    if (known != last_.end()) {
        last_.splice(last_.begin(), last_, known);
        return last_.front().file;
    }
    // Room is made first, so that three images are never held.
    while (last_.size() >= most)
        last_.pop_back();
    auto file = std::make_shared<pair_image_file>();
    file->image = load_masked_image(path, masking);
    last_.push_front({key, file});
    return file;
}

comir::preparation pair_images::preparation_of(std::shared_ptr<pair_image_file> const& file,
                                               std::string const& modality, std::string const& path) const {
    auto const equal = [](comir::image<float> const& a, comir::image<float> const& b) {
        return a.shape() == b.shape() && std::ranges::equal(a.values(), b.values());
    };
    return [file, equal, prepare = prepare_.of(modality, path)](comir::image<float> const& raw) {
        comir::image<float> const& known = file->shrunk.empty() ? file->image.values : file->shrunk;
        if (!file->prepared || !equal(raw, known)) {
            file->prepared = prepare(raw);
            file->shrunk = equal(raw, file->image.values) ? comir::image<float>{} : raw;
        }
        return *file->prepared;
    };
}
