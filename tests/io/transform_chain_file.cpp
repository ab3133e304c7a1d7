#include <array>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <string>
#include <variant>
#include <vector>
#include <zlib.h>

#include <doctest/doctest.h>

#include <comir/io/transform_file.hpp>

#include "support/temporary_folder.hpp"

// The worked numbers come out of ITK 5.2.1 and transformix 5.0.1.

namespace {

using comir::point2;
using comir::read_transform_chain;
using comir::transform_chain;

void check_maps(transform_chain const& chain, point2 from, point2 to, double tolerance = 5e-7) {
    point2 const mapped = chain(from);
    CAPTURE(mapped.x);
    CAPTURE(mapped.y);
    CHECK(std::abs(mapped.x - to.x) < tolerance);
    CHECK(std::abs(mapped.y - to.y) < tolerance);
}

void check_chain_refused(std::string const& content, char const* why, char const* name = "t") {
    temporary_folder const folder;
    CAPTURE(content.substr(0, 300));
    CHECK_THROWS_WITH_AS(read_transform_chain(folder.file(name, content)), doctest::Contains(why), comir::format_error);
}

/// 40 numbers c_k = a k + b k^2.
std::string coefficients(double a, double b) {
    std::string text;
    for (int k = 0; k < 40; ++k)
        text += " " + std::to_string(a * k + b * k * k);
    return text;
}

std::string const first_line = "#Insight Transform File V1.0\n";
std::string const composite = first_line + "#Transform 0\nTransform: CompositeTransform_double_2_2\n";
std::string const euler =
    "Transform: Euler2DTransform_double_2_2\nParameters: 0.2 3 -4\nFixedParameters: 127.5 127.5\n";
std::string const affine = "Transform: AffineTransform_double_2_2\nParameters: 2 0 0 2 1 3\nFixedParameters: 4 5\n";
std::string itk_spline(std::string const& numbers, std::string const& origin_on) {
    return "Transform: BSplineTransform_double_2_2\nParameters:" + numbers + "\nFixedParameters: 5 4 " + origin_on +
           "\n";
}
std::string const plain_spline = itk_spline(coefficients(0.1, 0), "8 17 2 3 1 0 0 1");

std::string elastix_file(std::string const& transform, std::string const& initial, std::string const& how = "Compose") {
    return transform + "(InitialTransformParametersFileName \"" + initial + "\")\n(HowToCombineTransforms \"" + how +
           "\")\n(FixedImageDimension 2)\n(MovingImageDimension 2)\n(Size 256 256)\n(Index 0 0)\n(Spacing 1 1)\n"
           "(Origin 0 0)\n(Direction 1 0 0 1)\n";
}
std::string elastix_spline(std::string const& numbers, std::string const& grid) {
    return "(Transform \"BSplineTransform\")\n(NumberOfParameters 40)\n(TransformParameters" + numbers +
           ")\n(GridSize 5 4)\n" + grid + "(BSplineTransformSplineOrder 3)\n(UseCyclicTransform \"false\")\n";
}
std::string const elastix_affine =
    "(Transform \"AffineTransform\")\n(NumberOfParameters 6)\n(TransformParameters 2 0 0 2 1 3)\n"
    "(CenterOfRotationPoint 4 5)\n";

/// v_ij = (0.1 i, 0.2 j + 0.01 i) on 8 x 6 points from (10, 20), 0.5 and 0.25 apart.
comir::displacement_field2 stored_field(std::array<double, 4> direction = {1, 0, 0, 1}) {
    std::vector<point2> shifts;
    for (int j = 0; j < 6; ++j)
        for (int i = 0; i < 8; ++i)
            shifts.push_back({0.1 * i, 0.2 * j + 0.01 * i});
    return {{{0.5, 0.25}, {10, 20}, direction}, {8, 6}, shifts};
}

}  // namespace

