#pragma once

#include <memory>
#include <string>

#include <comir/image/preparation.hpp>

struct trained_model;

/// The preparations of a model file's modalities. Without a file, images of all modalities become grey.
class preparer {
public:
    /// `average_turns`: encode by the mean over quarter turns, whether the model says so or not.
    preparer(std::string const& model, bool average_turns, int threads);
    /// Raises comir::error listing the model's modalities if it has none of that name.
    comir::preparation of(std::string const& modality) const;
    /// The same, with errors that begin with the name of the file that is prepared.
    comir::preparation of(std::string const& modality, std::string const& file) const;
    /// As the first without the mapping to 0..1, as the network gives it; of models only.
    comir::preparation representation(std::string const& modality) const;

private:
    std::shared_ptr<trained_model const> model_;
    int threads_;
};
