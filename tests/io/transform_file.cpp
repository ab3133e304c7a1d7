#include <cmath>
#include <cstddef>
#include <filesystem>
#include <limits>
#include <random>
#include <string>
#include <variant>
#include <vector>

#include <doctest/doctest.h>

#include <comir/io/transform_file.hpp>

#include "support/temporary_folder.hpp"

namespace {

template <class T>
T random_transform(unsigned seed) {
    std::mt19937_64 engine(seed);
    std::uniform_real_distribution<double> number(-1.5, 1.5);
    T t;
    for (double& value : t.parameters)
        value = number(engine);
    t.centre = {100 * number(engine), number(engine) / 3};
    return t;
}

template <class T>
void check_round_trip(temporary_folder const& folder, char const* name, bool with_centre, bool with_scale) {
    for (unsigned seed = 0; seed < 20; ++seed) {
        T t = random_transform<T>(seed);
        if (!with_centre)
            t.centre = {};
        comir::write_transform(folder / name, t);
        T const back = comir::read_transform_as<T>(folder / name);
        CHECK(back.centre == t.centre);
        for (std::size_t i = with_scale ? 1 : 0; i < T::parameter_count; ++i)
            CHECK(back.parameters[i] == t.parameters[i]);
        // exp and log are each right to about a last digit of a number near 1.
        if (with_scale)
            CHECK(std::abs(back.parameters[0] - t.parameters[0]) <= 4 * std::numeric_limits<double>::epsilon());
    }
}

void check_refused(std::string const& content, char const* why) {
    temporary_folder const folder;
    CAPTURE(content);
    CHECK_THROWS_WITH_AS(comir::read_transform(folder.file("t", content)), doctest::Contains(why), comir::format_error);
}

std::string const itk_head = "#Insight Transform File V1.0\n";

comir::point2 applied_transform(comir::any_transform const& t, comir::point2 p) {
    return std::visit([&](auto const& held) { return held(p); }, t);
}

}  // namespace

TEST_CASE("transform_file: all transforms come back with the same bits") {
    temporary_folder const folder;
    for (char const* name : {"t.tfm", "t.txt", "t.json"}) {
        bool const json = std::string(name) == "t.json";
        check_round_trip<comir::translation2>(folder, name, json, false);
        check_round_trip<comir::rigid2>(folder, name, true, false);
        if (std::string(name) != "t.txt")
            check_round_trip<comir::similarity2>(folder, name, true, !json);
        check_round_trip<comir::affine2>(folder, name, true, false);
    }
}

TEST_CASE("write_transform: ITK's parameters are angle and shift, scale first, the matrix row by row") {
    temporary_folder const folder;
    auto const written = [&](comir::any_transform const& t) {
        comir::write_transform(folder / "t.tfm", t);
        return read_all(folder / "t.tfm");
    };
    CHECK(written(comir::rigid2{{0.25, 3, -4.5}, {10, 20}}) ==
          "#Insight Transform File V1.0\n#Transform 0\nTransform: Euler2DTransform_double_2_2\n"
          "Parameters: 0.25 3 -4.5\nFixedParameters: 10 20\n");
    CHECK(written(comir::similarity2{{0, 0.25, 3, 4}, {10, 20}}) ==
          "#Insight Transform File V1.0\n#Transform 0\nTransform: Similarity2DTransform_double_2_2\n"
          "Parameters: 1 0.25 3 4\nFixedParameters: 10 20\n");
    CHECK(written(comir::affine2{{1, 2, 3, 4, 5, 6}, {0.1, 0}}) ==
          "#Insight Transform File V1.0\n#Transform 0\nTransform: AffineTransform_double_2_2\n"
          "Parameters: 1 2 3 4 5 6\nFixedParameters: 0.1 0\n");
    CHECK(written(comir::translation2{{1e-20, 2}, {5, 6}}) ==
          "#Insight Transform File V1.0\n#Transform 0\nTransform: TranslationTransform_double_2_2\n"
          "Parameters: 1e-20 2\nFixedParameters: \n");
}

