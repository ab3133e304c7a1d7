#pragma once

/// Parses the command line and does what it says.
/// Returns: the exit code; problems of the work are raised as comir::error
int run_command_line(int count, char** arguments);
