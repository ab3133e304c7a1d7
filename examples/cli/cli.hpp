#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include <comir/core/progress.hpp>
#include <comir/image/image.hpp>
#include <comir/image/warp.hpp>
#include <comir/io/any_image.hpp>
#include <comir/io/transform_text.hpp>
#include <comir/registration/result.hpp>
#include <comir/transform/rigid.hpp>

/// Each adds its subcommand, which runs while the command line is parsed and reports problems as comir::error.
void add_register(CLI::App& app);
void add_evaluate(CLI::App& app);
void add_make_pairs(CLI::App& app);
void add_train(CLI::App& app);
void add_encode(CLI::App& app);
void add_info(CLI::App& app);
void add_warp(CLI::App& app);
void add_points(CLI::App& app);

/// For example "0.1.0".
std::string version_number();

/// Options that several subcommands take.
struct run_options {
    int threads = 0;
    std::uint64_t seed = 1;
};
void add_threads(CLI::App& command, run_options& options);
void add_seed(CLI::App& command, run_options& options);
/// Adds --method, restricted to the known names.
void add_method(CLI::App& command, std::string& method);
/// The method of a name: what comir::make_method gives, compiled once for all subcommands.
using rigid_result = comir::registration_result<comir::rigid2>;
using rigid_method = std::function<rigid_result(comir::image<float> const&, comir::image<float> const&)>;
rigid_method named_method(std::string const& name, run_options const& options, comir::progress const& on_progress);

/// Registrations whose kind of transform is chosen on the command line.
using any_result = comir::registration_result<comir::any_transform>;
using any_method = std::function<any_result(comir::image<float> const&, comir::image<float> const&)>;

/// Options of alpha-AMD alone.
struct alpha_amd_settings {
    std::string transform = "rigid", fixed_mask, moving_mask;
    std::vector<double> starts{0.0, -22.918, 22.918};  // degrees
    int levels = 7;
    std::size_t samples = 0;  // 0: those of each resolution
    std::vector<CLI::Option*> options{};
};
void add_alpha_amd(CLI::App& command, alpha_amd_settings& settings);
/// The kind of transform and the masks, which concern one pair of images.
void add_alpha_amd_pair(CLI::App& command, alpha_amd_settings& settings);
/// The method of a name, set up by the options; raises comir::error if they were given with another method.
rigid_method rigid_method_with(std::string const& name, alpha_amd_settings const& settings, run_options const& run,
                               comir::progress const& on_progress);
any_method any_method_with(std::string const& name, alpha_amd_settings const& settings, run_options const& run,
                           comir::progress const& on_progress);

/// Raises comir::error if a file of this name cannot hold such an image, which is known before the work.
void check_holds(char const* option, std::string const& path, comir::any_image const& image);
/// The image on the fixed image's grid, its values of the type that its file has.
comir::any_image warp_as_stored(comir::any_image const& moving, comir::any_transform const& transform,
                                comir::image<float> const& fixed, comir::warp_options const& options);

/// The name of the folder that holds a file, or of a folder itself: the default name of a modality.
std::string folder_name_of_file(std::filesystem::path const& file);
std::string folder_name(std::filesystem::path const& folder);

/// Raises comir::error if a file could not be written there now, or has another extension than one of those given.
/// No path, no check.
void check_output(char const* option, std::filesystem::path const& path, std::vector<std::string> const& extensions);
/// The same for a folder that is made where it is missing.
void check_output_folder(char const* option, std::filesystem::path const& folder);
