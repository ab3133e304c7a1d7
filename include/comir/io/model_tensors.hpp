#pragma once

#include <cmath>
#include <cstddef>
#include <cstring>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <comir/core/error.hpp>
#include <comir/io/safetensors.hpp>
#include <comir/models/encoder.hpp>

namespace comir { inline namespace COMIR_ABI {

/// What an encoder of any shape does besides its network.
inline encoder_settings const& settings_of(any_encoder const& held) {
    return std::visit([](auto const& e) -> encoder_settings const& { return e.settings(); }, held);
}

namespace detail {

/// An encoder's tensors over the values that it holds.
inline void append_tensors(any_encoder const& held, std::vector<safetensors_entry>& tensors) {
    auto const append = [&](std::vector<parameter_entry> const& entries, std::vector<float> const& numbers) {
        for (parameter_entry const& entry : entries)
            tensors.push_back(make_safetensors_entry(settings_of(held).modality + "." + entry.name, entry.shape,
                                                     std::span(numbers).subspan(entry.offset, entry.size())));
    };
    std::visit(
        [&](auto const& e) {
            append(e.network().parameter_entries(), e.parameters());
            append(e.network().running_entries(), e.running());
        },
        held);
}

template <class Error>
void check_finite(std::string const& where, std::string_view name, std::span<float const> numbers) {
    for (std::size_t i = 0; i < numbers.size(); ++i)
        require<Error>(std::isfinite(numbers[i]), where, ": tensor '", shown(name), "' holds a value, number ", i,
                       ", that is not finite; the training has diverged or the file is damaged");
}

/// Hands out the tensors of a file by name, each once.
class tensor_source {
public:
    tensor_source(std::string where, std::vector<safetensors_entry> const& tensors) : where_(std::move(where)) {
        for (safetensors_entry const& tensor : tensors)
            left_.emplace(tensor.name, &tensor);
    }

    safetensors_entry const& take(std::string const& name) {
        auto const found = left_.find(name);
        require<format_error>(found != left_.end(), where_, ": tensor '", shown(name), "' is missing");
        safetensors_entry const& tensor = *found->second;
        require<format_error>(tensor.dtype == "F32", where_, ": tensor '", shown(name), "' has dtype ", tensor.dtype,
                              ", expected F32");
        left_.erase(found);
        return tensor;
    }
    /// All numbers of a network, in one array; nothing is allocated before every tensor is found to fit.
    std::vector<float> take_all(std::string const& modality, std::vector<parameter_entry> const& entries,
                                std::size_t count) {
        std::vector<safetensors_entry const*> tensors;
        for (parameter_entry const& entry : entries) {
            tensors.push_back(&take(modality + "." + entry.name));
            require<format_error>(tensors.back()->shape == entry.shape, where_, ": tensor '",
                                  shown(tensors.back()->name), "' is (", extents(tensors.back()->shape),
                                  "), expected (", extents(entry.shape), ")");
        }
        std::vector<float> result(count);
        for (std::size_t i = 0; i < entries.size(); ++i)
            std::memcpy(result.data() + entries[i].offset, tensors[i]->bytes.data(), tensors[i]->bytes.size());
        return result;
    }
    void check_none_left() const {
        require<format_error>(left_.empty(), where_, ": tensor '", left_.empty() ? "" : shown(left_.begin()->first),
                              "' belongs to no modality");
    }

private:
    static std::string extents(std::vector<std::size_t> const& shape) {
        std::string text;
        for (std::size_t i = 0; i < shape.size() && i < 8; ++i)
            text += (i > 0 ? ", " : "") + std::to_string(shape[i]);
        return shape.size() > 8 ? text + ", ..." : text;
    }

    std::string where_;
    std::map<std::string_view, safetensors_entry const*> left_;
};

}  // namespace detail
}}  // namespace comir::COMIR_ABI
