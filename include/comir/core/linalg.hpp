#pragma once

#include <cstddef>

#include <Eigen/Dense>

#include <comir/core/abi.hpp>

namespace comir::inline COMIR_ABI {

template <class T, int Rows, int Columns = Rows>
using matrix = Eigen::Matrix<T, Rows, Columns>;

/// The unit eigenvector of a symmetric matrix's largest eigenvalue, its largest component positive.
template <class T>
Eigen::Matrix<T, Eigen::Dynamic, 1> principal_axis(Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic> const& symmetric) {
    Eigen::SelfAdjointEigenSolver<Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>> const solver(symmetric);
    Eigen::Matrix<T, Eigen::Dynamic, 1> axis = solver.eigenvectors().col(symmetric.cols() - 1);
    Eigen::Index largest = 0;
    axis.cwiseAbs().maxCoeff(&largest);
    return axis(largest) < T{0} ? Eigen::Matrix<T, Eigen::Dynamic, 1>(-axis) : axis;
}

}  // namespace comir::inline COMIR_ABI