TEST_CASE("read_transform_chain: ITK's B-splines, composites and fields map as in ITK") {
    temporary_folder const folder;
    auto const read = [&](std::string const& text) { return read_transform_chain(folder.file("t.tfm", text)); };
    transform_chain const spline = read(first_line + "#Transform 0\n" + plain_spline);
    check_maps(spline, {11, 21.5}, {11.9, 24.4});
    check_maps(spline, {10, 20}, {10.6, 22.6});
    check_maps(spline, {13.5, 22}, {14.608333, 25.108333});
    check_maps(spline, {9.99, 20}, {9.99, 20});
    check_maps(spline, {14, 20}, {14.8, 22.8});
    check_maps(read(first_line + itk_spline(coefficients(0.1, 0.01), "9 15 2 3 0.8 -0.6 0.6 0.8")), {10, 20},
               {11.415878, 30.442544});
    check_maps(read(composite + "#Transform 1\n" + affine + "#Transform 2\n" + plain_spline), {11, 21.5}, {20.8, 46.8});
    check_maps(
        read(composite + affine + "Transform: TranslationTransform_double_2_2\nParameters: 1 0\nFixedParameters:\n"),
        {3, 5}, {5, 8});
    // A composite of one is the part itself.
    transform_chain const one = read(composite + "Parameters:\nFixedParameters:\n#Transform 1\n" + euler);
    REQUIRE(one.parts.size() == 1);
    CHECK(std::holds_alternative<comir::rigid2>(one.parts[0]));
    check_maps(one, {0, 0}, {30.871851, -26.788828});
}

TEST_CASE("read_transform_chain: elastix's B-splines, chains and fields map as in transformix") {
    temporary_folder const folder;
    auto const read = [&](std::string const& text) { return read_transform_chain(folder.file("T.1.txt", text)); };
    std::string const none = "NoInitialTransform";
    std::string const place = "(GridSpacing 2 3)\n(GridOrigin 8 17)\n(GridDirection 1 0 0 1)\n";
    std::string const plain = elastix_spline(coefficients(0.1, 0), "(GridIndex 0 0)\n" + place);
    check_maps(read(elastix_file(plain, none)), {11, 21.5}, {11.9, 24.4});
    check_maps(read(elastix_file(elastix_spline(coefficients(0.1, 0), "(GridIndex 1 0)\n" + place), none)),
               {12.5, 21.5}, {13.375, 24.375});
    check_maps(read(elastix_file(elastix_spline(coefficients(0.1, 0), place), none)), {12.5, 21.5}, {13.475, 24.475});
    std::string const turned = "(GridSpacing 2 3)\n(GridOrigin 9 15)\n(GridDirection 0.8 0.6 -0.6 0.8)\n";
    check_maps(read(elastix_file(elastix_spline(coefficients(0.1, 0.01), turned), none)), {10, 20},
               {11.415878, 30.442544});
    folder.file("T.0.txt", elastix_file(plain, none));
    check_maps(read(elastix_file(elastix_affine, "T.0.txt")), {11, 21.5}, {20.8, 46.8});
    // Add: the affine map of the point itself, (15 + ..), plus the spline's displacement.
    check_maps(read(elastix_file(elastix_affine, "T.0.txt", "Add")), {11, 21.5}, {19 + 0.9, 41 + 2.9});
    folder.file("T.0.txt", elastix_file(elastix_affine, none));
    check_maps(read(elastix_file(plain, "T.0.txt", "Add")), {11, 21.5}, {19 + 0.9, 41 + 2.9});
    check_maps(read(elastix_file(elastix_affine, "T.0.txt", "Add")), {11, 21.5}, {19 + 8, 41 + 19.5});

    std::string const field =
        "(Transform \"DeformationFieldTransform\")\n(NumberOfParameters 0)\n(DeformationFieldFileName \"f.mha\")\n"
        "(DeformationFieldInterpolationOrder 1)\n";
    comir::write_transform(folder / "f.mha", transform_chain{{stored_field()}});
    check_maps(read(elastix_file(field, none)), {10.6, 20.3}, {10.72, 20.552});
    folder.file("T.0.txt",
                elastix_file("(Transform \"TranslationTransform\")\n(TransformParameters 0.5 0.25)\n", none));
    check_maps(read(elastix_file(field, "T.0.txt")), {10.5, 20.25}, {11.2, 20.92});
    check_maps(read(elastix_file(field, "T.0.txt", "Add")), {10.5, 20.25}, {11.1, 20.71});
    check_chain_refused(elastix_file("(Transform \"DeformationFieldTransform\")\n(NumberOfParameters 0)\n"
                                     "(DeformationFieldFileName \"f.mha\")\n",
                                     none),
                        "only 1, linear");
}

