#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <spawn.h>
#include <string>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>

#include <comir/core/error.hpp>
#include <comir/io/atomic_file.hpp>
#include <comir/io/input_file.hpp>

namespace comir { inline namespace COMIR_ABI {

/// What all plots are asked for.
struct plot_options {
    std::string title{};
    std::size_t width_px = 800, height_px = 560;
    std::string gnuplot = "gnuplot";  // the program, found on the PATH unless it has a slash
};

namespace detail {

/// A private folder for scripts and output of a child process; removed with all it holds.
class scratch_folder {
public:
    explicit scratch_folder(std::string const& who) {
        std::error_code code;
        std::string name = (std::filesystem::temp_directory_path(code) / "comir-XXXXXX").string();
        require(!code && ::mkdtemp(name.data()), who, ": cannot create a temporary folder: ", reason(errno));
        path_ = name;
    }
    ~scratch_folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    scratch_folder(scratch_folder const&) = delete;
    scratch_folder& operator=(scratch_folder const&) = delete;
    std::filesystem::path operator/(char const* name) const { return path_ / name; }

private:
    std::filesystem::path path_;
};

/// A string literal of gnuplot with all but letters and blanks as octal numbers: so nothing in it can end the literal,
/// be run as a command (backquotes) or be expanded (macros). Doubled single quotes are no way: gnuplot 5.4 takes those
/// at the start of a literal for its end. Digits are numbers too, since it would read them as a number's further
/// digits.
inline std::string gnuplot_text(std::string const& text) {
    std::string literal = "\"";
    for (char const c : text) {
        auto const byte = static_cast<unsigned char>(c);
        if (byte < ' ' || byte == 0x7f || c == ' ')
            literal += ' ';
        else if ((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'))
            literal += c;
        else
            literal += {'\\', static_cast<char>('0' + byte / 64), static_cast<char>('0' + byte / 8 % 8),
                        static_cast<char>('0' + byte % 8)};
    }
    return literal + '"';
}

/// The beginning of every script: terminal, title and style.
inline std::string plot_frame(plot_options const& options) {
    std::string const size = std::to_string(options.width_px) + "," + std::to_string(options.height_px);
    // Without the cairo terminal the older one of libgd has to do.
    std::string script =
        "set encoding utf8\nif (strstrt(GPVAL_TERMINALS, 'pngcairo') > 0) {\n  set terminal pngcairo size " + size +
        " fontscale 1.1 background rgb 'white'\n} else {\n  set terminal png truecolor size " + size + "\n}\n";
    if (!options.title.empty())
        script += "set title " + gnuplot_text(options.title) + " noenhanced\n";
    return script +
           "set grid lt 1 lw 1 dt 1 lc rgb '#d8d8d8'\nset border 3\nset tics nomirror\n"
           "set key bmargin center vertical reverse Left height 1.5\n"
           // Colours that colour-blind people tell apart (Okabe and Ito 2008).
           "set linetype 1 lc rgb '#0072b2'\nset linetype 2 lc rgb '#d55e00'\nset linetype 3 lc rgb '#009e73'\n"
           "set linetype 4 lc rgb '#cc79a7'\nset linetype 5 lc rgb '#e69f00'\nset linetype 6 lc rgb '#56b4e9'\n"
           "set linetype cycle 6\n";
}

/// Runs gnuplot on a script without a shell; its output goes to files. The exit code, or an error if it cannot start.
inline int run_gnuplot(std::string const& who, std::string program, std::string script, std::string const& output,
                       std::string const& messages) {
    std::string settings = "--default-settings";  // a user's own start-up file must not change the picture
    char* arguments[] = {program.data(), settings.data(), script.data(), nullptr};
    posix_spawn_file_actions_t files;
    ::posix_spawn_file_actions_init(&files);
    ::posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ::posix_spawn_file_actions_addopen(&files, STDERR_FILENO, messages.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    pid_t child = 0;
    int const code = ::posix_spawnp(&child, program.c_str(), &files, nullptr, arguments, environ);
    ::posix_spawn_file_actions_destroy(&files);
    require(code == 0, who, ": cannot run ", program, ": ", reason(code),
            "; install gnuplot (Debian: gnuplot-nox) or leave the plot out");
    int status = 0;
    while (::waitpid(child, &status, 0) < 0)
        require(errno == EINTR, who, ": cannot wait for ", program, ": ", reason(errno));
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/// Draws a script into one PNG by gnuplot, a program of its own.
/// Errors: error if gnuplot is missing or fails, or the file cannot be written
inline void draw_plot(std::string const& who, std::filesystem::path const& path, std::string const& content,
                      plot_options const& options) {
    scratch_folder const folder(who);
    std::string const script = (folder / "plot.gp").string(), picture = (folder / "plot.png").string(),
                      messages = (folder / "messages.txt").string();
    write_file(who, script, content);
    int const code = run_gnuplot(who, options.gnuplot, script, picture, messages);
    std::size_t const most = std::size_t{1} << 28;
    std::string const drawn = read_text_file(who, picture, most);
    if (code != 0 || drawn.substr(0, 4) != "\x89PNG") {
        std::string said = read_text_file(who, messages, most).substr(0, 500);
        while (!said.empty() && (said.back() == '\n' || said.back() == ' '))
            said.pop_back();
        fail(who, ": ", options.gnuplot, " made no picture (exit code ", code,
             "): ", said.empty() ? "it gave no reason" : said);
    }
    write_file(who, path, drawn);
}

}  // namespace detail

}}  // namespace comir::COMIR_ABI
