#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <fstream>
#include <map>
#include <span>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

/// Reference numbers of another program, one array per line: `name rank extent... value...`, values with 17 digits.
struct golden_array {
    std::vector<std::size_t> shape;
    std::vector<double> values;

    template <class T>
    std::vector<T> as() const {
        std::vector<T> out(values.size());
        std::transform(values.begin(), values.end(), out.begin(), [](double v) { return static_cast<T>(v); });
        return out;
    }
};

/// The arrays of a file in tests/data; asking for a name that the file lacks throws.
class golden_file {
public:
    explicit golden_file(std::string const& path_in_data) : path_(std::string(COMIR_TEST_DATA "/") + path_in_data) {
        std::ifstream in(path_);
        if (!in)
            throw std::runtime_error("golden file " + path_ + " cannot be opened");
        for (std::string line; std::getline(in, line);) {
            if (line.empty() || line.front() == '#')
                continue;
            std::istringstream fields(line);
            std::string name;
            std::size_t rank = 0, size = 1;
            fields >> name >> rank;
            golden_array array;
            for (std::size_t i = 0; i < rank; ++i) {
                std::size_t extent = 0;
                fields >> extent;
                array.shape.push_back(extent);
                size *= extent;
            }
            // Streams do not read "inf" and "nan"; std::stod does.
            for (std::string field; fields >> field;)
                array.values.push_back(std::stod(field));
            if (array.shape.size() != rank || array.values.size() != size)
                throw std::runtime_error("golden file " + path_ + ": array " + name +
                                         " has the wrong number of values");
            arrays_[name] = std::move(array);
        }
    }

    golden_array const& operator[](std::string const& name) const {
        auto const found = arrays_.find(name);
        if (found == arrays_.end())
            throw std::runtime_error("golden file " + path_ + " has no array " + name);
        return found->second;
    }
    bool contains(std::string const& name) const { return arrays_.count(name) > 0; }

private:
    std::string path_;
    std::map<std::string, golden_array> arrays_;
};

/// max |a - b| / max |b|; NaN or infinity anywhere, or different sizes, give infinity.
template <class A, class B>
double golden_error(A const& a, B const& b) {
    auto const left = std::span(a);
    auto const right = std::span(b);
    double difference = 0, magnitude = 0;
    if (left.size() != right.size())
        return HUGE_VAL;
    for (std::size_t i = 0; i < left.size(); ++i) {
        double const x = static_cast<double>(left[i]), y = static_cast<double>(right[i]);
        if (!std::isfinite(x) || !std::isfinite(y))
            return HUGE_VAL;
        difference = std::max(difference, std::abs(x - y));
        magnitude = std::max(magnitude, std::abs(y));
    }
    return magnitude > 0 ? difference / magnitude : (difference > 0 ? HUGE_VAL : 0.0);
}
