#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <map>
#include <random>
#include <span>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <comir/io/safetensors.hpp>

#include "support/temporary_folder.hpp"

namespace {

std::span<std::byte const> bytes_of(std::string const& text) {
    return std::as_bytes(std::span(text));
}

/// A file with that header, its length in front, and zeros as data.
std::string file_of(std::string const& header, std::size_t data) {
    std::uint64_t const size = header.size();
    std::string length(8, '\0');
    std::memcpy(length.data(), &size, 8);
    return length + header + std::string(data, '\0');
}

void check_refused(std::string const& header, std::size_t data, char const* why) {
    CAPTURE(header.substr(0, 200));
    CHECK_THROWS_WITH_AS(comir::parse_safetensors(bytes_of(file_of(header, data))), doctest::Contains(why),
                         comir::format_error);
}

}  // namespace

TEST_CASE("parse_safetensors: a file made with Python gives its tensors in the order of their bytes") {
    auto const file = comir::read_safetensors(COMIR_TEST_DATA "/io/all.safetensors");
    CHECK(file.metadata() == std::map<std::string, std::string>{{"made by", "python"}, {"\xc3\xa9", "\n"}});
    std::vector<std::string> names;
    for (auto const& entry : file.entries())
        names.push_back(entry.name);
    CHECK(names == std::vector<std::string>{"b", "a", "none", "s"});
    CHECK(file.at("b").shape == std::vector<std::size_t>{2, 3});
    auto const b = comir::values<float>(file.at("b"));
    CHECK(std::vector<float>(b.begin(), b.end()) == std::vector<float>{0, 1, 2, 3, 4, 5});
    CHECK(comir::copy_values<std::uint8_t>(file.at("a")) == std::vector<std::uint8_t>{1, 2, 255});
    CHECK(file.at("none").shape == std::vector<std::size_t>{0, 4});
    CHECK(file.at("none").bytes.empty());
    CHECK(file.at("s").shape.empty());
    // 27 bytes lie before it.
    CHECK(comir::copy_values<std::int64_t>(file.at("s")) == std::vector<std::int64_t>{-5});
    CHECK_THROWS_WITH_AS(comir::values<std::int64_t>(file.at("s")), doctest::Contains("use comir::copy_values"),
                         comir::error);
    CHECK(file.find("x") == nullptr);
    CHECK_THROWS_WITH_AS(file.at("x"), doctest::Contains("no tensor 'x'"), comir::format_error);
    CHECK_THROWS_WITH_AS(comir::values<double>(file.at("b")), doctest::Contains("has dtype F32, expected F64"),
                         comir::format_error);
    CHECK_THROWS_AS(comir::copy_values<std::int8_t>(file.at("a")), comir::format_error);
}

TEST_CASE("write_safetensors: the bytes are those that the format describes, larger items first") {
    std::array<std::uint8_t, 3> const small{7, 8, 9};
    std::array<float, 2> const large{1.0f, -2.0f};
    auto const bytes = comir::to_safetensors({comir::make_safetensors_entry("s\"", {3}, std::span(small)),
                                              comir::make_safetensors_entry("l", {1, 2}, std::span(large))},
                                             {{"k", "v"}});
    std::string const header = R"({"__metadata__":{"k":"v"},"l":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},)"
                               R"("s\"":{"dtype":"U8","shape":[3],"data_offsets":[8,11]}})";
    std::string padded = header;
    padded.resize((header.size() + 7) / 8 * 8, ' ');
    std::string expected = file_of(padded, 0);
    expected.append("\x00\x00\x80\x3f\x00\x00\x00\xc0\x07\x08\x09", 11);
    CHECK(std::string(reinterpret_cast<char const*>(bytes.data()), bytes.size()) == expected);

    temporary_folder const folder;
    comir::write_safetensors(folder / "t.safetensors",
                             {comir::make_safetensors_entry("s\"", {3}, std::span(small)),
                              comir::make_safetensors_entry("l", {1, 2}, std::span(large))},
                             {{"k", "v"}});
    CHECK(read_all(folder / "t.safetensors") == expected);
}

