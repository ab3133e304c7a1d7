#pragma once

#include <vector>

#include <comir/dataset/pair_list.hpp>
#include <comir/evaluation/pair_result.hpp>

#include "commands.hpp"

/// True if gnuplot, which draws, is on the PATH.
bool has_gnuplot();
/// Raises comir::error if a report that the settings ask for could not be written, which is known before the work.
void check_reports(evaluate_settings const& settings);
/// The table on stdout, and the files that the settings ask for.
void write_reports(evaluate_settings const& settings, std::vector<comir::registration_pair> const& pairs,
                   std::vector<comir::pair_result> const& results);
