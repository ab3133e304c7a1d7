#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include <comir/core/progress.hpp>
#include <comir/image/image.hpp>
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

/// The name of the folder that holds a file, or of a folder itself: the default name of a modality.
std::string folder_name_of_file(std::filesystem::path const& file);
std::string folder_name(std::filesystem::path const& folder);

/// Raises comir::error if a file could not be written there now, or has another extension than one of those given.
/// No path, no check.
void check_output(char const* option, std::filesystem::path const& path, std::vector<std::string> const& extensions);
/// The same for a folder that is made where it is missing.
void check_output_folder(char const* option, std::filesystem::path const& folder);
