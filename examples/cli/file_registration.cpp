#include "file_registration.hpp"

#include <cmath>
#include <cstdio>
#include <utility>

#include <comir/io/pixel_size.hpp>
#include <comir/registration/automatic/working_copy.hpp>
#include <comir/transform/geometry.hpp>

#include "masking.hpp"
#include "methods.hpp"
#include "outputs.hpp"
#include "pairs.hpp"
#include "watch.hpp"

namespace {

std::string two_digits(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.2f", value);
    return text;
}

double diagonal_of(comir::image<float> const& image) {
    return std::hypot(static_cast<double>(image.width()), static_cast<double>(image.height()));
}

/// The scale by the best statements of the files; none where one has none, or where the images' spacings say the same.
std::optional<double> scale_of_files(comir::masked_image const& fixed, comir::masked_image const& moving) {
    if (!fixed.size || !moving.size)
        return {};
    double const scale = std::sqrt(fixed.size->x * fixed.size->y / (moving.size->x * moving.size->y));
    double const stated = comir::stated_scale(fixed.values, moving.values);
    if ((stated > 0.0 && comir::same_pixel_size(stated, scale)) || scale < 0.02 || scale > 50.0)
        return {};
    return scale;
}

}  // namespace

std::string modality_name(std::string const& given, std::string const& file) {
    return given.empty() ? folder_name_of_file(file) : given;
}

file_registrar::file_registrar(register_settings const& settings, comir::progress on_progress)
    : settings_(settings),
      on_progress_(std::move(on_progress)),
      prepare_(settings.model, settings.average_turns, settings.run.threads),
      images_(prepare_) {}

void file_registrar::check_modalities(comir::listed_images const& pair) const {
    prepare_.of(modality_name(pair.fixed_modality, pair.fixed));
    prepare_.of(modality_name(pair.moving_modality, pair.moving));
}

comir::masking_options file_registrar::moving_masking(comir::listed_images const& pair) const {
    return masking_of(settings_.masking, pair_image::moving, pair.moving_mask);
}

std::shared_ptr<pair_image_file> file_registrar::read_fixed(comir::listed_images const& pair) {
    return images_.read(pair.fixed, masking_of(settings_.masking, pair_image::fixed, pair.fixed_mask),
                        modality_name(pair.fixed_modality, pair.fixed));
}

std::shared_ptr<pair_image_file> file_registrar::read_moving(comir::listed_images const& pair) {
    return images_.read(pair.moving, moving_masking(pair), modality_name(pair.moving_modality, pair.moving));
}

file_registration file_registrar::operator()(comir::listed_images const& pair) {
    file_registration out;
    out.fixed = read_fixed(pair);
    out.moving = read_moving(pair);
    comir::masked_image const &fixed = out.fixed->image, &moving = out.moving->image;
    out.place = read_place(pair.initial, pair.landmarks, settings_.method,
                           {comir::grid_of(fixed.values), comir::grid_of(moving.values)});
    if (!out.place.landmarks.empty() && settings_.landmarks_as == "transform") {
        comir::method_result& r = out.result;
        r.transform = out.place.fit.transform;
        r.mirrored = out.place.fit.mirrored;
        r.value = out.place.fit.root_mean_square;
        r.converged = true;
        r.overlap = comir::shared_part(comir::to_affine(r.transform), fixed.values.shape(), moving.values.shape());
        out.doubt = doubt_of(out.place, diagonal_of(moving.values));
        return out;
    }
    comir::registration_method const method =
        requested_method({settings_.method, settings_.run, on_progress_, settings_.model.empty(), out.place.start,
                          settings_.may_bend, scale_of_files(fixed, moving)});
    std::string const fixed_modality = modality_name(pair.fixed_modality, pair.fixed),
                      moving_modality = modality_name(pair.moving_modality, pair.moving);
    registered_images found = register_images({.values = fixed.values, .mask = fixed.mask},
                                              {.values = moving.values, .mask = moving.mask}, method,
                                              {images_.preparation_of(out.fixed, fixed_modality, pair.fixed),
                                               images_.preparation_of(out.moving, moving_modality, pair.moving)},
                                              !settings_.method.matches.empty());
    if (is_interrupted())
        throw interrupted{};
    comir::method_result const& r = out.result = std::move(found.result);
    out.matches = std::move(found.matches);
    out.confidence = r.confidence;
    if (out.place.start)
        out.start = settings_.method.name != "auto" ? "the registration began there" : start_outcome(r.kept_start);
    constexpr double least_confidence = 0.5;
    if (!r.converged)
        out.doubt = "no place was found where the images agree; the transform is only the best guess";
    else if (r.confidence < least_confidence)
        out.doubt =
            "the confidence is " + two_digits(r.confidence) + ", below 0.5; the images may not show the same place";
    else if (r.at_rim)
        out.doubt = at_rim_note;
    return out;
}
