#pragma once

#include <list>
#include <memory>
#include <optional>
#include <string>

#include <comir/image/preparation.hpp>
#include <comir/io/masked_image_file.hpp>

#include "masking.hpp"
#include "preparations.hpp"

/// An image file that was read, and what it was prepared to once that was asked for.
struct pair_image_file {
    comir::masked_image image{};
    comir::image<float> shrunk{};  // what was prepared, if it was not the image itself
    std::optional<comir::image<float>> prepared{};
};

/// Reads images, and keeps the last two with what they were prepared to: one fixed image serves many moving ones, and
/// in a row of neighbours the moving image of a pair is the fixed one of the next.
class pair_images {
public:
    explicit pair_images(preparer const& prepare) : prepare_(prepare) {}

    std::shared_ptr<pair_image_file> read(std::string const& path, comir::masking_options const& masking,
                                          std::string const& modality);
    /// The preparation of an image that read() gave, which is done once, or of a smaller copy of it.
    comir::preparation preparation_of(std::shared_ptr<pair_image_file> const& file, std::string const& modality,
                                      std::string const& path) const;

private:
    struct entry {
        std::string key;
        std::shared_ptr<pair_image_file> file;
    };
    preparer const& prepare_;
    std::list<entry> last_;
};
