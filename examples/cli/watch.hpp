#pragma once

#include <chrono>
#include <cstddef>
#include <string>

/// Raised where work stops because the user asked for it; the program then ends with exit code 130.
struct interrupted {};

/// Makes the first Ctrl-C (SIGINT) and SIGTERM raise a flag; the second one ends the program at once.
void watch_for_interrupt();
bool is_interrupted();

/// One line on the terminal's stderr that is written over and over; nothing if stderr is no terminal.
class progress_line {
public:
    /// `unit` is a plural such as "pairs".
    explicit progress_line(std::string unit);
    ~progress_line();
    progress_line(progress_line const&) = delete;
    progress_line& operator=(progress_line const&) = delete;

    /// Shows how far the work is and how long it will take, judged by what it took so far.
    /// Returns: false once the user has interrupted the program, as comir's progress callbacks want it
    bool show(std::size_t done, std::size_t total);
    /// Wipes the line, so that other output can follow.
    void clear();

private:
    std::string unit_;
    std::chrono::steady_clock::time_point begin_;
    bool terminal_, shown_ = false;
};
