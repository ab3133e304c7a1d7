#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include <comir/core/error.hpp>
#include <comir/io/input_file.hpp>
#include <comir/io/transforms/meta_image.hpp>
#include <comir/io/transforms/nrrd.hpp>
#include <comir/transform/displacement_field.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

/// Larger files are no transforms: a field of 20000 x 20000 points has 6.4 GB.
inline constexpr std::size_t max_field_bytes = std::size_t{1} << 34;

/// A displacement field from the whole of a MetaImage or NRRD file; the content tells which.
inline displacement_field2 read_field_file(std::string const& who, std::filesystem::path const& path) {
    std::string const bytes = read_text_file(who, path, max_field_bytes);
    if (is_meta_image(bytes))
        return parse_meta_image(who, path, bytes, max_field_bytes);
    if (bytes.starts_with("NRRD"))
        return parse_nrrd(who, path, bytes, max_field_bytes);
    fail<format_error>(who, ": ", path.string(),
                       ": not a displacement field as MetaImage (.mha) or NRRD (.nrrd); save it as one of these "
                       "(SimpleITK: sitk.WriteImage(sitk.ReadImage('old'), 'new.mha'))");
}

}}}  // namespace comir::COMIR_ABI::detail
