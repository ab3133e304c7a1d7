#include <cstdint>
#include <filesystem>
#include <string>

#include <doctest/doctest.h>

#include <comir/dataset/folder_pairs.hpp>

#include "support/temporary_folder.hpp"

namespace {

/// Two empty folders a and b.
struct two_folders {
    two_folders() {
        std::filesystem::create_directory(a);
        std::filesystem::create_directory(b);
    }
    void put(std::filesystem::path const& path, comir::image_shape shape, std::uint8_t value) const {
        comir::write_image(path, comir::image<std::uint8_t>(shape, value));
    }
    std::string problem() const {
        try {
            comir::read_folder_pairs(a, b);
        } catch (comir::error const& error) {
            return error.what();
        }
        return "none";
    }
    temporary_folder folder;
    std::filesystem::path a = folder / "a", b = folder / "b";
};

}  // namespace

TEST_CASE("folder_pairs: same names pair up, sorted, whatever else lies in the folders") {
    two_folders const f;
    f.put(f.a / "z.png", {3, 4, 5}, 51);
    f.put(f.b / "z.png", {1, 4, 5}, 102);
    f.put(f.a / "b.TIF", {3, 2, 1}, 255);
    f.put(f.b / "b.TIF", {1, 2, 1}, 0);
    f.folder.file("a/README.md", "text");
    f.folder.file("b/.hidden.png", "text");
    std::filesystem::create_directory(f.b / "folder.png");
    auto const pairs = comir::read_folder_pairs(f.a, f.b);
    REQUIRE(pairs.size() == 2);
    CHECK(pairs[0].name == "b.TIF");
    CHECK(pairs[1].name == "z.png");
    CHECK(pairs[0].images[0].shape() == comir::image_shape{3, 2, 1});
    CHECK(pairs[1].images[1].shape() == comir::image_shape{1, 4, 5});
    CHECK(pairs[1].images[0](2, 3, 4) == doctest::Approx(0.2));
    CHECK(pairs[1].images[1](0, 0, 0) == doctest::Approx(0.4));
    auto const files = comir::list_folder_pairs(f.a, f.b);
    CHECK(files[1].paths[1] == f.b / "z.png");
}

TEST_CASE("folder_pairs: a missing and an empty folder are named") {
    two_folders const f;
    CHECK(f.problem() ==
          "comir::list_folder_pairs: " + f.a.string() + " holds no images, expected files named .png, .tif or .tiff");
    f.put(f.a / "x.png", {1, 2, 2}, 1);
    CHECK(f.problem().find(f.b.string() + " holds no images") != std::string::npos);
    std::filesystem::remove(f.b);
    CHECK(f.problem() ==
          "comir::list_folder_pairs: " + f.b.string() + ": cannot read the folder: No such file or directory");
}

TEST_CASE("folder_pairs: names that do not pair up are listed for both sides, the first few") {
    two_folders const f;
    for (char const* name : {"1.png", "2.png", "3.png", "4.png", "5.png", "both.png"})
        f.put(f.a / name, {1, 2, 2}, 1);
    f.put(f.b / "both.png", {1, 2, 2}, 1);
    std::string const start = "comir::list_folder_pairs: the file names do not pair up; only in " + f.a.string() +
                              ": 1.png, 2.png, 3.png and 2 more";
    CHECK(f.problem() == start + "; give the two images of a pair the same name");
    f.put(f.b / "other.png", {1, 2, 2}, 1);
    CHECK(f.problem() ==
          start + "; only in " + f.b.string() + ": other.png; give the two images of a pair the same name");
}

TEST_CASE("folder_pairs: sizes that differ in a pair and channels that differ in a folder are named") {
    two_folders const f;
    f.put(f.a / "1.png", {3, 4, 5}, 1);
    f.put(f.b / "1.png", {1, 4, 6}, 1);
    CHECK(f.problem() == "comir::read_pairs: " + (f.a / "1.png").string() + " has 5 x 4 pixels and " +
                             (f.b / "1.png").string() +
                             " has 6 x 4, expected the same size; align and crop them to one grid");
    f.put(f.b / "1.png", {1, 4, 5}, 1);
    f.put(f.a / "2.png", {3, 2, 2}, 1);
    f.put(f.b / "2.png", {3, 2, 2}, 1);
    CHECK(f.problem() == "comir::read_pairs: " + (f.b / "2.png").string() + " has 3 channels, expected 1 as " +
                             (f.b / "1.png").string() + " has");
    f.folder.file("b/2.png", "no image");
    CHECK_THROWS_AS(comir::read_folder_pairs(f.a, f.b), comir::format_error);
}
