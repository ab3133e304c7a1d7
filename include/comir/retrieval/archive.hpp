#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <comir/core/error.hpp>
#include <comir/image/image.hpp>
#include <comir/retrieval/description.hpp>

namespace comir { inline namespace COMIR_ABI {

/// An image that can be found: where it is, and what is compared without opening it.
struct archived_image {
    std::string path;     // where the image is read from
    std::string content;  // hash of the file's bytes: says whether it is still the same
    std::string modality;
    std::size_t width = 0, height = 0;        // px
    std::array<double, 2> spacing{1.0, 1.0};  // of pixels, as the file states it
    image_description description{};          // of the representation
    image<std::uint8_t> representation{};     // 0..1 as 0..255; empty: made again from the file when it is needed
};

/// What all images of an archive have in common. Archives of unlike origins do not mix.
struct archive_origin {
    std::string model{};       // hash of the model file whose representations are described; empty: of raw images
    std::string model_file{};  // where that was when the archive was made; not compared
    std::string settings{};    // of the descriptions, as description_settings() gives them
};

/// Images that can be found, in the order of their paths. What is stored of an image does not depend on the others, so
/// that archives filled one by one, all at once or by merging are the same.
class image_archive {
public:
    explicit image_archive(archive_origin origin) : origin_(std::move(origin)) {}

    archive_origin const& origin() const { return origin_; }
    std::vector<archived_image> const& images() const { return images_; }
    std::size_t size() const { return images_.size(); }
    bool empty() const { return images_.empty(); }

    /// The image of this path; null if there is none.
    archived_image const* find(std::string_view path) const {
        auto const at = place_of(path);
        return at != images_.end() && at->path == path ? &*at : nullptr;
    }
    /// An image of this content and modality, under whatever path; null if there is none.
    archived_image const* find_content(std::string_view content, std::string_view modality) const {
        auto const at = std::ranges::find_if(
            images_, [&](archived_image const& i) { return i.content == content && i.modality == modality; });
        return at != images_.end() ? &*at : nullptr;
    }

    /// Adds an image, in the place of one of the same path.
    /// Errors: error if the path is empty, the image has no pixels, its representation has others, or a place of its
    ///         features is not finite; shape_error if its features have not one place each
    void add(archived_image added) {
        check(added);
        auto const at = place_of(added.path);
        if (at != images_.end() && at->path == added.path)
            images_[static_cast<std::size_t>(at - images_.begin())] = std::move(added);
        else
            images_.insert(at, std::move(added));
    }
    /// Removes the image of this path; whether there was one.
    bool remove(std::string_view path) {
        auto const at = place_of(path);
        if (at == images_.end() || at->path != path)
            return false;
        images_.erase(at);
        return true;
    }
    /// Adds the other archive's images; of equal paths the other's stay.
    /// Errors: error if the archives are of unlike origins
    void merge(image_archive other) {
        auto const same = [](bool equal, char const* what) {
            require(equal, "comir::image_archive: the archives are of two ", what,
                    " and do not compare; index the images again into one");
        };
        same(other.origin_.model == origin_.model, "models");
        same(other.origin_.settings == origin_.settings, "settings of the description");
        for (archived_image& image : other.images_)
            add(std::move(image));
    }

private:
    std::vector<archived_image>::const_iterator place_of(std::string_view path) const {
        return std::ranges::lower_bound(images_, path, {},
                                        [](archived_image const& i) { return std::string_view(i.path); });
    }

    static void check(archived_image const& i) {
        constexpr char const* who = "comir::image_archive";
        require(!i.path.empty(), who, ": an image has no path");
        require(i.width > 0 && i.height > 0, who, ": ", i.path, " has ", i.width, " x ", i.height, " pixels");
        require(
            i.representation.empty() || i.representation.shape().h * i.representation.shape().w == i.width * i.height,
            who, ": ", i.path, " has ", i.width, " x ", i.height, " pixels, its representation ",
            to_string(i.representation.shape()));
        image_description const& d = i.description;
        require<shape_error>(d.descriptors.size() == d.size() * d.length && d.positions.size() == 2 * d.size(), who,
                             ": ", i.path, " is described by ", d.descriptors.size(), " numbers at ",
                             d.positions.size(), " coordinates, expected ", d.length, " and 2 for each feature");
        require(std::ranges::all_of(d.positions, [](float v) { return std::isfinite(v); }), who, ": ", i.path,
                " has features at places that are not finite");
    }

    archive_origin origin_;
    std::vector<archived_image> images_;
};

}}  // namespace comir::COMIR_ABI
