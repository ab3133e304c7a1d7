#pragma once

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <fcntl.h>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

#include <comir/core/error.hpp>
#include <comir/io/input_file.hpp>

namespace comir { inline namespace COMIR_ABI {

/// A file that appears under its name only when it is complete: it is written beside the target, under another name,
/// and renamed by commit(). Without commit() nothing stays behind, and a former file of that name is untouched.
/// A target that is a symbolic link is followed; the permissions of a former file are kept.
class atomic_file {
public:
    /// Creates the temporary file; `who` begins the messages of errors.
    /// Errors: error if the folder is missing or not writable, or the target exists and is no regular file
    atomic_file(std::string const& who, std::filesystem::path path)
        : where_(who + ": " + path.string()), target_(std::move(path)) {
        std::error_code ignored;
        if (std::filesystem::is_symlink(target_, ignored)) {
            std::filesystem::path const real = std::filesystem::canonical(target_, ignored);
            if (!ignored)
                target_ = real;
        }
        struct stat status {};
        bool const exists = ::stat(target_.c_str(), &status) == 0;
        require(!exists || S_ISREG(status.st_mode), where_, ": cannot write: not a regular file");
        create();
        // A failing fchmod (file systems without permissions) is no reason to lose the file's content.
        if (exists && ::fchmod(descriptor_, status.st_mode & 07777) != 0)
            errno = 0;
    }
    ~atomic_file() { discard(); }
    atomic_file(atomic_file const&) = delete;
    atomic_file& operator=(atomic_file const&) = delete;

    /// For libraries that write and seek themselves; they report failures through failed_with().
    int descriptor() const { return descriptor_; }
    /// Remembers the errno of a failure that happened outside; check() and commit() then raise it.
    void failed_with(int code) noexcept {
        if (failure_ == 0)
            failure_ = code;
    }

    /// Writes all bytes; if that is not possible the result is false, and check() and commit() raise the reason.
    /// Never throws, so that C libraries may call it.
    bool try_write(void const* data, std::size_t count) noexcept {
        auto const* bytes = static_cast<std::byte const*>(data);
        while (count > 0 && failure_ == 0) {
            ssize_t const n = ::write(descriptor_, bytes, count);
            if (n < 0 && errno == EINTR)
                continue;
            if (n <= 0) {
                failed_with(n < 0 ? errno : EIO);
                break;
            }
            bytes += n;
            count -= static_cast<std::size_t>(n);
        }
        return failure_ == 0;
    }
    /// Errors: error with the system's reason if not all bytes could be written
    void write(std::span<std::byte const> bytes) {
        try_write(bytes.data(), bytes.size());
        check();
    }
    /// Errors: error with the system's reason if something could not be written; the temporary file is removed
    void check() {
        if (failure_ == 0)
            return;
        discard();
        fail(where_, ": cannot write: ", detail::reason(failure_));
    }

    /// Puts the content on the disk and gives it the target's name.
    /// Errors: error with the system's reason; the temporary file is removed
    void commit() {
        if (failure_ == 0 && ::fsync(descriptor_) != 0 && errno != EINVAL && errno != ENOTSUP)
            failed_with(errno);
        int const descriptor = descriptor_;
        descriptor_ = -1;
        if (::close(descriptor) != 0)
            failed_with(errno);
        if (failure_ == 0 && ::rename(temporary_.c_str(), target_.c_str()) != 0)
            failed_with(errno);
        check();
        temporary_.clear();
        // The new name itself is durable only once the folder is on the disk; not all file systems can do that.
        int const folder = ::open(parent().c_str(), O_RDONLY | O_CLOEXEC | O_DIRECTORY);
        if (folder >= 0) {
            ::fsync(folder);
            ::close(folder);
        }
    }

private:
    std::filesystem::path parent() const {
        return target_.has_parent_path() ? target_.parent_path() : std::filesystem::path(".");
    }
    void create() {
        static std::atomic<unsigned> count{0};
        do {
            // A name of its own, short whatever the target's length; in the same folder, since rename() needs that.
            temporary_ = parent() / (".comir-" + std::to_string(::getpid()) + "-" + std::to_string(count++) + ".tmp");
            descriptor_ = ::open(temporary_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        } while (descriptor_ < 0 && errno == EEXIST);
        if (descriptor_ < 0) {
            temporary_.clear();
            fail(where_, ": cannot create a file in ", parent().string(), ": ", detail::reason(errno));
        }
    }
    void discard() noexcept {
        if (descriptor_ >= 0)
            ::close(descriptor_);
        descriptor_ = -1;
        if (!temporary_.empty())
            ::unlink(temporary_.c_str());
        temporary_.clear();
    }

    std::string where_;
    std::filesystem::path target_, temporary_;
    int descriptor_ = -1;
    int failure_ = 0;
};

/// Writes a whole file, or leaves everything as it was.
/// Errors: error naming the path and the system's reason
inline void write_file(std::string const& who, std::filesystem::path const& path, std::string_view content) {
    atomic_file file(who, path);
    file.write(std::as_bytes(std::span(content)));
    file.commit();
}

}}  // namespace comir::COMIR_ABI