TEST_CASE(
    "read_transform_chain: a first file is found beside the one that names it, and told of if it lies elsewhere") {
    temporary_folder const folder, other;
    std::vector<std::string> notes;
    auto const read = [&](std::string const& initial) {
        notes.clear();
        return read_transform_chain(folder.file("T.1.txt", elastix_file(elastix_affine, initial)), {{}, {}, &notes});
    };
    std::string const shift = "(Transform \"TranslationTransform\")\n(TransformParameters 1 0)\n";
    folder.file("T.0.txt", elastix_file(shift, "NoInitialTransform"));
    check_maps(read("T.0.txt"), {3, 5}, {5, 8});
    CHECK(notes.empty());
    check_maps(read((folder / "T.0.txt").string()), {3, 5}, {5, 8});
    CHECK(notes.empty());
    check_maps(read("results/gone/T.0.txt"), {3, 5}, {5, 8});
    CHECK(notes.empty());
    check_maps(read("/nowhere/T.0.txt"), {3, 5}, {5, 8});
    REQUIRE(notes.size() == 1);
    CHECK(notes[0].find("that beside it is read") != std::string::npos);
    auto const elsewhere = other.file("X.0.txt", elastix_file(shift, "NoInitialTransform"));
    check_maps(read(elsewhere.string()), {3, 5}, {5, 8});
    REQUIRE(notes.size() == 1);
    CHECK(notes[0].find("not beside it") != std::string::npos);
    read("");
    REQUIRE(notes.size() == 1);
    CHECK(notes[0].find("is empty") != std::string::npos);
    check_chain_refused(elastix_file(elastix_affine, "t"), "of a chain of files; do they name each other?");
    // elastix in WebAssembly writes the other spelling.
    std::string text = elastix_file(elastix_affine, "T.0.txt");
    text.replace(text.find("ParametersFileName"), 18, "ParameterFileName");
    check_maps(read_transform_chain(folder.file("W.txt", text)), {3, 5}, {5, 8});
    CHECK_THROWS_WITH_AS(
        read_transform_chain(folder.file("W.txt", text + "(InitialTransformParametersFileName \"W.txt\")\n"
                                                         "(Transform \"AffineTransform\")\n")),
        doctest::Contains("appears twice"), comir::format_error);
}

TEST_CASE("read_transform_chain: ANTs' affine .mat") {
    auto const column = [](std::string const& name, std::vector<double> const& values) {
        std::array<int, 5> const head{0, static_cast<int>(values.size()), 1, 0, static_cast<int>(name.size() + 1)};
        std::string bytes(20 + name.size() + 1 + 8 * values.size(), '\0');
        std::memcpy(bytes.data(), head.data(), 20);
        std::memcpy(bytes.data() + 20, name.data(), name.size());
        std::memcpy(bytes.data() + 21 + name.size(), values.data(), 8 * values.size());
        return bytes;
    };
    temporary_folder const folder;
    std::string const bytes =
        column("AffineTransform_double_2_2", {1.1, .02, -.01, .95, 2, 1}) + column("fixed", {127.5, 127.5});
    auto const t = comir::read_transform_as<comir::affine2>(folder.file("0GenericAffine.mat", bytes));
    CHECK(t.parameters == std::array<double, 6>{1.1, .02, -.01, .95, 2, 1});
    CHECK(t.centre == point2{127.5, 127.5});
    comir::write_transform(folder / "own.mat", t);
    CHECK(read_all(folder / "own.mat") == bytes);
    for (std::size_t const size : {std::size_t{60}, std::size_t{100}, bytes.size() - 1})
        check_chain_refused(bytes.substr(0, size), size == 100 ? "is damaged" : "ends too early");
    std::string huge = bytes;
    huge[7] = 0x7f;
    check_chain_refused(huge, "ends too early");
    CHECK_THROWS_WITH_AS(comir::write_transform(folder / "x.mat", transform_chain{{stored_field()}}),
                         doctest::Contains(".mat holds affine transforms and this one bends; write .tfm"),
                         comir::error);
}

