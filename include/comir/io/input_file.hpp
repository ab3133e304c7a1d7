#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <fcntl.h>
#include <filesystem>
#include <string>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

#include <comir/core/error.hpp>

namespace comir { inline namespace COMIR_ABI {

namespace detail {

/// The system's words for an errno value.
inline std::string reason(int code) {
    return std::generic_category().message(code);
}

}  // namespace detail

/// A regular file that is open for reading; closed by its destructor.
class input_file {
public:
    /// Opens the file; `who` begins the messages of errors.
    /// Errors: error if it is missing, not permitted, or no regular file (reading a pipe could wait for ever)
    input_file(std::string const& who, std::filesystem::path const& path) : where_(who + ": " + path.string()) {
        descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        require(descriptor_ >= 0, where_, ": cannot open: ", detail::reason(errno));
        struct stat status {};
        bool const known = ::fstat(descriptor_, &status) == 0;
        if (!known || !S_ISREG(status.st_mode)) {
            ::close(descriptor_);
            fail(where_, ": cannot read: not a regular file");
        }
        size_ = static_cast<std::uint64_t>(status.st_size);
    }
    ~input_file() { ::close(descriptor_); }
    input_file(input_file const&) = delete;
    input_file& operator=(input_file const&) = delete;

    /// "who: path", to begin a message with.
    std::string const& where() const { return where_; }
    std::uint64_t size() const { return size_; }
    int descriptor() const { return descriptor_; }

    /// Reads up to `count` bytes, fewer only at the end of the file or on failure; never throws.
    std::size_t try_read(void* target, std::size_t count) noexcept {
        auto* bytes = static_cast<std::byte*>(target);
        std::size_t done = 0;
        while (done < count) {
            ssize_t const n = ::read(descriptor_, bytes + done, count - done);
            if (n < 0 && errno == EINTR)
                continue;
            if (n <= 0)
                break;
            done += static_cast<std::size_t>(n);
        }
        return done;
    }
    /// Reads exactly `count` bytes.
    /// Errors: format_error if the file ends before
    void read(void* target, std::size_t count) {
        std::size_t const done = try_read(target, count);
        require<format_error>(done == count, where_, ": the file ends ", count - done, " bytes too early");
    }

private:
    std::string where_;
    std::uint64_t size_ = 0;
    int descriptor_ = -1;
};

/// The whole of a file as text.
/// Errors: error if it cannot be opened; format_error if it has more than `max_size` bytes
inline std::string read_text_file(std::string const& who, std::filesystem::path const& path, std::size_t max_size) {
    input_file file(who, path);
    require<format_error>(file.size() <= max_size, file.where(), ": the file has ", file.size(),
                          " bytes, expected at most ", max_size);
    std::string text(static_cast<std::size_t>(file.size()), '\0');
    file.read(text.data(), text.size());
    return text;
}

}}  // namespace comir::COMIR_ABI
