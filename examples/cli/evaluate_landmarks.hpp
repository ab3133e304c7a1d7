#pragma once

#include <string>

#include "commands.hpp"

/// Whether a list names landmarks instead of true displacements.
bool names_landmarks(std::string const& list);
/// evaluate for such a list.
void run_evaluate_landmarks(evaluate_settings const& settings);
