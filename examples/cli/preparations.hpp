#pragma once

#include <functional>
#include <memory>
#include <string>

#include <comir/image/image.hpp>

struct trained_model;

/// What makes an image of one modality ready to be compared.
using preparation = std::function<comir::image<float>(comir::image<float> const&)>;
struct preparations {
    preparation fixed, moving;
};

/// The preparations of a model file's modalities. Without a file, images of all modalities become grey.
class preparer {
public:
    preparer(std::string const& model, int threads);
    /// Raises comir::error listing the model's modalities if it has none of that name.
    preparation of(std::string const& modality) const;

private:
    std::shared_ptr<trained_model const> model_;
    int threads_;
};
