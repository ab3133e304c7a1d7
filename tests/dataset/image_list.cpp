#include <fstream>
#include <string>

#include <doctest/doctest.h>

#include <comir/dataset/image_list.hpp>

#include "support/message.hpp"
#include "support/temporary_folder.hpp"

TEST_CASE("read_image_list: names, masks and modalities may be missing") {
    temporary_folder const folder;
    auto const path = folder / "list.csv";
    std::ofstream(path) << "moving,other,fixed,fixed_mask,landmarks\nsub/b.tif,1,a.png,,l.csv\nc.png,2,a.png,m.png,\n";
    auto const pairs = comir::read_image_list(path);
    REQUIRE(pairs.size() == 2);
    CHECK(pairs[0].name == "b");
    CHECK(pairs[0].moving == folder / "sub/b.tif");
    CHECK(pairs[0].fixed == folder / "a.png");
    CHECK(pairs[0].fixed_mask.empty());
    CHECK(pairs[0].landmarks == folder / "l.csv");
    CHECK(pairs[0].fixed_modality.empty());
    CHECK(pairs[1].name == "c");
    CHECK(pairs[1].fixed_mask == folder / "m.png");
    CHECK(pairs[1].initial.empty());
}

TEST_CASE("read_image_list: names that cannot be files, and the same twice, are errors") {
    temporary_folder const folder;
    auto const path = folder / "list.csv";
    auto const error_of = [&](std::string const& text) {
        std::ofstream(path) << text;
        return message([&] { comir::read_image_list(path); });
    };
    CHECK(error_of("fixed,moving\na/x.png,b/x.png\na/x.png,c/x.png\n").find("two pairs are called 'x'") !=
          std::string::npos);
    CHECK(error_of("pair,fixed,moving\n../x,a.png,b.png\n").find("'../x', which cannot name a file") !=
          std::string::npos);
    CHECK(error_of("pair,fixed,moving\n.x,a.png,b.png\n").find("which cannot name a file") != std::string::npos);
    CHECK(error_of("fixed\na.png\n").find("has no column 'moving'") != std::string::npos);
    CHECK(error_of("fixed,moving\na.png,\n").find("line 2: the value of 'moving' is missing") != std::string::npos);
}