TEST_CASE("safetensors: every type, a scalar, an empty tensor and no tensor at all come back") {
    temporary_folder const folder;
    std::vector<double> const f64{1.5, -0.0, 1e300};
    std::vector<float> const f32{0.1f};
    std::vector<std::int16_t> const i16{-3, 4};
    std::vector<std::uint64_t> const none;
    comir::write_safetensors(folder / "t", {comir::make_safetensors_entry("i16", {2, 1}, std::span(i16)),
                                            comir::make_safetensors_entry("none", {3, 0}, std::span(none)),
                                            comir::make_safetensors_entry("f32", {}, std::span(f32)),
                                            comir::make_safetensors_entry("f64", {3}, std::span(f64))});
    auto file = comir::read_safetensors(folder / "t");
    auto const moved = std::move(file);
    CHECK(moved.metadata().empty());
    CHECK(std::ranges::equal(comir::values<double>(moved.at("f64")), f64));
    CHECK(std::ranges::equal(comir::values<float>(moved.at("f32")), f32));
    CHECK(std::ranges::equal(comir::values<std::int16_t>(moved.at("i16")), i16));
    CHECK(comir::values<std::uint64_t>(moved.at("none")).empty());
    CHECK(moved.at("i16").shape == std::vector<std::size_t>{2, 1});
    CHECK(comir::parse_safetensors(comir::to_safetensors({})).entries.empty());
}

TEST_CASE("to_safetensors: tensors that no reader would take are refused") {
    std::array<float, 2> const two{};
    auto const entry = [&](std::string name) { return comir::make_safetensors_entry(name, {2}, std::span(two)); };
    CHECK_THROWS_AS(comir::make_safetensors_entry("a", {3}, std::span(two)), comir::shape_error);
    CHECK_THROWS_WITH_AS(comir::to_safetensors({entry("a"), entry("a")}), doctest::Contains("two tensors"),
                         comir::error);
    CHECK_THROWS_AS(comir::to_safetensors({entry("__metadata__")}), comir::error);
    CHECK_THROWS_WITH_AS(comir::to_safetensors({entry("\xff")}), doctest::Contains("not UTF-8"), comir::error);
    auto wrong = entry("a");
    wrong.dtype = "F16";
    CHECK_THROWS_AS(comir::to_safetensors({wrong}), comir::shape_error);
    wrong.dtype = "F99";
    CHECK_THROWS_WITH_AS(comir::to_safetensors({wrong}), doctest::Contains("unknown dtype 'F99'"), comir::error);
}

TEST_CASE("parse_safetensors: lengths beyond the file and the limit are refused") {
    CHECK_THROWS_WITH_AS(comir::parse_safetensors({}), doctest::Contains("0 bytes"), comir::format_error);
    CHECK_THROWS_WITH_AS(comir::parse_safetensors(bytes_of(std::string("\x09\0\0\0\0\0\0\0{}      ", 16))),
                         doctest::Contains("its header has 9 bytes, 8 are there"), comir::format_error);
    CHECK_THROWS_WITH_AS(comir::parse_safetensors(bytes_of(std::string(16, '\xff'))),
                         doctest::Contains("expected at most 100000000"), comir::format_error);
    CHECK_NOTHROW(comir::parse_safetensors(bytes_of(file_of("{}", 0))));
    check_refused(" {}", 0, "does not begin with {");
    check_refused("", 0, "does not begin with {");
}

TEST_CASE("parse_safetensors: offsets that leave gaps, overlap or reach out are refused") {
    auto const two = [](std::string const& first, std::string const& second) {
        return R"({"a":{"dtype":"U8","shape":[4],"data_offsets":)" + first +
               R"(},"b":{"dtype":"U8","shape":[4],"data_offsets":)" + second + "}}";
    };
    CHECK_NOTHROW(comir::parse_safetensors(bytes_of(file_of(two("[4,8]", "[0,4]"), 8))));
    check_refused(two("[0,4]", "[5,9]"), 9, "expected to start at 4");
    check_refused(two("[0,4]", "[3,7]"), 7, "expected to start at 4");
    check_refused(two("[0,4]", "[0,4]"), 4, "expected to start at 4");
    check_refused(two("[1,5]", "[5,9]"), 9, "expected to start at 0");
    check_refused(two("[0,4]", "[4,8]"), 7, "within the 7 bytes");
    check_refused(two("[0,4]", "[4,8]"), 9, "1 bytes at the end belong to no tensor");
    check_refused(two("[0,4]", "[4,3]"), 4, "lies at bytes 4 to 3");
    check_refused(two("[0,4]", "[4,18446744073709551615]"), 8, "within the 8 bytes");
    check_refused(two("[0,4]", "[4]"), 8, "two numbers");
    check_refused(two("[0,4]", "[4,8,9]"), 8, "two numbers");
    check_refused(two("[0,4]", "[4,-8]"), 8, "negative");
    check_refused(two("[0,4]", "[4,8.0]"), 8, "fraction");
}

