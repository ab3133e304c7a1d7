#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <comir/image/grid.hpp>
#include <comir/io/atomic_file.hpp>
#include <comir/io/input_file.hpp>
#include <comir/io/transforms/elastix_files.hpp>
#include <comir/io/transforms/field_file.hpp>
#include <comir/io/transforms/itk_text.hpp>
#include <comir/io/transforms/json_text.hpp>
#include <comir/io/transforms/matlab_binary.hpp>
#include <comir/transform/chain.hpp>
#include <comir/transform/physical.hpp>

namespace comir { inline namespace COMIR_ABI {

/// What a transform file says of the images besides the transform.
struct write_transform_options {
    std::array<std::size_t, 2> fixed_size{0, 0};  // columns, rows; elastix needs it to warp images, 0 leaves it out
    pixel_grid fixed_grid{}, moving_grid{};       // ITK and elastix work in the images' length unit
};

/// The images that a transform file is about.
struct read_transform_options {
    pixel_grid fixed_grid{}, moving_grid{};  // of the images in whose pixels the transform shall be
    // Gets sentences about what another program would take otherwise, such as a file of a chain that lies elsewhere.
    std::vector<std::string>* notes = nullptr;
};

namespace detail {

/// The whole map as a field: one displacement for each pixel of the fixed image.
inline displacement_field2 sample_field(transform_chain const& t, pixel_grid const& grid, extent2 size) {
    transform_chain const chain = merge_linear(t);
    affine2 const place = pixel_to_place(grid);
    std::vector<point2> displacements;
    displacements.reserve(size.w * size.h);
    for (std::size_t y = 0; y < size.h; ++y)
        for (std::size_t x = 0; x < size.w; ++x) {
            point2 const p = place({static_cast<double>(x), static_cast<double>(y)});
            displacements.push_back(chain(p) - p);
        }
    return {grid, size, std::move(displacements)};
}

inline displacement_field2 field_to_write(std::string const& where, transform_chain const& t,
                                          write_transform_options const& options) {
    if (t.parts.size() == 1)
        if (auto const* const held = std::get_if<displacement_field2>(&t.parts.front()))
            return *held;
    extent2 const size{options.fixed_size[0], options.fixed_size[1]};
    require(size.w > 0 && size.h > 0, where,
            ": a displacement field has a vector for each pixel of the fixed image, "
            "whose size was not given; write .tfm, .txt or .json");
    return sample_field(t, options.fixed_grid, size);
}

inline void check_finite(std::string const& where, transform_chain const& t) {
    auto const finite = [](double value) { return std::isfinite(value); };
    for (transform_part const& part : t.parts) {
        itk_part const stored = to_itk(part);
        require(std::ranges::all_of(stored.parameters, finite) && std::ranges::all_of(stored.fixed, finite), where,
                ": the transform has parameters or a centre that are not finite");
    }
}

}  // namespace detail

/// Writes a chain by the extension: ITK and SimpleITK (.tfm), elastix (.txt), ANTs (.mat), a displacement field (.mha,
/// .nrrd), or JSON of comir (.json). Several parts are a composite for ITK, and a file for each part for elastix:
/// NAME.txt applies NAME.0.txt first.
/// Units:  the transform is in pixels and radians, fixed to moving; so is JSON. The others work in the images' length
///         unit: their files hold to_physical of it, which for the default grids is the same
/// Exact:  all numbers read back with the same bits, except: ITK stores exp(log_scale) of a similarity2, whose
///         logarithm may differ in the last digit; elastix gets a similarity2 as an affine2, and linear parts that
///         follow one another as one; neither has a translation2's centre; .mat holds an affine2 only. A field has the
///         whole map at the fixed image's pixels and is linear between them, unless the chain is a field already
/// Errors: error if the extension is another, a bend is to be written to .mat, a field without the fixed image's size,
///         a parameter is not finite or the file cannot be written
inline void write_transform(std::filesystem::path const& path, transform_chain const& t,
                            write_transform_options const& options = {}) {
    std::string const who = "comir::write_transform", where = who + ": " + path.string();
    std::string const extension = path.extension().string();
    bool const in_pixels =
        extension == ".json" || (options.fixed_grid == pixel_grid{} && options.moving_grid == pixel_grid{});
    transform_chain const stored = in_pixels ? t : to_physical(t, options.fixed_grid, options.moving_grid);
    detail::check_finite(where, stored);
    if (extension == ".tfm") {
        write_file(who, path, detail::itk_text(stored));
    } else if (extension == ".txt") {
        detail::write_elastix(who, path, stored, {options.fixed_size, options.fixed_grid});
    } else if (extension == ".json") {
        write_file(who, path, detail::json_text(t));
    } else if (extension == ".mat") {
        std::optional<any_transform> const linear = as_linear(stored);
        require(linear.has_value(), where, ": .mat holds affine transforms and this one bends; write .tfm");
        write_file(who, path, detail::matlab_bytes(std::get<affine2>(detail::widen(*linear, 3))));
    } else if (extension == ".mha" || extension == ".nrrd") {
        displacement_field2 const field = detail::field_to_write(where, stored, options);
        write_file(who, path, extension == ".mha" ? detail::meta_image_bytes(field) : detail::nrrd_bytes(field));
    } else {
        fail(where, ": the extension is '", extension,
             "', expected .tfm (ITK), .txt (elastix), .json, .mat (ANTs), .mha or .nrrd (displacement fields)");
    }
}

/// Writes a linear transform.
inline void write_transform(std::filesystem::path const& path, any_transform const& t,
                            write_transform_options const& options = {}) {
    write_transform(path, to_chain(t), options);
}

/// Reads a transform of any kind that comir, ITK, elastix or ANTs has written; the content tells which, not the
/// extension. Chains are read whole, the files that elastix names with them.
/// Units:  those of write_transform
/// Errors: error if a file cannot be opened; format_error if it is none of these, is damaged, or holds a transform that
///         comir lacks: three dimensions, several transforms that are no composite, splines that are not cubic, HDF5
inline transform_chain read_transform_chain(std::filesystem::path const& path,
                                            read_transform_options const& options = {}) {
    std::string const who = "comir::read_transform", where = who + ": " + path.string();
    std::string start(4096, '\0');
    {
        input_file file(who, path);
        start.resize(file.try_read(start.data(), start.size()));
    }
    auto const from_physical = [&](transform_chain const& t) {
        bool const same = options.fixed_grid == pixel_grid{} && options.moving_grid == pixel_grid{};
        return same ? t : to_pixels(t, options.fixed_grid, options.moving_grid);
    };
    auto const whole = [&] { return read_text_file(who, path, std::size_t{1} << 30); };
    if (start.starts_with(detail::itk_first_line))
        return from_physical(detail::parse_itk_text(where, whole()));
    if (detail::is_meta_image(start) || start.starts_with("NRRD"))
        return from_physical({{detail::read_field_file(who, path)}});
    if (detail::is_matlab_transform(start))
        return from_physical(detail::parse_matlab(where, whole()));
    std::size_t const first = start.find_first_not_of(" \t\r\n");
    if (first != std::string::npos && start[first] == '{')
        return detail::parse_json_transform(where, whole());
    if (first != std::string::npos && (start[first] == '(' || start.compare(first, 2, "//") == 0))
        return from_physical(detail::read_elastix({who, options.notes}, path, whole()));
    require<format_error>(!start.starts_with("\x89HDF"), where,
                          ": a transform in HDF5 (.h5), which comir does not read; save it as .tfm (SimpleITK: "
                          "sitk.WriteTransform(sitk.ReadTransform('t.h5'), 't.tfm'))");
    require<format_error>(!start.starts_with("MATLAB 5"), where,
                          ": a MATLAB file of format 5; ITK and ANTs write format 4");
    require<format_error>(!start.starts_with("\x1f\x8b"), where,
                          ": a gzip file, perhaps a displacement field as NIfTI (.nii.gz), which comir does not read; "
                          "save it as .mha (SimpleITK: sitk.WriteImage(sitk.ReadImage('t.nii.gz'), 't.mha'))");
    fail<format_error>(where, ": not a transform file of comir, ITK, elastix or ANTs");
}

/// Reads a linear transform; chains of such are composed to one.
/// Units:  those of write_transform
/// Errors: those of read_transform_chain; format_error if a part bends
inline any_transform read_transform(std::filesystem::path const& path, read_transform_options const& options = {}) {
    std::optional<any_transform> const linear = as_linear(read_transform_chain(path, options));
    require<format_error>(linear.has_value(), "comir::read_transform: ", path.string(),
                          ": the transform bends, expected a linear one; read_transform_chain() reads it");
    return *linear;
}

/// Reads a transform that must be of one type.
/// Errors: those of read_transform; format_error if the file holds a transform of another type
template <transform T>
T read_transform_as(std::filesystem::path const& path) {
    any_transform const t = read_transform(path);
    T const* held = std::get_if<T>(&t);
    require<format_error>(held != nullptr, "comir::read_transform_as: ", path.string(), ": the transform is of type ",
                          std::visit([](auto const& other) { return other.name; }, t), ", expected ", T::name);
    return *held;
}

}}  // namespace comir::COMIR_ABI
