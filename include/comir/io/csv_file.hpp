#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <comir/core/error.hpp>
#include <comir/io/input_file.hpp>

namespace comir { inline namespace COMIR_ABI {

/// Text as one field of a CSV line: in quotes where it holds a comma, a quote or a line break.
inline std::string csv_field(std::string_view text) {
    bool const plain = text.find_first_of(",\"\r\n") == std::string_view::npos &&
                       (text.empty() || (text.front() != ' ' && text.back() != ' '));
    if (plain)
        return std::string(text);
    std::string quoted = "\"";
    for (char c : text)
        quoted.append(c == '"' ? 2 : 1, c);
    return quoted + '"';
}

/// The shortest decimal text that reads back as the same number, whatever the locale.
inline std::string csv_field(double value) {
    char text[32];
    return {text, std::to_chars(text, text + sizeof text, value).ptr};
}

/// A CSV file with a header: its lines are told apart by the names of their columns, in any order.
class csv_table {
public:
    /// Reads lines of fields separated by commas, in quotes where needed (RFC 4180); blank lines are skipped.
    /// Errors: error if the file cannot be opened; format_error if it has more than 256 MiB, no header, a column twice,
    ///         a line with another number of fields than the header, or a quote that does not end
    csv_table(std::string const& who, std::filesystem::path const& path) : where_(who + ": " + path.string()) {
        std::string const text = read_text_file(who, path, std::size_t{1} << 28);
        std::string_view rest = text;
        if (rest.substr(0, 3) == "\xef\xbb\xbf")  // the byte order mark that spreadsheets write
            rest.remove_prefix(3);
        std::size_t line = 1;
        while (!rest.empty()) {
            row next{line, {}};
            line = take_line(rest, line, next.fields);
            if (next.fields.size() == 1 && next.fields[0].empty())
                continue;
            if (names_.empty()) {
                names_ = std::move(next.fields);
                continue;
            }
            require<format_error>(next.fields.size() == names_.size(), where_, ": line ", next.line, " has ",
                                  next.fields.size(), " values, expected ", names_.size(), " as the header names");
            rows_.push_back(std::move(next));
        }
        require<format_error>(!names_.empty(), where_, ": the file is empty, expected a header with column names");
        for (std::string const& name : names_)
            require<format_error>(std::count(names_.begin(), names_.end(), name) == 1, where_, ": the column '", name,
                                  "' appears twice");
    }

    std::size_t size() const { return rows_.size(); }
    /// "who: path: line n", to begin a message about a row with.
    std::string where(std::size_t i) const { return where_ + ": line " + std::to_string(rows_[i].line); }

    bool has_column(std::string_view name) const {
        return std::find(names_.begin(), names_.end(), name) != names_.end();
    }
    /// The place of a column.
    /// Errors: format_error if there is none of that name
    std::size_t column(std::string_view name) const {
        auto const found = std::find(names_.begin(), names_.end(), name);
        if (found == names_.end()) {
            std::string all;
            for (std::string const& other : names_)
                all += (all.empty() ? "" : ", ") + other;
            fail<format_error>(where_, ": line 1 has no column '", name, "', the columns are: ", all);
        }
        return static_cast<std::size_t>(found - names_.begin());
    }
    /// The line of the file in which a row begins, from 1.
    std::size_t line(std::size_t i) const { return rows_[i].line; }
    /// The columns' names in their order.
    std::vector<std::string> const& names() const { return names_; }
    /// The field as it stands, which may be empty.
    std::string const& field(std::size_t i, std::size_t column) const { return rows_[i].fields[column]; }
    /// The field of a column that a file may lack; empty if it does.
    std::string text_if_any(std::size_t i, std::string_view column) const {
        auto const found = std::find(names_.begin(), names_.end(), column);
        return found == names_.end() ? std::string()
                                     : rows_[i].fields[static_cast<std::size_t>(found - names_.begin())];
    }
    /// Errors: format_error if the field is empty
    std::string const& text(std::size_t i, std::size_t column) const {
        std::string const& field = rows_[i].fields[column];
        require<format_error>(!field.empty(), where(i), ": the value of '", names_[column], "' is missing");
        return field;
    }
    /// Errors: format_error if the field is empty or no finite number
    double number(std::size_t i, std::size_t column) const {
        std::string const& field = text(i, column);
        // std::from_chars takes no plus sign.
        bool const plus = field.size() > 1 && field[0] == '+' && field[1] != '-';
        char const* const end = field.data() + field.size();
        double value = 0.0;
        auto const [stop, code] = std::from_chars(field.data() + (plus ? 1 : 0), end, value);
        require<format_error>(code == std::errc{} && stop == end && std::isfinite(value), where(i), ": the value of '",
                              names_[column], "' is '", field, "', expected a finite number with a decimal point");
        return value;
    }

private:
    struct row {
        std::size_t line;
        std::vector<std::string> fields;
    };

    static std::string trimmed(std::string_view text) {
        std::size_t const first = text.find_first_not_of(" \t");
        return first == std::string_view::npos
                   ? std::string()
                   : std::string(text.substr(first, text.find_last_not_of(" \t") - first + 1));
    }
    /// Moves one line, which quotes may stretch over several, from `rest` to `fields`; the number of the next one.
    std::size_t take_line(std::string_view& rest, std::size_t line, std::vector<std::string>& fields) const {
        std::size_t const first_line = line;
        std::string field;
        bool quoted = false, was_quoted = false;
        auto const finish = [&] {
            fields.push_back(was_quoted ? field : trimmed(field));
            field.clear();
            was_quoted = false;
        };
        std::size_t i = 0;
        for (; i < rest.size(); ++i) {
            char const c = rest[i];
            if (quoted) {
                line += c == '\n' ? 1 : 0;
                if (c != '"')
                    field += c;
                else if (i + 1 < rest.size() && rest[i + 1] == '"')
                    field += rest[++i];
                else
                    quoted = false;
            } else if (c == '"' && !was_quoted && trimmed(field).empty()) {
                field.clear();
                quoted = was_quoted = true;
            } else if (c == ',') {
                finish();
            } else if (c == '\n' || (c == '\r' && (i + 1 == rest.size() || rest[i + 1] == '\n'))) {
                i += c == '\r' && i + 1 < rest.size() ? 1 : 0;
                break;
            } else {
                require<format_error>(!was_quoted || c == ' ' || c == '\t', where_, ": line ", line,
                                      ": text follows a closing quote, expected a comma");
                if (!was_quoted)
                    field += c;
            }
        }
        require<format_error>(!quoted, where_, ": line ", first_line, ": a quote has no end");
        finish();
        rest.remove_prefix(std::min(i + 1, rest.size()));
        return line + 1;
    }

    std::string where_;
    std::vector<std::string> names_;
    std::vector<row> rows_;
};

}}  // namespace comir::COMIR_ABI
