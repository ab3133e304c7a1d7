#include "memory.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <limits>
#include <new>
#include <stdexcept>
#include <string_view>
#include <sys/resource.h>
#include <unistd.h>

#include <comir/core/error.hpp>

namespace {

/// The number after a name in a file of lines such as "MemAvailable:  123 kB", in bytes.
std::optional<std::uint64_t> field_of(char const* path, std::string_view name) {
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);)
        if (line.starts_with(name))
            return std::strtoull(line.c_str() + name.size(), nullptr, 10) * 1024;
    return {};
}

std::optional<std::uint64_t> number_in(char const* path) {
    std::ifstream file(path);
    std::uint64_t value = 0;
    return file >> value ? std::optional(value) : std::nullopt;
}

std::string size_text(std::uint64_t bytes) {
    char text[40];
    double const mega = static_cast<double>(bytes) / 1e6;
    if (mega < 1000.0)
        std::snprintf(text, sizeof text, "%.0f MB", mega);
    else
        std::snprintf(text, sizeof text, "%.1f GB", mega / 1000.0);
    return text;
}

std::uint64_t difference(std::uint64_t a, std::uint64_t b) {
    return a > b ? a - b : 0;
}

std::terminate_handler former_handler = nullptr;

[[noreturn]] void on_terminate() {
    try {
        if (std::exception_ptr const problem = std::current_exception())
            std::rethrow_exception(problem);
    } catch (std::bad_alloc const&) {
        std::fputs(out_of_memory_message().c_str(), stderr);
        std::_Exit(1);
    } catch (std::length_error const&) {
        std::fputs(out_of_memory_message().c_str(), stderr);
        std::_Exit(1);
    } catch (...) {
    }
    if (former_handler)
        former_handler();
    std::abort();
}

}  // namespace

std::optional<memory_left> available_memory() {
    std::optional<memory_left> least;
    auto const consider = [&](std::uint64_t bytes, char const* limit) {
        if (!least || bytes < least->bytes)
            least = memory_left{bytes, limit};
    };
    if (auto const free = field_of("/proc/meminfo", "MemAvailable:"))
        consider(*free + field_of("/proc/meminfo", "SwapFree:").value_or(0), "the machine's memory");
    rlimit limit{};
    auto const used = field_of("/proc/self/status", "VmSize:");
    if (used && ::getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
        consider(difference(limit.rlim_cur, *used), "the limit of the address space (ulimit -v)");
    // In a container; the file says "max" where there is no limit.
    auto const most = number_in("/sys/fs/cgroup/memory.max"), now = number_in("/sys/fs/cgroup/memory.current");
    if (most && now)
        consider(difference(*most, *now), "the container's memory");
    return least;
}

void check_memory(std::uint64_t bytes, std::string const& what, std::string const& way_out) {
    auto const left = available_memory();
    comir::require(!left || bytes <= left->bytes, what, ": this takes about ", size_text(bytes), " of memory, ",
                   left ? size_text(left->bytes) + " are left of " + left->limit : "", "; ", way_out);
}

std::string out_of_memory_message() {
    auto const now = field_of("/proc/self/status", "VmSize:"), most = field_of("/proc/self/status", "VmPeak:");
    auto const left = available_memory();
    std::string text = "comir: there is not enough memory for images or settings of this size";
    if (now && most && left)
        text += ": more was asked for when " + size_text(*most) + " of about " + size_text(*now + left->bytes) +
                " were taken, by " + left->limit;
    return text +
           "; take smaller images, fewer at once, or a machine with more; for training, --recompute and a smaller "
           "--batch or --patch take less\n";
}

void tell_out_of_memory_in_threads() {
    former_handler = std::set_terminate(on_terminate);
}
