#pragma once

#include <cstdint>
#include <optional>
#include <string>

/// Memory that the program may still take, and what ends it.
struct memory_left {
    std::uint64_t bytes = 0;
    std::string limit{};  // "the machine's memory", "the limit of the address space (ulimit -v)" and so on
};
/// Nothing where the system does not tell.
std::optional<memory_left> available_memory();

/// Raises comir::error if work that takes about so many bytes cannot be done, before it starts. `what` begins the
/// message, such as "moving.tif is 30000 x 20000 px"; `way_out` ends it.
void check_memory(std::uint64_t bytes, std::string const& what, std::string const& way_out);

/// The message for memory that ran out all the same.
std::string out_of_memory_message();
/// From here on, memory that runs out in a thread ends the program with that message and not with a crash.
void tell_out_of_memory_in_threads();
