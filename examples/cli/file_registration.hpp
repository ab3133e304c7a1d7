#pragma once

#include <memory>
#include <optional>
#include <string>

#include <comir/core/progress.hpp>
#include <comir/dataset/image_list.hpp>
#include <comir/registration/methods/registration_method.hpp>

#include "commands.hpp"
#include "pair_images.hpp"
#include "preparations.hpp"
#include "starts.hpp"

/// What is said of a place at the rim of the ranges that were given.
inline constexpr char const* at_rim_note =
    "the place lies at the rim of the angles, shifts or scales that were searched; a better one may lie beyond";

/// What came out of the registration of two files.
struct file_registration {
    comir::method_result result{};
    std::shared_ptr<pair_image_file> fixed{}, moving{};
    std::optional<double> confidence{};  // none where landmarks alone say where the images lie
    std::string doubt{};                 // why the transform should be looked at; empty if it need not
    known_place place{};                 // what was known before
    std::string start{};                 // what became of it, for people; empty if nothing was known
    comir::image<float> matches{};       // a picture, if the settings ask for it
};

/// The modality that was given, or the name of the file's folder.
std::string modality_name(std::string const& given, std::string const& file);

/// Registers pairs of files, all by the same settings.
class file_registrar {
public:
    file_registrar(register_settings const& settings, comir::progress on_progress);

    /// Raises comir::error if a modality is not of the model.
    void check_modalities(comir::listed_images const& pair) const;
    /// Raises comir::error for files that cannot be read or do not fit, and where nothing makes the images overlap;
    /// interrupted where the user stopped it.
    file_registration operator()(comir::listed_images const& pair);
    std::shared_ptr<pair_image_file> read_fixed(comir::listed_images const& pair);
    std::shared_ptr<pair_image_file> read_moving(comir::listed_images const& pair);
    /// How the moving image is masked.
    comir::masking_options moving_masking(comir::listed_images const& pair) const;

private:
    register_settings const& settings_;
    comir::progress on_progress_;
    preparer prepare_;
    pair_images images_;
};
