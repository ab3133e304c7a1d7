#include <fstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <comir/evaluation/registration_record.hpp>

#include "support/temporary_folder.hpp"

namespace {

comir::registration_record full_record() {
    return {"a, b",
            "f.png",
            "m.png",
            comir::registration_status::doubtful,
            "said \"no\"",
            "affine",
            true,
            1.0 / 3.0,
            0.1,
            0.7,
            2.5,
            {{"transform", "doubtful/transforms/a.tfm"}},
            {{"fixed image", "f.png, 12 bytes"}, {"settings", "--seed 1"}}};
}

}  // namespace

TEST_CASE("registration_record: a record is read as it was written") {
    temporary_folder const folder;
    auto const path = folder / "a.json";
    auto const written = full_record();
    comir::write_record(path, written);
    auto const read = comir::read_record(path);
    REQUIRE(read);
    CHECK(comir::record_table(std::vector{*read}) == comir::record_table(std::vector{written}));
    CHECK(read->files == written.files);
    CHECK(read->made_of == written.made_of);
}

TEST_CASE("registration_record: what is no record is none") {
    temporary_folder const folder;
    CHECK(!comir::read_record(folder / "none.json"));
    auto const path = folder / "a.json";
    comir::write_record(path, full_record());
    std::string text;
    {
        std::ifstream file(path);
        text.assign(std::istreambuf_iterator<char>(file), {});
    }
    for (std::size_t length = 0; length + 2 < text.size(); length += 7) {
        std::ofstream(path) << text.substr(0, length);
        CHECK(!comir::read_record(path));
    }
    for (char const* other : {"[]", "{}", "{\"pair\": 3}", "null"}) {
        std::ofstream(path) << other;
        CHECK(!comir::read_record(path));
    }
    text.replace(text.find("doubtful"), 8, "perfect!");
    std::ofstream(path) << text;
    CHECK(!comir::read_record(path));
}

TEST_CASE("registration_record: what changed is named") {
    auto const record = full_record();
    auto now = record.made_of;
    CHECK(comir::changed_since(record, now).empty());
    now["settings"] = "--seed 2";
    CHECK(comir::changed_since(record, now) == "settings");
    now = record.made_of;
    now["model"] = "new";
    CHECK(comir::changed_since(record, now) == "model");
    now = record.made_of;
    now.erase("fixed image");
    CHECK(comir::changed_since(record, now) == "fixed image");
}

TEST_CASE("registration_record: the table quotes text and leaves what is not known empty") {
    auto failed = full_record();
    failed.name = "c";
    failed.status = comir::registration_status::failed;
    failed.reason = "cannot open";
    failed.kind.clear();
    failed.files.clear();
    failed.seconds = 0.5;
    std::vector<comir::registration_record> const records{full_record(), failed};
    CHECK(comir::record_table(records) ==
          "pair,status,kind,confidence,overlap,agreeing,mirrored,seconds,transform,reason,fixed,moving\n"
          "\"a, b\",doubtful,affine,0.3333333333333333,0.1,0.7,1,2.5,doubtful/transforms/a.tfm,\"said \"\"no\"\"\","
          "f.png,m.png\n"
          "c,failed,,,,,,0.5,,cannot open,f.png,m.png\n");
}