TEST_CASE("parse_safetensors: shapes that do not fit the bytes, or overflow, are refused") {
    auto const one = [](std::string const& dtype, std::string const& shape) {
        return R"({"a":{"dtype":")" + dtype + R"(","shape":)" + shape + R"(,"data_offsets":[0,8]}})";
    };
    CHECK_NOTHROW(comir::parse_safetensors(bytes_of(file_of(one("F32", "[2]"), 8))));
    check_refused(one("F32", "[3]"), 8, "its shape needs another number");
    // 2^62 x 4 bytes wrap to 0, and (2^62 + 2) x 4 to 8.
    check_refused(one("F32", "[4611686018427387906]"), 8, "its shape needs another number");
    check_refused(one("F32", "[2147483649,4294967294]"), 8, "its shape needs another number");
    check_refused(one("F99", "[2]"), 8, "unknown dtype 'F99'");
    check_refused(one("F32", "[[2]]"), 8, "an array does not belong here");
    check_refused(one("F32", "2"), 8, "a number does not belong here");
    check_refused(one("F32", "[18446744073709551616]"), 8, "fraction");
}

TEST_CASE("parse_safetensors: JSON that is not a header is refused") {
    std::string const rest = R"("dtype":"U8","shape":[0],"data_offsets":[0,0]})";
    CHECK_NOTHROW(comir::parse_safetensors(bytes_of(file_of("{\"a\":{" + rest + "}  ", 0))));
    check_refused("{\"a\":{" + rest + ",\"a\":{" + rest + "}", 0, "the name 'a' appears twice");
    check_refused("{\"a\":{\"dtype\":\"U8\"," + rest + "}", 0, "'dtype' is unknown or appears twice");
    check_refused("{\"a\":{\"more\":1," + rest + "}", 0, "'more' is unknown");
    check_refused("{\"a\":{\"dtype\":\"U8\",\"shape\":[0]}}", 0, "lacks dtype, shape or data_offsets: 'a'");
    check_refused("{\"a\":[1]}", 0, "an array does not belong here");
    check_refused("{\"a\":null}", 0, "null does not belong here");
    check_refused(R"({"__metadata__":{"a":1}})", 0, "a number does not belong here");
    check_refused(R"({"__metadata__":{"a":"1","a":"2"}})", 0, "the metadata 'a' appears twice");
    check_refused(R"({"__metadata__":{"a":{}}})", 0, "an object does not belong here");
    check_refused(R"({"__metadata__":{},"__metadata__":{}})", 0, "appears twice");
    check_refused("{\"a\":", 0, "byte 6");
    check_refused("{} {}", 0, "the header is damaged");
    check_refused("{\"\xff\":1}", 0, "the header is damaged");
    std::string const deep(1000000, '[');
    check_refused("{\"a\":" + deep, 0, "an array does not belong here");
    std::string objects;
    for (int i = 0; i < 100000; ++i)
        objects += "{\"a\":";
    check_refused(objects, 0, "'a' is unknown");
    check_refused(R"({"a":{"shape":{"b":1}}})", 0, "an object does not belong here");
}

TEST_CASE("read_safetensors: every cut of a file is an error that names it; damaged bytes never crash") {
    temporary_folder const folder;
    std::string const whole = read_all(COMIR_TEST_DATA "/io/all.safetensors");
    for (std::size_t length = 0; length < whole.size(); ++length)
        CHECK_THROWS_WITH_AS(comir::read_safetensors(folder.file("cut", whole.substr(0, length))),
                             doctest::Contains((folder / "cut").c_str()), comir::format_error);
    CHECK_THROWS_WITH_AS(
        comir::read_safetensors(folder / "none"),
        ("comir::read_safetensors: " + (folder / "none").string() + ": cannot open: No such file or directory").c_str(),
        comir::error);
    std::mt19937 engine(1);
    int errors = 0;
    for (int round = 0; round < 3000; ++round) {
        std::string damaged = whole;
        for (int flips = 1 + round % 3; flips > 0; --flips)
            damaged[engine() % damaged.size()] ^= static_cast<char>(1u << (engine() % 8));
        try {
            comir::parse_safetensors(bytes_of(damaged));
        } catch (comir::format_error const&) {
            ++errors;
        }
    }
    CHECK(errors > 1000);
}
