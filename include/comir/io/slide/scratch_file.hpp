#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <string>
#include <unistd.h>
#include <vector>

#include <comir/core/error.hpp>
#include <comir/io/input_file.hpp>

namespace comir { inline namespace COMIR_ABI {

/// A file without a name for data that is too large for memory; it is gone with the object.
class scratch_file {
public:
    /// Where bytes were put.
    struct piece {
        std::uint64_t offset = 0;
        std::size_t size = 0;
    };

    /// Creates the file in a folder; `who` begins the messages of errors.
    /// Errors: error if the folder is missing or not writable
    scratch_file(std::string who, std::filesystem::path const& folder) : who_(std::move(who)) {
        std::string name = (folder / ".comir-scratch-XXXXXX").string();
        descriptor_ = ::mkostemp(name.data(), O_CLOEXEC);
        require(descriptor_ >= 0, who_, ": cannot create a file in ", folder.string(), ": ", detail::reason(errno));
        ::unlink(name.c_str());
    }
    ~scratch_file() { ::close(descriptor_); }
    scratch_file(scratch_file const&) = delete;
    scratch_file& operator=(scratch_file const&) = delete;

    /// Errors: error with the system's reason if the disk is full
    piece append(std::vector<unsigned char> const& bytes) {
        piece const result{size_, bytes.size()};
        for (std::size_t done = 0; done < bytes.size();) {
            ssize_t const n =
                ::pwrite(descriptor_, bytes.data() + done, bytes.size() - done, static_cast<off_t>(size_ + done));
            if (n < 0 && errno == EINTR)
                continue;
            require(n > 0, who_, ": cannot write a temporary file: ", detail::reason(n < 0 ? errno : EIO));
            done += static_cast<std::size_t>(n);
        }
        size_ += bytes.size();
        return result;
    }

    /// Errors: error with the system's reason
    std::vector<unsigned char> read(piece const& from) const {
        std::vector<unsigned char> bytes(from.size);
        for (std::size_t done = 0; done < bytes.size();) {
            ssize_t const n =
                ::pread(descriptor_, bytes.data() + done, bytes.size() - done, static_cast<off_t>(from.offset + done));
            if (n < 0 && errno == EINTR)
                continue;
            require(n > 0, who_, ": cannot read a temporary file: ", detail::reason(n < 0 ? errno : EIO));
            done += static_cast<std::size_t>(n);
        }
        return bytes;
    }

private:
    std::string who_;
    int descriptor_ = -1;
    std::uint64_t size_ = 0;
};

}}  // namespace comir::COMIR_ABI
