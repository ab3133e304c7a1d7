#pragma once

#include <algorithm>
#include <cerrno>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <limits>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include <tiffio.h>

#include <comir/io/atomic_file.hpp>
#include <comir/io/input_file.hpp>

#if TIFFLIB_VERSION < 20221213
#error "comir: libtiff 4.5 or newer is needed: older ones report errors through global handlers"
#endif

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// A TIFF handle on an open file, and the first error that libtiff reported on it.
class tiff_stream {
public:
    /// With `first_page` false no page is current until TIFFSetSubDirectory makes one so.
    tiff_stream(input_file const& file, std::string where, bool first_page = true)
        : where_(std::move(where)), descriptor_(file.descriptor()) {
        size_ = static_cast<toff_t>(file.size());
        // What libtiff allocates by itself are tables and raw data, both of which come from the file.
        open(first_page ? "r" : "rh", static_cast<tmsize_t>(file.size() + (std::uint64_t{64} << 20)));
        require<format_error>(tiff_ != nullptr, where_, ": not a readable TIFF file: ", reason());
    }
    tiff_stream(atomic_file& file, std::string where, bool big)
        : where_(std::move(where)), descriptor_(file.descriptor()), output_(&file) {
        open(big ? "w8" : "w", 0);
        file.check();
        require(tiff_ != nullptr, where_, ": cannot write the TIFF file: ", reason());
    }
    ~tiff_stream() {
        if (tiff_)
            TIFFClose(tiff_);
    }
    tiff_stream(tiff_stream const&) = delete;
    tiff_stream& operator=(tiff_stream const&) = delete;

    TIFF* get() const { return tiff_; }
    std::string const& where() const { return where_; }
    char const* reason() const { return reason_[0] != '\0' ? reason_ : "libtiff gave no reason"; }

    /// Whether a page that was made current since the last call has a table of tiles that is too short. libtiff fills it
    /// up, and the image would show no-data where the file is damaged.
    bool take_short_table() const { return std::exchange(short_table_, false); }

    /// A tag with one value; `missing` if the file lacks it and TIFF has no default for it.
    template <class T>
    T tag(std::uint32_t which, T missing) const {
        T value{};
        return TIFFGetFieldDefaulted(tiff_, which, &value) == 1 ? value : missing;
    }

private:
    void open(char const* mode, tmsize_t max_allocation) {
        TIFFOpenOptions* options = TIFFOpenOptionsAlloc();
        require(options != nullptr, where_, ": libtiff cannot start: out of memory");
        TIFFOpenOptionsSetErrorHandlerExtR(options, on_error, this);
        TIFFOpenOptionsSetWarningHandlerExtR(options, on_warning, this);
        TIFFOpenOptionsSetMaxSingleMemAlloc(options, max_allocation);
        tiff_ = TIFFClientOpenExt("", mode, this, read, write, seek, close, size, nullptr, nullptr, options);
        TIFFOpenOptionsFree(options);
    }

    static tiff_stream& self(thandle_t handle) { return *static_cast<tiff_stream*>(handle); }
    // Each stream has a place of its own, so that several read one open file at once.
    static tmsize_t read(thandle_t handle, void* target, tmsize_t count) {
        tiff_stream& stream = self(handle);
        if (stream.output_)
            stream.position_ = static_cast<toff_t>(::lseek(stream.descriptor_, 0, SEEK_CUR));
        tmsize_t done = 0;
        while (done < count) {
            ssize_t const n = ::pread(stream.descriptor_, static_cast<char*>(target) + done,
                                      static_cast<std::size_t>(count - done), static_cast<off_t>(stream.position_));
            if (n < 0 && errno == EINTR)
                continue;
            if (n <= 0)
                break;
            done += n;
            stream.position_ += static_cast<toff_t>(n);
        }
        if (stream.output_)
            ::lseek(stream.descriptor_, static_cast<off_t>(stream.position_), SEEK_SET);
        return done;
    }
    static tmsize_t write(thandle_t handle, void* source, tmsize_t count) {
        atomic_file* output = self(handle).output_;
        return output && output->try_write(source, static_cast<std::size_t>(count)) ? count : -1;
    }
    static toff_t seek(thandle_t handle, toff_t offset, int whence) {
        tiff_stream& stream = self(handle);
        constexpr auto most = static_cast<toff_t>(std::numeric_limits<off_t>::max());
        if (stream.output_)
            return static_cast<toff_t>(offset > most ? -1
                                                     : ::lseek(stream.descriptor_, static_cast<off_t>(offset), whence));
        toff_t const start = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? stream.position_ : stream.size_;
        if (offset > most - std::min(start, most))
            return static_cast<toff_t>(-1);
        return stream.position_ = start + offset;
    }
    static int close(thandle_t) { return 0; }
    static toff_t size(thandle_t handle) {
        struct stat status {};
        return ::fstat(self(handle).descriptor_, &status) == 0 ? static_cast<toff_t>(status.st_size) : 0;
    }
    static int on_error(TIFF*, void* user, char const* module, char const* format, va_list arguments) {
        auto* stream = static_cast<tiff_stream*>(user);
        if (stream->reason_[0] == '\0') {
            int const used = std::snprintf(stream->reason_, sizeof stream->reason_, "%s%s",
                                           module && *module ? module : "", module && *module ? ": " : "");
            if (used >= 0 && used < static_cast<int>(sizeof stream->reason_))
                std::vsnprintf(stream->reason_ + used, sizeof stream->reason_ - static_cast<std::size_t>(used), format,
                               arguments);
        }
        return 1;
    }
    static int on_warning(TIFF*, void* user, char const* module, char const*, va_list) {
        if (module != nullptr && std::string_view(module) == "TIFFFetchStripThing")
            static_cast<tiff_stream*>(user)->short_table_ = true;
        return 1;
    }

    std::string where_;
    char reason_[300] = "";
    int descriptor_;
    atomic_file* output_ = nullptr;
    mutable bool short_table_ = false;
    toff_t position_ = 0, size_ = 0;  // of a stream that reads
    TIFF* tiff_ = nullptr;
};

}}}  // namespace comir::COMIR_ABI::detail
