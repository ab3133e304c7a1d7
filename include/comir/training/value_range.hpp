#pragma once

#include <cstddef>
#include <vector>

#include <comir/core/quantile.hpp>
#include <comir/core/tensor.hpp>
#include <comir/models/encoder.hpp>

namespace comir { inline namespace COMIR_ABI {

/// Measures the one mapping to 0..1 that all modalities' representations of a model share: from the half percent's to
/// the last half percent's quantile of all values together.
class value_range {
public:
    /// Shapes: representations (N, C, H, W), of any modality and any number of calls
    void add(tensor_view<float const> const& representations) {
        for_each_row(representations,
                     [&](float const* row, std::size_t w) { values_.insert(values_.end(), row, row + w); });
    }

    /// The range of at least one value; of values that are all alike, one that is 1 wide. Puts the values in an order
    /// of its own.
    intensity_range measure() {
        intensity_range range{lower_quantile(values_, 0.005), lower_quantile(values_, 0.995)};
        if (!(range.high > range.low))
            range.high = range.low + 1;
        return range;
    }

private:
    std::vector<float> values_;
};

}}  // namespace comir::COMIR_ABI