TEST_CASE("read_transform: ITK's files with comments, blank lines, Windows line ends and single precision") {
    temporary_folder const folder;
    auto const path = folder.file("t.txt", itk_head +
                                               "\r\n#Transform 0\r\nTransform: Similarity2DTransform_float_2_2\r\n"
                                               "Parameters: 2 1e-1 \t-3 4.5\r\nFixedParameters: 10 20\r\n\r\n");
    auto const t = comir::read_transform_as<comir::similarity2>(path);
    CHECK(t.parameters == std::array<double, 4>{std::log(2.0), 0.1, -3, 4.5});
    CHECK(t.centre == comir::point2{10, 20});
    auto const old = folder.file("o", itk_head +
                                          "Transform: MatrixOffsetTransformBase_double_2_2\n"
                                          "Parameters: 1 2 3 4 5 6\nFixedParameters: 7 8");
    CHECK(comir::read_transform_as<comir::affine2>(old).parameters == std::array<double, 6>{1, 2, 3, 4, 5, 6});
}

TEST_CASE("read_transform: a file in the way of elastix, with comments") {
    temporary_folder const folder;
    auto const path = folder.file("TransformParameters.0.txt",
                                  "(Transform \"EulerTransform\")\n(NumberOfParameters 3)\n"
                                  "(TransformParameters 0.017453 -2.5 4.000000)\n"
                                  "(InitialTransformParametersFileName \"NoInitialTransform\")\n"
                                  "(HowToCombineTransforms \"Compose\")\n\n// Image specific\n"
                                  "(FixedImageDimension 2)\n(MovingImageDimension 2)\n  (Size 256 128) // pixels\n\n"
                                  "// EulerTransform specific\n(CenterOfRotationPoint 127.5 63.5)\n");
    auto const t = comir::read_transform_as<comir::rigid2>(path);
    CHECK(t.parameters == std::array<double, 3>{0.017453, -2.5, 4});
    CHECK(t.centre == comir::point2{127.5, 63.5});
}

TEST_CASE("write_transform: elastix gets a similarity as an affine transform, and reading knows both") {
    temporary_folder const folder;
    comir::similarity2 const t{{0.2, 0.3, 3, -4}, {10, 20}};
    comir::write_transform(folder / "t.txt", t);
    auto const back = comir::read_transform_as<comir::affine2>(folder / "t.txt");
    for (comir::point2 const p : {comir::point2{0, 0}, {50, -7}}) {
        CHECK(back(p).x == doctest::Approx(t(p).x).epsilon(1e-14));
        CHECK(back(p).y == doctest::Approx(t(p).y).epsilon(1e-14));
    }
    auto const path = folder.file("s.txt",
                                  "(Transform \"SimilarityTransform\")\n(TransformParameters 2 0.1 -3 4.5)\n"
                                  "(CenterOfRotationPoint 10 20)\n");
    CHECK(comir::read_transform_as<comir::similarity2>(path).parameters ==
          std::array<double, 4>{std::log(2.0), 0.1, -3, 4.5});
}

TEST_CASE("write_transform: elastix gets the size of the fixed image if it is given") {
    temporary_folder const folder;
    comir::write_transform(folder / "t.txt", comir::rigid2{}, {.fixed_size = {256, 128}});
    std::string const text = read_all(folder / "t.txt");
    CHECK(text.find("\n(Size 256 128)\n") != std::string::npos);
    CHECK(text.find("(Transform \"EulerTransform\")\n(NumberOfParameters 3)\n(TransformParameters 0 0 0)\n") == 0);
    comir::write_transform(folder / "t.txt", comir::rigid2{});
    CHECK(read_all(folder / "t.txt").find("(Size") == std::string::npos);
}

TEST_CASE("write_transform: other extensions and numbers that are not finite are refused") {
    temporary_folder const folder;
    CHECK_THROWS_WITH_AS(comir::write_transform(folder / "t.xml", comir::rigid2{}),
                         doctest::Contains("expected .tfm (ITK), .txt (elastix), .json, .mat (ANTs), .mha"),
                         comir::error);
    for (char const* name : {"t.tfm", "t.txt", "t.json", "t.mat"}) {
        CHECK_THROWS_AS(comir::write_transform(folder / name, comir::rigid2{{NAN, 0, 0}, {}}), comir::error);
        CHECK_THROWS_AS(comir::write_transform(folder / name, comir::rigid2{{}, {0, INFINITY}}), comir::error);
        CHECK_THROWS_AS(comir::write_transform(folder / name, comir::similarity2{{1000, 0, 0, 0}, {}}), comir::error);
    }
    CHECK(std::filesystem::is_empty(folder.path()));
}

