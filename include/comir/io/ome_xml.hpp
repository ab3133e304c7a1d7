#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <pugixml.hpp>
#include <string>
#include <string_view>
#include <vector>

#include <comir/image/image.hpp>
#include <comir/io/pixel_size.hpp>
#include <comir/io/sample_type.hpp>

namespace comir { inline namespace COMIR_ABI {

/// The first image of an OME-XML text: what its plane of the first depth and time point holds.
struct ome_image {
    std::uint64_t width = 0, height = 0, depths = 1, times = 1;
    std::optional<pixel_size> size{};
    std::vector<std::string> channel_names{};           // one an element Channel; may be empty texts
    std::vector<std::optional<std::uint64_t>> pages{};  // of each channel; nothing where another file has it
    std::size_t images = 1;                             // in the text
};

namespace detail {

/// A first look, since most descriptions are other texts.
inline bool may_be_ome_xml(std::string_view text) {
    std::string_view const start = text.substr(0, 4096);
    return start.find('<') != std::string_view::npos && start.find("OME") != std::string_view::npos;
}

inline std::string_view after_colon(std::string_view name) {
    auto const colon = name.find(':');
    return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

/// The children of a name, in whatever namespace prefix.
inline std::vector<pugi::xml_node> ome_children(pugi::xml_node parent, std::string_view name) {
    std::vector<pugi::xml_node> found;
    for (pugi::xml_node const child : parent.children())
        if (after_colon(child.name()) == name)
            found.push_back(child);
    return found;
}

/// Which page has each channel, at the first depth and time point. A block of TiffData holds planes in the order of
/// DimensionOrder.
inline std::vector<std::optional<std::uint64_t>> ome_pages(pugi::xml_node root, pugi::xml_node pixels,
                                                           ome_image const& image, std::size_t channels) {
    std::vector<std::optional<std::uint64_t>> pages(channels);
    std::string const order = pixels.attribute("DimensionOrder").as_string("XYCZT");
    // How many planes lie between neighbours along a dimension.
    std::uint64_t stride_c = 1, stride_z = 1, stride_t = 1, so_far = 1;
    for (char const letter : order.size() == 5 ? order.substr(2) : std::string("CZT")) {
        (letter == 'C' ? stride_c : letter == 'Z' ? stride_z : stride_t) = so_far;
        std::uint64_t const size = letter == 'C' ? channels : letter == 'Z' ? image.depths : image.times;
        so_far *= std::clamp<std::uint64_t>(size, 1, 1u << 16);
    }
    auto const blocks = ome_children(pixels, "TiffData");
    if (blocks.empty())
        for (std::size_t c = 0; c < channels; ++c)
            pages[c] = c * stride_c;
    std::string const own = root.attribute("UUID").as_string();
    for (pugi::xml_node const block : blocks) {
        auto const uuid = ome_children(block, "UUID");
        if (!uuid.empty() && !own.empty() && own != uuid.front().text().as_string())
            continue;
        std::uint64_t const ifd = block.attribute("IFD").as_ullong(0);
        auto const at = [&](char const* name) { return block.attribute(name).as_ullong(0); };
        std::uint64_t const first = at("FirstC") * stride_c + at("FirstZ") * stride_z + at("FirstT") * stride_t;
        std::uint64_t const count = block.attribute("PlaneCount")
                                        ? block.attribute("PlaneCount").as_ullong(1)
                                        : (block.attribute("IFD") ? 1 : std::numeric_limits<std::uint64_t>::max());
        for (std::size_t c = 0; c < channels; ++c)
            if (std::uint64_t const plane = c * stride_c; plane >= first && plane - first < count)
                pages[c] = ifd + (plane - first);
    }
    return pages;
}

}  // namespace detail

/// Reads the first image of an OME-XML text; nothing if it is none or holds no image. Numbers are as stated: a file may
/// have been changed since they were written.
/// Source: https://docs.openmicroscopy.org/ome-model/6.3/ome-tiff/specification.html
inline std::optional<ome_image> read_ome_xml(std::string_view text) {
    if (!detail::may_be_ome_xml(text))
        return {};
    pugi::xml_document document;
    if (!document.load_buffer(text.data(), text.size()))
        return {};
    pugi::xml_node const root = document.document_element();
    if (detail::after_colon(root.name()) != "OME")
        return {};
    auto const images = detail::ome_children(root, "Image");
    if (images.empty())
        return {};
    auto const all_pixels = detail::ome_children(images.front(), "Pixels");
    if (all_pixels.empty())
        return {};
    pugi::xml_node const pixels = all_pixels.front();
    ome_image result{.images = images.size()};
    result.width = pixels.attribute("SizeX").as_ullong(0);
    result.height = pixels.attribute("SizeY").as_ullong(0);
    result.depths = pixels.attribute("SizeZ").as_ullong(1);
    result.times = pixels.attribute("SizeT").as_ullong(1);
    auto const length = [&](char const* name, char const* unit) {
        double const number = pixels.attribute(name).as_double(0.0);
        return number * micrometres_of(pixels.attribute(unit).as_string("um")).value_or(0.0);
    };
    result.size = checked_pixel_size(length("PhysicalSizeX", "PhysicalSizeXUnit"),
                                     length("PhysicalSizeY", "PhysicalSizeYUnit"), "OME-XML");
    for (pugi::xml_node const channel : detail::ome_children(pixels, "Channel"))
        result.channel_names.emplace_back(channel.attribute("Name").as_string());
    std::uint64_t const stated = pixels.attribute("SizeC").as_ullong(1);
    // A plane of several samples is one Channel. Without such elements each value of SizeC is a plane.
    std::size_t const channels = result.channel_names.empty()
                                     ? static_cast<std::size_t>(std::clamp<std::uint64_t>(stated, 1, 1u << 16))
                                     : result.channel_names.size();
    result.pages = detail::ome_pages(root, pixels, result, channels);
    return result;
}

/// What an OME-XML text says of an image that is written.
struct ome_description {
    image_shape shape{};
    sample_type type = sample_type::u8;
    bool interleaved = false;  // all channels in one page, as RGB; else each in a page of its own
    std::optional<pixel_size> size{};
    std::vector<std::string> channel_names{};
};

/// The OME-XML of a file whose pages are the channels in their order.
inline std::string write_ome_xml(ome_description const& image) {
    pugi::xml_document document;
    auto declaration = document.append_child(pugi::node_declaration);
    declaration.append_attribute("version") = "1.0";
    declaration.append_attribute("encoding") = "UTF-8";
    auto root = document.append_child("OME");
    root.append_attribute("xmlns") = "http://www.openmicroscopy.org/Schemas/OME/2016-06";
    root.append_attribute("xmlns:xsi") = "http://www.w3.org/2001/XMLSchema-instance";
    root.append_attribute("xsi:schemaLocation") =
        "http://www.openmicroscopy.org/Schemas/OME/2016-06 http://www.openmicroscopy.org/Schemas/OME/2016-06/ome.xsd";
    root.append_attribute("Creator") = "comir";
    auto element = root.append_child("Image");
    element.append_attribute("ID") = "Image:0";
    auto pixels = element.append_child("Pixels");
    static constexpr char const* types[] = {"uint8", "uint16", "float"};
    pixels.append_attribute("ID") = "Pixels:0";
    pixels.append_attribute("DimensionOrder") = "XYCZT";
    pixels.append_attribute("Type") = types[static_cast<std::size_t>(image.type)];
    if (image.interleaved)
        pixels.append_attribute("Interleaved") = "true";
    for (auto const& [name, value] :
         {std::pair{"SizeX", image.shape.w}, {"SizeY", image.shape.h}, {"SizeC", image.shape.c}})
        pixels.append_attribute(name) = static_cast<unsigned long long>(value);
    pixels.append_attribute("SizeZ") = 1;
    pixels.append_attribute("SizeT") = 1;
    if (image.size)
        for (auto const& [name, value] :
             {std::pair{std::string("PhysicalSizeX"), image.size->x}, {"PhysicalSizeY", image.size->y}}) {
            std::array<char, 40> digits{};
            *std::to_chars(digits.data(), digits.data() + digits.size() - 1, value).ptr = '\0';
            pixels.append_attribute(name.c_str()) = digits.data();
            pixels.append_attribute((name + "Unit").c_str()) = "\xc2\xb5m";  // some readers know only U+00B5
        }
    std::size_t const planes = image.interleaved ? 1 : image.shape.c;
    for (std::size_t c = 0; c < planes; ++c) {
        auto channel = pixels.append_child("Channel");
        channel.append_attribute("ID") = ("Channel:0:" + std::to_string(c)).c_str();
        if (c < image.channel_names.size() && !image.channel_names[c].empty())
            channel.append_attribute("Name") = image.channel_names[c].c_str();
        channel.append_attribute("SamplesPerPixel") = static_cast<unsigned>(image.interleaved ? image.shape.c : 1);
    }
    for (std::size_t c = 0; c < planes; ++c) {
        auto block = pixels.append_child("TiffData");
        block.append_attribute("IFD") = static_cast<unsigned long long>(c);
        block.append_attribute("FirstC") = static_cast<unsigned long long>(c * (image.interleaved ? image.shape.c : 1));
        block.append_attribute("PlaneCount") = 1;
    }
    struct string_writer : pugi::xml_writer {
        std::string text{};
        void write(void const* data, std::size_t size) override { text.append(static_cast<char const*>(data), size); }
    } writer;
    document.save(writer, "", pugi::format_raw, pugi::encoding_utf8);
    return writer.text;
}

}}  // namespace comir::COMIR_ABI
