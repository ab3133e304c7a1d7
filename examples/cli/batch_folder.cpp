#include "batch_folder.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include <comir/io/atomic_file.hpp>

#include "outputs.hpp"

namespace fs = std::filesystem;

namespace {

constexpr char const* kinds_of_files[] = {"transforms", "images", "overlays", "neighbours"};
constexpr char const* extensions_of_files[] = {".tfm", ".txt", ".json", ".png", ".tif"};

fs::path record_path(fs::path const& root, std::string const& pair) {
    return root / "rows" / (pair + ".json");
}
fs::path begun_path(fs::path const& root, std::string const& pair) {
    return root / "rows" / (pair + ".begun");
}

/// What comir::atomic_file had not renamed when its program was killed.
void remove_half_written(fs::path const& folder) {
    std::error_code code;
    std::vector<fs::path> left;
    for (auto const& file : fs::directory_iterator(folder, code)) {
        std::string const name = file.path().filename().string();
        if (name.starts_with(".comir-") && name.ends_with(".tmp"))
            left.push_back(file.path());
    }
    for (fs::path const& file : left)
        fs::remove(file, code);
}

}  // namespace

batch_folder::batch_folder(fs::path root) : root_(std::move(root)) {
    check_output_folder("--out", root_);
    make_output_folder("--out", root_ / "rows");
    lock_ = ::open((root_ / ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    comir::require(lock_ >= 0, "--out: ", root_.string(), ": cannot write: ", comir::detail::reason(errno));
    // File systems without locks are taken as they are.
    if (::flock(lock_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
        ::close(lock_);
        comir::fail("--out: ", root_.string(), ": another comir works in this folder; wait until it ends");
    }
    for (fs::path const& folder : {root_, root_ / "doubtful"}) {
        remove_half_written(folder);
        for (char const* kind : kinds_of_files)
            remove_half_written(folder / kind);
    }
    remove_half_written(root_ / "rows");
}

batch_folder::~batch_folder() {
    ::close(lock_);
}

std::optional<comir::registration_record> batch_folder::record_of(std::string const& pair) const {
    return comir::read_record(record_path(root_, pair));
}

bool batch_folder::was_begun(std::string const& pair) const {
    std::error_code code;
    return fs::exists(begun_path(root_, pair), code);
}

void batch_folder::begin(std::string const& pair) const {
    std::error_code code;
    fs::remove(record_path(root_, pair), code);
    for (fs::path const& folder : {root_, root_ / "doubtful"})
        for (char const* kind : kinds_of_files)
            for (char const* extension : extensions_of_files)
                fs::remove(folder / kind / (pair + extension), code);
    comir::write_file("--out", begun_path(root_, pair), "");
}

fs::path batch_folder::file(comir::registration_status status, std::string const& what, std::string const& name) const {
    fs::path const folder = status == comir::registration_status::accepted ? root_ / what : root_ / "doubtful" / what;
    make_output_folder("--out", folder);
    return folder / name;
}

std::string batch_folder::relative(fs::path const& file) const {
    return file.lexically_relative(root_).generic_string();
}

void batch_folder::finish(comir::registration_record const& record) const {
    comir::write_record(record_path(root_, record.name), record);
    std::error_code code;
    fs::remove(begun_path(root_, record.name), code);
}

void batch_folder::write_table(std::vector<comir::registration_record> const& records) const {
    comir::write_file("--out", table(), comir::record_table(records));
}

bool batch_folder::has_files(comir::registration_record const& record) const {
    std::error_code code;
    for (auto const& [what, path] : record.files)
        if (!fs::is_regular_file(root_ / path, code))
            return false;
    return true;
}

void batch_folder::check_no_result(fs::path const& input) const {
    if (input.empty())
        return;
    std::string const full = full_path(input).generic_string(), root = full_path(root_).generic_string() + "/";
    for (std::string const folder :
         {"rows/", "transforms/", "images/", "overlays/", "neighbours/", "doubtful/", "table.csv"})
        comir::require(!full.starts_with(root + folder), "--out: ", input.string(),
                       " lies where results are written, and could be overwritten; give another folder");
}

std::string state_of_file(fs::path const& path) {
    if (path.empty())
        return "none";
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0)
        return path.filename().string() + ", missing";
    return path.filename().string() + ", " + std::to_string(status.st_size) + " bytes, " +
           std::to_string(status.st_mtim.tv_sec) + "." + std::to_string(status.st_mtim.tv_nsec);
}