TEST_CASE("write_transform: chains of all parts come back from all formats, in frames of their own") {
    temporary_folder const folder;
    std::vector<point2> waves;
    for (int j = 0; j < 9; ++j)
        for (int i = 0; i < 8; ++i)
            waves.push_back({3 * std::sin(0.7 * j), 3 * std::cos(0.9 * i)});
    comir::bspline2 const spline({{8, 9}, {-14, -13}, {12, 11}}, waves);
    comir::displacement_field2 const field({{8, 7}, {-2, -3}, {1, 0, 0, 1}}, {8, 9}, waves);
    transform_chain const chain{
        {spline, comir::similarity2{{0.1, 0.2, 3, 1}, {7, 8}}, field, comir::translation2{{0.5, 1}, {}}}};
    comir::pixel_grid const fixed{{0.5, 0.25}, {3, -2}, {0.8, -0.6, 0.6, 0.8}},
        moving{{0.125, 0.5}, {1, 7}, {-1, 0, 0, 1}};
    for (char const* name : {"t.tfm", "t.txt", "t.json", "t.mha", "t.nrrd"}) {
        CAPTURE(name);
        comir::write_transform(folder / name, chain, {{50, 40}, fixed, moving});
        std::vector<std::string> notes;
        transform_chain const back = read_transform_chain(folder / name, {fixed, moving, &notes});
        CHECK(notes.empty());
        for (double y = 0; y < 40; y += 3)
            for (double x = 0; x < 50; x += 7)
                check_maps(back, {x, y}, chain({x, y}), 1e-9);
    }
    CHECK(std::filesystem::exists(folder / "t.0.txt"));
    CHECK(std::filesystem::exists(folder / "t.2.mha"));
    // A field is written as it is, whatever the image's size; other chains are sampled.
    comir::write_transform(folder / "f.nrrd", transform_chain{{field}}, {{}, fixed, fixed});
    check_maps(read_transform_chain(folder / "f.nrrd", {fixed, fixed}), {9, 8}, field({9, 8}), 1e-12);
    CHECK_THROWS_WITH_AS(comir::write_transform(folder / "x.mha", chain), doctest::Contains("size was not given"),
                         comir::error);
    waves[5].x = INFINITY;
    for (char const* name : {"x.tfm", "x.txt", "x.json", "x.mha"})
        CHECK_THROWS_WITH_AS(
            comir::write_transform(folder / name, transform_chain{{comir::bspline2(spline.grid(), waves)}}, {{9, 9}}),
            doctest::Contains("not finite"), comir::error);
    CHECK_FALSE(std::filesystem::exists(folder / "x.tfm"));
}

TEST_CASE(
    "read_transform_chain: displacement fields of floats, big-endian, compressed and with a header of their own") {
    temporary_folder const folder;
    std::string const head =
        "ObjectType = Image\nNDims = 2\nBinaryData = True\nTransformMatrix = 0.8 0.6 -0.6 0.8\nOffset = 10 20\n"
        "ElementSpacing = 0.5 0.25\nDimSize = 8 6\nElementNumberOfChannels = 2\nElementType = MET_FLOAT\n";
    std::string floats, reversed;
    auto const field = stored_field();
    for (point2 const& v : field.displacements())
        for (double const value : {v.x, v.y}) {
            auto const single = static_cast<float>(value);
            std::string bytes(4, '\0');
            std::memcpy(bytes.data(), &single, 4);
            floats += bytes;
            reversed += std::string(bytes.rbegin(), bytes.rend());
        }
    std::string packed(compressBound(floats.size()), '\0');
    uLongf size = packed.size();
    REQUIRE(compress(reinterpret_cast<Bytef*>(packed.data()), &size, reinterpret_cast<Bytef const*>(floats.data()),
                     floats.size()) == Z_OK);
    packed.resize(size);
    auto const check = [&](std::string const& content) {
        check_maps(read_transform_chain(folder.file("f", content)), {10.6, 20.3}, {10.732, 20.3132}, 1e-6);
    };
    check(head + "ElementDataFile = LOCAL\n" + floats);
    check(head + "BinaryDataByteOrderMSB = True\nElementDataFile = LOCAL\n" + reversed);
    check(head + "CompressedData = True\nCompressedDataSize = " + std::to_string(size) + "\nElementDataFile = LOCAL\n" +
          packed);
    folder.file("f.raw", floats);
    check(head + "ElementDataFile = f.raw\n");
    std::string const nrrd =
        "NRRD0005\n# c\ntype: float\ndimension: 3\nspace dimension: 2\nsizes: 2 8 6\nspace directions: none (0.4,0.3) "
        "(-0.15,0.2)\nkinds: vector domain domain\nspace origin: (10,20)\nkey:=value\n";
    check(nrrd + "encoding: raw\nendian: little\n\n" + floats);
    check(nrrd + "encoding: raw\nendian: big\n\n" + reversed);
    check(nrrd + "encoding: gzip\nendian: little\n\n" + packed);
    check(nrrd + "encoding: raw\nendian: little\ndata file: f.raw\n");

    std::string const local = "ElementDataFile = LOCAL\n";
    auto const without = [&](char const* from, char const* to) {
        std::string text = head;
        text.replace(text.find(from), std::strlen(from), to);
        return text + local + floats;
    };
    check_chain_refused(head + local + floats.substr(1), "ends too early");
    check_chain_refused(head + "CompressedData = True\n" + local + packed.substr(0, packed.size() / 2), "is damaged");
    check_chain_refused(head + "CompressedData = True\n" + local + floats, "is damaged");
    check_chain_refused(without("DimSize = 8 6", "DimSize = 99999999 99999999"), "not more than memory holds");
    check_chain_refused(without("DimSize = 8 6", "DimSize = 900000 90000"), "ends too early");
    check_chain_refused(without("DimSize = 8 6", "DimSize = 0 6"), "one at least");
    check_chain_refused(without("NDims = 2", "NDims = 3"), "a displacement field of the plane");
    check_chain_refused(without("Channels = 2", "Channels = 1"), "1 channels");
    check_chain_refused(without("BinaryData = True", "BinaryData = False"), "as text");
    check_chain_refused(without("0.8 0.6 -0.6 0.8", "0 0 0 0"), "a matrix with an inverse");
    check_chain_refused(head, "no 'ElementDataFile");
    check_chain_refused(nrrd, "has no end");
    check_chain_refused(nrrd + "encoding: text\n\n1 2", "expected raw or gzip");
}

