#include "watch.hpp"

#include <cmath>
#include <csignal>
#include <cstdio>
#include <unistd.h>
#include <utility>

namespace {

std::sig_atomic_t volatile stop_asked = 0;

void ask_to_stop(int) {
    stop_asked = 1;
}

std::string time_text(double seconds) {
    char text[32];
    long const whole = std::lround(seconds);
    if (whole < 60)
        std::snprintf(text, sizeof text, "%ld s", whole);
    else if (whole < 3600)
        std::snprintf(text, sizeof text, "%ld min %02ld s", whole / 60, whole % 60);
    else
        std::snprintf(text, sizeof text, "%ld h %02ld min", whole / 3600, whole / 60 % 60);
    return text;
}

}  // namespace

void watch_for_interrupt() {
    struct sigaction action {};
    action.sa_handler = ask_to_stop;
    action.sa_flags = static_cast<int>(SA_RESETHAND);
    ::sigaction(SIGINT, &action, nullptr);
    ::sigaction(SIGTERM, &action, nullptr);
}

bool is_interrupted() {
    return stop_asked != 0;
}

progress_line::progress_line(std::string unit)
    : unit_(std::move(unit)), begin_(std::chrono::steady_clock::now()), terminal_(::isatty(STDERR_FILENO) == 1) {}

progress_line::~progress_line() {
    clear();
}

bool progress_line::show(std::size_t done, std::size_t total) {
    if (terminal_) {
        double const spent = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
        std::string line = std::to_string(done) + " of " + std::to_string(total) + " " + unit_;
        if (done > 0 && done < total)
            line += ", " + time_text(spent * static_cast<double>(total - done) / static_cast<double>(done)) + " left";
        std::fprintf(stderr, "\r%s\x1b[K", line.c_str());
        std::fflush(stderr);
        shown_ = true;
    }
    return !is_interrupted();
}

void progress_line::clear() {
    if (shown_)
        std::fputs("\r\x1b[K", stderr);
    shown_ = false;
}
