#pragma once

#include <cstddef>
#include <cstdio>
#include <functional>
#include <utility>

#include <comir/contrastive/info_nce.hpp>

/// Means over the steps since the last line, and those of the validation pairs now.
class training_report {
public:
    /// `validate` gives the means of the validation pairs; it is empty where there are none.
    explicit training_report(std::function<comir::info_nce_result()> validate) : validate_(std::move(validate)) {}

    void add(comir::info_nce_result const& loss) {
        loss_ += loss.loss;
        accuracy_ += loss.accuracy;
        ++counted_;
    }
    void print(std::size_t step) {
        auto const count = static_cast<double>(counted_);
        std::printf("step %5zu  loss %.4f  positives found %.0f%%", step, loss_ / count, 100 * accuracy_ / count);
        if (validate_) {
            comir::info_nce_result const result = validate_();
            std::printf(", validation  loss %.4f  positives found %.0f%%", result.loss, 100 * result.accuracy);
        }
        std::printf("\n");
        std::fflush(stdout);
        loss_ = accuracy_ = 0;
        counted_ = 0;
    }

private:
    std::function<comir::info_nce_result()> validate_;
    double loss_ = 0, accuracy_ = 0;
    std::size_t counted_ = 0;
};