TEST_CASE("read_transform_chain: what is no chain is refused by reason, with the way out") {
    check_chain_refused(first_line + "#Transform 0\n" + euler + "#Transform 1\n" + affine,
                        "2 separate transforms and does not say that they belong together; put 'Transform: "
                        "CompositeTransform_double_2_2' before them");
    check_chain_refused(composite + composite.substr(first_line.size()) + euler, "a composite within a composite");
    check_chain_refused(first_line + "Transform: CompositeTransform_double_3_3\n", "two dimensions");
    for (char const* numbers : {" 1", " 1 2 3"})
        check_chain_refused(first_line + itk_spline(numbers, "8 17 2 3 1 0 0 1"), "has 40 parameters");
    check_chain_refused(first_line + itk_spline(coefficients(1, 0), "8 17 2 3"), "expected 10");
    check_chain_refused(first_line + itk_spline(coefficients(1, 0), "8 17 0 3 1 0 0 1"), "spacing");
    check_chain_refused(first_line + "Transform: BSplineTransform_double_2_2_1\nParameters: 0\n", "of order 1");
    check_chain_refused(first_line +
                            "Transform: BSplineTransform_double_2_2\nParameters:\nFixedParameters: 1e300 1 0 0 "
                            "1 1 1 0 0 1\n",
                        "whole numbers");
    check_chain_refused(std::string("\x89HDF\r\n\x1a\n") + "x",
                        "HDF5 (.h5), which comir does not read; save it as .tfm");
    check_chain_refused("MATLAB 5.0 MAT-file", "format 5");
    check_chain_refused("\x1f\x8b\x08", "NIfTI");
    std::string const spline = elastix_spline(coefficients(1, 0), "(GridSpacing 2 3)\n(GridOrigin 8 17)\n");
    auto const changed = [&](char const* from, char const* to) {
        std::string text = elastix_file(spline, "NoInitialTransform");
        return text.replace(text.find(from), std::strlen(from), to);
    };
    check_chain_refused(changed("Order 3", "Order 2"), "only cubic");
    check_chain_refused(changed("\"false\"", "\"true\""), "cyclic");
    check_chain_refused(changed("(GridOrigin 8 17)", ""), "(GridOrigin ...) is missing");
    check_chain_refused(changed("Parameters 40", "Parameters 39"), "NumberOfParameters says 39");
    check_chain_refused(changed("GridSize 5 4", "GridSize 5 5"), "has 50 parameters");
    temporary_folder const folder;
    folder.file("0.txt", elastix_file(spline, "NoInitialTransform"));
    std::string other = elastix_file(spline, "0.txt", "Add");
    other.replace(other.find("GridOrigin 8"), 12, "GridOrigin 9");
    CHECK_THROWS_WITH_AS(read_transform_chain(folder.file("1.txt", other)), doctest::Contains("on different grids"),
                         comir::format_error);
    check_chain_refused("{\"comir_transform\": \"chain\", \"parts\": [{\"comir_transform\": \"bspline2\"}]}",
                        "'size' not found");
    CHECK_THROWS_WITH_AS(comir::read_transform(folder.file("s.tfm", first_line + plain_spline)),
                         doctest::Contains("the transform bends, expected a linear one"), comir::format_error);
}
