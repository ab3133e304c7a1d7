#include <cstddef>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <comir/io/archive_file.hpp>

#include "support/message.hpp"
#include "support/temporary_folder.hpp"

namespace {

comir::archived_image small_archived(std::string path, bool kept) {
    comir::archived_image i;
    i.path = std::move(path);
    i.content = "0123";
    i.modality = "sh\"g, é";
    i.width = 5;
    i.height = 3;
    i.spacing = {0.5, 0.25};
    i.description = {{0.5f, 1.0f, 2.0f, 2.5f, 3.0f, 1.5f}, std::vector<std::uint8_t>(384, 9)};
    if (kept)
        i.representation = comir::image<std::uint8_t>({2, 3, 5}, 7);
    return i;
}

comir::image_archive small_archive() {
    comir::image_archive archive({"abc", "m.safetensors", "set"});
    archive.add(small_archived("b/2.png", true));
    archive.add(small_archived("a/1.png", false));
    return archive;
}

std::string read_problem_of_archive(std::filesystem::path const& path) {
    return message([&] { comir::read_archive(path); });
}

/// The file of the small archive with part of it replaced by text of the same length.
std::string altered_archive(temporary_folder const& folder, std::string content, std::string const& from,
                            std::string const& to) {
    std::size_t const at = content.find(from);
    REQUIRE(at != std::string::npos);
    REQUIRE(from.size() == to.size());
    return read_problem_of_archive(folder.file("altered.idx", content.replace(at, from.size(), to)));
}

}  // namespace

TEST_CASE("archive file: what is written is read back, and written again with the same bytes") {
    temporary_folder const folder;
    auto const archive = small_archive();
    comir::write_archive(folder / "a.idx", archive);
    auto const read = comir::read_archive(folder / "a.idx");
    REQUIRE(read.size() == 2);
    CHECK(read.origin().model == "abc");
    CHECK(read.origin().model_file == "m.safetensors");
    CHECK(read.origin().settings == "set");
    for (std::size_t i = 0; i < 2; ++i) {
        auto const &a = archive.images()[i], &b = read.images()[i];
        CHECK(a.path == b.path);
        CHECK(a.content == b.content);
        CHECK(a.modality == b.modality);
        CHECK(a.width == b.width);
        CHECK(a.height == b.height);
        CHECK(a.spacing == b.spacing);
        CHECK(a.description == b.description);
        CHECK(std::ranges::equal(a.representation.values(), b.representation.values()));
    }
    comir::write_archive(folder / "b.idx", read);
    CHECK(read_all(folder / "a.idx") == read_all(folder / "b.idx"));
}

TEST_CASE("archive file: without images") {
    temporary_folder const folder;
    comir::write_archive(folder / "a.idx", comir::image_archive(small_archive().origin()));
    CHECK(comir::read_archive(folder / "a.idx").empty());
}

TEST_CASE("archive file: cut short anywhere it is refused, and a file that cannot be written leaves the old one") {
    temporary_folder const folder;
    comir::write_archive(folder / "a.idx", small_archive());
    std::string const content = read_all(folder / "a.idx");
    for (std::size_t size = 0; size < content.size(); size += 37)
        CHECK_THROWS_AS(comir::read_archive(folder.file("short.idx", content.substr(0, size))), comir::format_error);
    auto bad = small_archive();
    bad.add(small_archived("c\xff.png", false));
    CHECK(message([&] { comir::write_archive(folder / "a.idx", bad); }).find("not UTF-8") != std::string::npos);
    CHECK(read_all(folder / "a.idx") == content);
}

TEST_CASE("archive file: damaged, foreign and other versions' files are told apart") {
    temporary_folder const folder;
    comir::write_archive(folder / "a.idx", small_archive());
    std::string const content = read_all(folder / "a.idx");
    CHECK(altered_archive(folder, content, "comir archive", "comir arckive").find("is no archive") !=
          std::string::npos);
    CHECK(altered_archive(folder, content, R"("version":"1")", R"("version":"9")").find("version '9'") !=
          std::string::npos);
    CHECK(altered_archive(folder, content, R"(\"features\":3)", R"(\"features\":2)").find("too many") !=
          std::string::npos);
    CHECK(altered_archive(folder, content, R"(\"features\":3)", R"(\"features\":9)").find("need more") !=
          std::string::npos);
    CHECK(altered_archive(folder, content, R"(\"width\":5)", R"(\"width\":0)").find("damaged") != std::string::npos);
    CHECK(altered_archive(folder, content, R"(\"width\":5)", R"(\"width\":-)").find("no JSON") != std::string::npos);
    CHECK(altered_archive(folder, content, "a/1.png", "z/1.png").find("out of order") != std::string::npos);
    CHECK(altered_archive(folder, content, R"(\"content\")", R"(\"contenu\")").find("entry 1") != std::string::npos);
    CHECK(altered_archive(folder, content, R"("descriptors")", R"("descriptorz")").find("descriptors") !=
          std::string::npos);
}
