#pragma once

#include <CLI/CLI.hpp>

#include "commands.hpp"

/// Each adds its subcommand, which runs while the command line is parsed and reports problems as comir::error.
void add_register(CLI::App& app);
void add_evaluate(CLI::App& app);
void add_index(CLI::App& app);
void add_find(CLI::App& app);

/// Options that several subcommands take.
void add_threads(CLI::App& command, run_options& options);
void add_seed(CLI::App& command, run_options& options);
void add_fill(CLI::App& command, std::string& fill);
void add_average_turns(CLI::App& command, bool& average_turns);

/// The options of register that name the images of one pair or of many, and where results go.
void add_register_files(CLI::App& command, batch_settings& settings);
/// Raises comir::error for such options that do not go together.
void check_register_files(batch_settings const& settings);
