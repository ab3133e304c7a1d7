#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include <comir/core/abi.hpp>

namespace comir { inline namespace COMIR_ABI {

/// A dense square matrix, row after row, all zero at first.
struct square_matrix {
    explicit square_matrix(std::size_t order) : size(order), values(order * order) {}

    double& operator()(std::size_t i, std::size_t j) { return values[i * size + j]; }
    double operator()(std::size_t i, std::size_t j) const { return values[i * size + j]; }
    std::span<double> row(std::size_t i) { return {values.data() + i * size, size}; }
    std::span<double const> row(std::size_t i) const { return {values.data() + i * size, size}; }

    std::size_t size;
    std::vector<double> values;
};

}}  // namespace comir::COMIR_ABI
