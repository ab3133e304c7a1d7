#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <zlib.h>

#include <comir/core/error.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// Decompresses a stream of zlib or gzip that holds exactly `size` bytes.
/// Errors: format_error if it is damaged or holds fewer or more
inline std::string inflate_bytes(std::string const& where, std::string_view packed, std::size_t size) {
    // Deflate shrinks data to 1/1032 at best: no room is made for a promise that the file cannot keep.
    require<format_error>(size / 1032 <= packed.size(), where, ": the file is damaged: ", packed.size(),
                          " bytes cannot hold the declared ", size);
    std::string result(size, '\0');
    z_stream stream{};
    constexpr int either_header = 15 + 32;
    require(inflateInit2(&stream, either_header) == Z_OK, where, ": zlib cannot start");
    constexpr std::size_t most = std::numeric_limits<uInt>::max();
    std::size_t read = 0, written = 0;
    int status = Z_OK;
    while (status == Z_OK) {
        std::size_t const in = std::min(most, packed.size() - read), out = std::min(most, size - written);
        // zlib does not change what it reads.
        stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data() + read));
        stream.avail_in = static_cast<uInt>(in);
        stream.next_out = reinterpret_cast<Bytef*>(result.data() + written);
        stream.avail_out = static_cast<uInt>(out);
        status = inflate(&stream, Z_NO_FLUSH);
        read += in - stream.avail_in;
        written += out - stream.avail_out;
        if (status == Z_OK && in == stream.avail_in && out == stream.avail_out)
            break;
    }
    inflateEnd(&stream);
    require<format_error>(status == Z_STREAM_END && written == size, where,
                          ": the file is damaged: its compressed part does not hold the declared ", size, " bytes");
    return result;
}

}}}  // namespace comir::COMIR_ABI::detail
