#include <cmath>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <comir/io/csv_file.hpp>

#include "support/temporary_folder.hpp"

namespace {

temporary_folder const folder;

comir::csv_table table(std::string const& content) {
    return {"who", folder.file("t.csv", content)};
}

std::string problem(std::string const& content) {
    try {
        auto const t = table(content);
        for (std::size_t i = 0; i < t.size(); ++i)
            t.number(i, t.column("n"));
    } catch (comir::format_error const& error) {
        std::string const text = error.what(), start = "who: " + (folder / "t.csv").string() + ": ";
        REQUIRE(text.substr(0, start.size()) == start);
        return text.substr(start.size());
    }
    return "none";
}

}  // namespace

TEST_CASE("csv_table: all columns and fields as they stand, to be written again") {
    comir::csv_table const t = table("id, x,note\n7,1,\n\n8,2,\"a, b\"\n");
    CHECK(t.names() == std::vector<std::string>{"id", "x", "note"});
    CHECK(t.has_column("note"));
    CHECK_FALSE(t.has_column("y"));
    CHECK(t.field(0, 2).empty());
    CHECK(t.field(1, 2) == "a, b");
    CHECK(t.line(1) == 4);
}

TEST_CASE("csv_table: fields are found by their column's name, with quotes, blanks, blank lines and any line end") {
    auto const t = table("\xef\xbb\xbf b ,a\r\n 1.5 ,\"x, \"\"y\"\"\"\r\n\r\n\n-2e3,\"two\nlines\"\n+7, plain text \n");
    REQUIRE(t.size() == 3);
    CHECK(t.number(0, t.column("b")) == 1.5);
    CHECK(t.number(1, t.column("b")) == -2000.0);
    CHECK(t.number(2, t.column("b")) == 7.0);
    CHECK(t.text(0, t.column("a")) == "x, \"y\"");
    CHECK(t.text(1, t.column("a")) == "two\nlines");
    CHECK(t.text(2, t.column("a")) == "plain text");
    CHECK(t.where(0).substr(t.where(0).size() - 6) == "line 2");
    // The blank lines 3 and 4 and the line break in the quotes count.
    CHECK(t.where(2).substr(t.where(2).size() - 6) == "line 7");
}

TEST_CASE("csv_table: a last line without an end is a line, and a header alone has none") {
    CHECK(table("n\n3").number(0, 0) == 3.0);
    CHECK(table("n,m\n").size() == 0);
}

TEST_CASE("csv_table: messages name the file, the line and the value") {
    CHECK(problem("") == "the file is empty, expected a header with column names");
    CHECK(problem("a,b\n1,2\n") == "line 1 has no column 'n', the columns are: a, b");
    CHECK(problem("n,n\n1,2\n") == "the column 'n' appears twice");
    CHECK(problem("n,m\n1,2\n1\n") == "line 3 has 1 values, expected 2 as the header names");
    CHECK(problem("n,m\n1,2\n\n,2\n") == "line 4: the value of 'n' is missing");
    CHECK(problem("n\n1.5px\n") ==
          "line 2: the value of 'n' is '1.5px', expected a finite number with a decimal point");
    for (std::string const bad : {"nan", "inf", "1e999", "1,5", "0x10", "--1", "+-1", "."})
        CHECK(problem("n\n\"" + bad + "\"\n").substr(0, 25) == "line 2: the value of 'n' ");
    CHECK(problem("n\n\"1\n2\n") == "line 2: a quote has no end");
    CHECK(problem("n\n\"1\"2\n") == "line 2: text follows a closing quote, expected a comma");
    CHECK_THROWS_AS(comir::csv_table("who", folder / "missing.csv"), comir::error);
}

TEST_CASE("csv_field: what it writes is read back, numbers with the same bits") {
    for (std::string const text : {"plain", "a,b", "say \"hi\"", "two\nlines", " blanks ", "'single'", "a\rb"})
        CHECK(table("n\n" + comir::csv_field(text) + "\n").text(0, 0) == text);
    for (double const value : {0.1, 1.0 / 3, -1e-300, 1e300, 123456789.123456789, 0.0, std::nextafter(2.0, 3.0)})
        CHECK(table("n\n" + comir::csv_field(value) + "\n").number(0, 0) == value);
    CHECK(comir::csv_field(30.0) == "30");
}