TEST_CASE("read_transform: transforms that comir lacks, and damaged files, are told by reason") {
    std::string const rigid = "Transform: Euler2DTransform_double_2_2\nParameters: 0 1 2\nFixedParameters: 0 0\n";
    check_refused("", "not a transform file");
    check_refused("text", "not a transform file");
    check_refused(itk_head, "'Transform:' is missing");
    check_refused(itk_head + rigid + rigid, "2 separate transforms");
    check_refused(itk_head + "Transform: Euler3DTransform_double_3_3\nParameters: 0\n", "two dimensions");
    check_refused(itk_head + "Transform: VersorTransform_double_2_2\nParameters: 0\n", "'VersorTransform'");
    check_refused(itk_head + "Transform: Euler2DTransform_double_2_2\nParameters: 0 1\nFixedParameters: 0 0\n",
                  "a rigid2 has 3 parameters, the file has 2");
    check_refused(itk_head + "Transform: Euler2DTransform_double_2_2\nParameters: 0 1 2\n", "the centre has 0");
    check_refused(itk_head + "Transform: Euler2DTransform_double_2_2\nParameters: 0 1x 2\n", "'1x' is not a finite");
    check_refused(itk_head + "Transform: Euler2DTransform_double_2_2\nParameters: 0 nan 2\n", "'nan' is not a finite");
    check_refused(itk_head + "Transform: Similarity2DTransform_double_2_2\nParameters: -1 0 0 0\nFixedParameters: 0 0",
                  "the scale is -1, expected more than 0");
    check_refused(itk_head + "no colon", "has no colon");
    check_refused("(Transform \"EulerTransform\")\n", "TransformParameters ...) is missing");
    check_refused("(Transform \"EulerTransform\"", "not in brackets");
    std::string const euler = "(Transform \"EulerTransform\")\n(TransformParameters 0 0 0)\n";
    check_refused(euler + "(CenterOfRotationPoint 0 0)\n(FixedImageDimension 3)\n",
                  "FixedImageDimension is other than 2");
    check_refused(euler + "(CenterOfRotationPoint 0 0)\n(InitialTransformParameterFileName \"T.0.txt\")\n",
                  "T.0.txt, is neither beside it nor there");
    check_refused(euler + "(CenterOfRotationPoint 0 0)\n(InitialTransformParameterFileName \"my file.txt\")\n",
                  "my file.txt, is neither");
    check_refused(euler + euler, "appears twice");
    check_refused("{\"comir_transform\": \"rigid2\"}", "'parameters' not found");
    check_refused("{\"comir_transform\": \"rigid3\", \"parameters\": [0], \"centre\": [0, 0]}", "'rigid3'");
    check_refused("{\"comir_transform\": \"rigid2\", \"parameters\": [0, 1e999, 0], \"centre\": [0, 0]}",
                  "not a transform");
    check_refused("{\"comir_transform\": \"rigid2\", \"parameters\": [0, 1, 0], \"centre\": [0]}", "the centre has 1");
    check_refused("{\"a\":" + std::string(100000, '['), "not a transform of comir as JSON");
    check_refused(std::string(1 << 21, ' '), "not a transform file");
    temporary_folder const folder;
    auto const path = folder.file("t.tfm", itk_head + rigid);
    CHECK_THROWS_WITH_AS(comir::read_transform_as<comir::affine2>(path),
                         doctest::Contains("the transform is of type rigid2, expected affine2"), comir::format_error);
}

TEST_CASE("write_transform: ITK and elastix files are in the length unit, JSON in pixels, and all read back") {
    temporary_folder const folder;
    comir::pixel_grid const fixed{{0.5, 0.5}, {3, -2}}, moving{{0.25, 0.25}, {1, 7}};
    comir::rigid2 const t{{0.3, 3, -4}, {10, 20}};
    for (char const* name : {"t.tfm", "t.txt", "t.json"}) {
        comir::write_transform(folder / name, t, {{64, 48}, fixed, moving});
        comir::any_transform const back = comir::read_transform(folder / name, {fixed, moving});
        comir::any_transform const raw = comir::read_transform(folder / name);
        bool const json = std::string(name) == "t.json";
        comir::point2 const p{17, 33};
        auto const check_same = [](comir::point2 a, comir::point2 b) {
            CHECK(a.x == doctest::Approx(b.x).epsilon(1e-12));
            CHECK(a.y == doctest::Approx(b.y).epsilon(1e-12));
        };
        check_same(applied_transform(back, p), t(p));
        check_same(applied_transform(raw, json ? p : comir::pixel_to_place(fixed)(p)),
                   json ? t(p) : comir::pixel_to_place(moving)(t(p)));
    }
    std::string const text = read_all(folder / "t.txt");
    CHECK(text.find("\n(Size 64 48)\n(Index 0 0)\n(Spacing 0.5 0.5)\n(Origin 3 -2)\n") != std::string::npos);
}
