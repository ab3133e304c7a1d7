#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <comir/core/error.hpp>
#include <comir/io/safetensors_header.hpp>
#include <comir/models/encoder.hpp>
#include <comir/models/unet_shape.hpp>

namespace comir { inline namespace COMIR_ABI { namespace detail {

// A tree of JSON is many times larger than its text, so hostile texts are kept short.
inline constexpr std::size_t longest_model_text = std::size_t{1} << 20;
// Far beyond any sensor, and small enough that no product of sizes overflows.
inline constexpr std::size_t most_model_channels = 65536;
inline constexpr std::size_t most_model_layers = 1024;

/// The metadata of a model file or checkpoint: texts under names, whose errors say where they come from.
class model_texts {
public:
    model_texts(std::string where, std::map<std::string, std::string> const& texts)
        : where_(std::move(where)), texts_(&texts) {}

    std::string const& where() const { return where_; }

    std::string const& text(std::string const& name) const {
        auto const found = texts_->find(name);
        require<format_error>(found != texts_->end(), where_, ": the metadata lack '", shown(name), "'");
        require<format_error>(found->second.size() <= longest_model_text, where_, ": the metadata '", shown(name),
                              "' have ", found->second.size(), " bytes, expected at most ", longest_model_text);
        return found->second;
    }
    nlohmann::json json(std::string const& name) const {
        nlohmann::json result = nlohmann::json::parse(text(name), nullptr, false);
        require<format_error>(!result.is_discarded(), where_, ": the metadata '", shown(name), "' are not JSON: '",
                              shown(text(name)), "'");
        return result;
    }
    [[noreturn]] void refuse(std::string const& name, std::string_view expected) const {
        fail<format_error>(where_, ": the metadata '", shown(name), "' are '", shown(text(name)), "', expected ",
                           expected);
    }
    std::uint64_t whole(std::string const& name) const {
        nlohmann::json const value = json(name);
        if (!value.is_number_unsigned())
            refuse(name, "a whole number of 0 or above");
        return value.get<std::uint64_t>();
    }
    double number(std::string const& name) const {
        nlohmann::json const value = json(name);
        if (!value.is_number())
            refuse(name, "a number");
        return value.get<double>();
    }
    bool flag(std::string const& name) const {
        std::string const& value = text(name);
        if (value != "true" && value != "false")
            refuse(name, "true or false");
        return value == "true";
    }
    std::vector<std::string> list(std::string const& name) const {
        nlohmann::json const value = json(name);
        std::vector<std::string> result;
        for (nlohmann::json const& item : value) {
            if (!value.is_array() || !item.is_string())
                refuse(name, "a list of texts");
            result.push_back(item.get<std::string>());
        }
        return result;
    }
    std::map<std::string, std::string> dictionary(std::string const& name) const {
        nlohmann::json const value = json(name);
        if (!value.is_object())
            refuse(name, "texts under names");
        std::map<std::string, std::string> result;
        for (auto item = value.begin(); item != value.end(); ++item) {
            if (!item.value().is_string())
                refuse(name, "texts under names");
            result.emplace(item.key(), item.value().get<std::string>());
        }
        return result;
    }
    bool has(std::string const& name) const { return texts_->contains(name); }
    std::array<double, 2> two_numbers(std::string const& name, std::string_view expected) const {
        nlohmann::json const value = json(name);
        if (!value.is_array() || value.size() != 2 || !value[0].is_number() || !value[1].is_number())
            refuse(name, expected);
        return {value[0].get<double>(), value[1].get<double>()};
    }
    intensity_range range(std::string const& name) const {
        auto const ends = two_numbers(name, "two numbers, low and high");
        for (double end : ends)
            if (!(std::abs(end) <= std::numeric_limits<float>::max()))
                refuse(name, "two finite numbers of single precision");
        return {static_cast<float>(ends[0]), static_cast<float>(ends[1])};
    }
    unet_shape shape(std::string const& name) const;

private:
    std::string where_;
    std::map<std::string, std::string> const* texts_;
};

inline constexpr std::pair<char const*, std::size_t unet_shape::*> model_shape_counts[] = {
    {"in", &unet_shape::in},
    {"out", &unet_shape::out},
    {"first", &unet_shape::first},
    {"bottleneck", &unet_shape::bottleneck},
    {"growth", &unet_shape::growth},
    {"compression_percent", &unet_shape::compression_percent},
    {"dropout_percent", &unet_shape::dropout_percent}};
inline constexpr std::pair<char const*, std::array<std::size_t, 8> unet_shape::*> model_shape_lists[] = {
    {"down", &unet_shape::down}, {"up", &unet_shape::up}};
// Written only where a shape differs from the default, so that files without options stay what they were.
inline constexpr std::array<char const*, 3> model_upsamplings{"nearest", "transposed", "pixel_shuffle"};

inline unet_shape model_texts::shape(std::string const& name) const {
    nlohmann::json const value = json(name);
    std::size_t options = 0;
    for (char const* key : {"pooling", "upsampling", "early_transition"})
        options += value.is_object() && value.contains(key) ? 1 : 0;
    if (!value.is_object() || value.size() != std::size(model_shape_counts) + std::size(model_shape_lists) + options)
        refuse(name, "the nine members of a network's shape, and no others but its options");
    auto const count = [&](nlohmann::json const& item) {
        if (!item.is_number_unsigned() || item.get<std::uint64_t>() > most_model_channels)
            refuse(name, "whole numbers of at most 65536");
        return item.get<std::size_t>();
    };
    auto const member = [&](char const* key) -> nlohmann::json const& {
        auto const found = value.find(key);
        if (found == value.end())
            refuse(name, std::string("the member ") + key);
        return *found;
    };
    unet_shape result;
    for (auto const& field : model_shape_counts)
        result.*field.second = count(member(field.first));
    for (auto const& field : model_shape_lists) {
        nlohmann::json const& items = member(field.first);
        std::array<std::size_t, 8>& list = result.*field.second;
        if (!items.is_array() || items.size() > list.size())
            refuse(name, "lists of at most eight levels");
        list = {};
        for (std::size_t i = 0; i < items.size(); ++i)
            list[i] = count(items[i]);
    }
    auto const choice = [&](char const* key, auto const& names, auto& chosen) {
        auto const found = value.find(key);
        if (found == value.end())
            return;
        for (std::size_t i = 0; i < names.size(); ++i)
            if (*found == names[i]) {
                chosen = static_cast<std::remove_reference_t<decltype(chosen)>>(i);
                return;
            }
        refuse(name, std::string("a known ") + key);
    };
    choice("pooling", pooling_names, result.pooling);
    choice("upsampling", model_upsamplings, result.upsampling);
    choice("early_transition", std::array<bool, 2>{false, true}, result.early_transition);
    if (result.in == 0 || result.out == 0 || !result.valid())
        refuse(name, "a valid shape without zero counts");
    return result;
}

/// Errors: error if a text is not UTF-8 or longer than a reader takes
inline std::string model_json_text(std::string const& where, nlohmann::json const& value) {
    std::string result;
    try {
        result = value.dump();
    } catch (nlohmann::json::exception const& problem) {
        fail(where, ": a text is not UTF-8: ", shown(problem.what()));
    }
    require(result.size() <= longest_model_text, where, ": names or settings of ", result.size(),
            " bytes were given, expected at most ", longest_model_text);
    return result;
}

inline nlohmann::json model_shape_json(unet_shape const& shape) {
    nlohmann::json result;
    for (auto const& field : model_shape_counts)
        result[field.first] = shape.*field.second;
    for (auto const& field : model_shape_lists)
        for (std::size_t i = 0; i < shape.depth(); ++i)
            result[field.first].push_back((shape.*field.second)[i]);
    if (shape.pooling != pooling::max)
        result["pooling"] = pooling_names[static_cast<std::size_t>(shape.pooling)];
    if (shape.upsampling != upsampling::nearest)
        result["upsampling"] = model_upsamplings[static_cast<std::size_t>(shape.upsampling)];
    if (shape.early_transition)
        result["early_transition"] = true;
    return result;
}

}}}  // namespace comir::COMIR_ABI::detail
