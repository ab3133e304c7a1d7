#include <cstddef>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include <comir/image/convert.hpp>

#include "images.hpp"
#include "outputs.hpp"
#include "scenes.hpp"
#include "training.hpp"

// The images of a training: read, cut, divided, checked.

pair_sets read_sets(train_settings const& s) {
    comir::require(s.validation_a.empty() == s.validation_b.empty(),
                   "--validation-a and --validation-b belong together, one was given; give both folders or none");
    comir::require(s.hold_out == 0 || s.validation_a.empty(),
                   "--hold-out and --validation-a both say what to validate on; give one of them");
    pair_sets sets{load_scenes(s.a, s.b), {}};
    for (comir::aligned_pair& pair : sets.training)
        for (auto& image : pair.images)
            if (s.part < 1.0)
                image = comir::crop(image, {0, 0, static_cast<std::size_t>(static_cast<double>(image.width()) * s.part),
                                            image.height()});
    comir::require(s.hold_out < sets.training.size(), "--hold-out is ", s.hold_out, ", expected fewer than the ",
                   sets.training.size(), " pairs that there are");
    auto const kept = sets.training.end() - static_cast<std::ptrdiff_t>(s.hold_out);
    sets.validation.assign(std::make_move_iterator(kept), std::make_move_iterator(sets.training.end()));
    sets.training.erase(kept, sets.training.end());
    if (!s.validation_a.empty())
        sets.validation = load_scenes(s.validation_a, s.validation_b);
    return sets;
}

void check_images(char const* which, std::vector<comir::aligned_pair> const& pairs, comir::aligned_pair const& first,
                  train_settings const& s) {
    for (comir::aligned_pair const& pair : pairs)
        for (std::size_t m = 0; m < 2; ++m) {
            std::string const& modality = m == 0 ? s.name_a : s.name_b;
            std::size_t const channels = pair.images[m].channels(), expected = first.images[m].channels();
            comir::require(channels == expected, "the ", which, " pair ", pair.name, ": the image of ", modality,
                           " has ", channels, " channels, expected ", expected, " as in the first training pair");
            comir::require(comir::has_only_finite(pair.images[m]), "the ", which, " pair ", pair.name,
                           ": the image of ", modality, " holds values that are not finite");
        }
}

void name_modalities(train_settings& s) {
    if (s.name_a.empty())
        s.name_a = folder_name(s.a);
    if (s.name_b.empty())
        s.name_b = folder_name(s.b);
    comir::require(s.name_a != s.name_b, "both modalities are called '", s.name_a,
                   "'; name them with --name-a and --name-b");
}
