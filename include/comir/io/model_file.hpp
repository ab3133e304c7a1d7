#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <comir/core/error.hpp>
#include <comir/io/model_tensors.hpp>
#include <comir/io/model_text.hpp>
#include <comir/io/safetensors.hpp>
#include <comir/models/encoder.hpp>

namespace comir { inline namespace COMIR_ABI {

/// How a model was trained.
struct model_info {
    std::string critic;        // its name
    std::string group;         // its name
    double temperature = 0.1;  // of the loss
    std::uint64_t steps = 0;
    std::string version;  // of the program that trained it

    bool operator==(model_info const&) const = default;
};

/// A trained model: one encoder for each modality, alike in the channels of the representation and in its range.
struct model {
    std::vector<any_encoder> encoders;
    model_info info;

    /// Errors: error listing the model's modalities if it has none of that name
    any_encoder const& find(std::string_view modality) const {
        std::string names;
        for (any_encoder const& held : encoders) {
            std::string const& name = settings_of(held).modality;
            if (name == modality)
                return held;
            names += (names.empty() ? "'" : ", '") + detail::shown(name) + "'";
        }
        fail("comir::model::find: no modality '", detail::shown(modality), "', ",
             names.empty() ? "the model has none" : "expected one of " + names);
    }
};

/// What a training needs to go on as if it had never stopped.
struct checkpoint {
    comir::model model;
    std::uint64_t step = 0;
    std::uint64_t seed = 0;
    std::vector<std::vector<float>> velocity;     // of each encoder's parameters; empty before the first step
    std::map<std::string, std::string> settings;  // the trainer's own, to refuse going on with others
};

namespace detail {

inline constexpr std::string_view model_format = "comir", checkpoint_format = "comir checkpoint",
                                  model_format_version = "1";

inline unet_shape shape_of(any_encoder const& held) {
    return std::visit([](auto const& e) { return e.network().full_shape(); }, held);
}

template <class Error>
void check_modalities(std::string const& where, std::vector<std::string> const& names) {
    require<Error>(!names.empty(), where, ": the model has no modality, expected at least one");
    std::set<std::string_view> seen;
    for (std::string const& name : names) {
        require<Error>(!name.empty(), where, ": a modality has no name");
        require<Error>(seen.insert(name).second, where, ": two modalities are called '", shown(name), "'");
    }
}

/// What holds for each model, whether it comes from a file or goes to one.
template <class Error>
void check_model(std::string const& where, model const& m) {
    std::vector<std::string> names;
    for (any_encoder const& held : m.encoders)
        names.push_back(settings_of(held).modality);
    check_modalities<Error>(where, names);
    require<Error>(std::isfinite(m.info.temperature) && m.info.temperature > 0, where, ": the temperature is ",
                   m.info.temperature, ", expected a finite number above 0");
    intensity_range const range = settings_of(m.encoders[0]).range;
    require<Error>(std::isfinite(range.low) && std::isfinite(range.high) && range.low < range.high, where,
                   ": the range is ", range.low, " to ", range.high, ", expected finite numbers, low below high");
    std::size_t const out = shape_of(m.encoders[0]).out;
    for (any_encoder const& held : m.encoders) {
        unet_shape const shape = shape_of(held);
        std::string const name = shown(settings_of(held).modality);
        auto const [sigma, floor] = std::pair(settings_of(held).contrast_sigma, settings_of(held).contrast_floor);
        // The upper bound keeps a hostile file from asking for an endless blur.
        require<Error>(sigma >= 0 && sigma <= 1000 && (sigma == 0 || (floor > 0 && std::isfinite(floor))), where,
                       ": the local contrast of modality '", name, "' has sigma ", sigma, " px and floor ", floor,
                       ", expected 0 to 1000 px and a finite floor above 0");
        require<Error>(settings_of(held).range == range, where, ": modality '", name,
                       "' has a range of its own, expected one range for all");
        require<Error>(shape.out == out, where, ": modality '", name, "' is represented in ", shape.out,
                       " channels, the first one in ", out, "; expected the same of all");
        require<Error>(shape.in <= most_model_channels && shape.out <= most_model_channels, where, ": modality '", name,
                       "' maps ", shape.in, " to ", shape.out, " channels, expected at most ", most_model_channels);
        std::vector<safetensors_entry> tensors;
        append_tensors(held, tensors);
        for (safetensors_entry const& tensor : tensors) {
            auto const numbers = values<float>(tensor);
            check_finite<Error>(where, tensor.name, numbers);
            for (std::size_t i = 0; tensor.name.ends_with(".running_var") && i < numbers.size(); ++i)
                require<Error>(numbers[i] >= 0, where, ": tensor '", shown(tensor.name), "' holds the variance ",
                               numbers[i], ", expected 0 or above");
        }
    }
}

inline std::map<std::string, std::string> model_metadata(std::string const& where, std::string_view format,
                                                         model const& m) {
    std::map<std::string, std::string> texts;
    std::vector<std::string> names;
    for (any_encoder const& held : m.encoders) {
        encoder_settings const& settings = settings_of(held);
        names.push_back(settings.modality);
        texts[settings.modality + ".shape"] = model_json_text(where, model_shape_json(shape_of(held)));
        texts[settings.modality + ".log"] = settings.log ? "true" : "false";
        // Files of models without it are those of earlier versions.
        if (settings.contrast_sigma > 0)
            texts[settings.modality + ".local_contrast"] =
                model_json_text(where, std::vector<double>{settings.contrast_sigma, settings.contrast_floor});
        if (settings.average_turns)
            texts[settings.modality + ".average_turns"] = "true";
    }
    intensity_range const range = settings_of(m.encoders[0]).range;
    texts["format"] = format;
    texts["format_version"] = model_format_version;
    texts["modalities"] = model_json_text(where, names);
    // As double precision, since the shortest text of that reads back exactly.
    texts["range"] =
        model_json_text(where, std::vector<double>{static_cast<double>(range.low), static_cast<double>(range.high)});
    texts["critic"] = m.info.critic;
    texts["group"] = m.info.group;
    texts["temperature"] = model_json_text(where, m.info.temperature);
    texts["steps"] = std::to_string(m.info.steps);
    texts["version"] = m.info.version;
    for (auto const& [name, text] : texts)
        require(text.size() <= longest_model_text, where, ": the text '", shown(name), "' has ", text.size(),
                " bytes, expected at most ", longest_model_text);
    return texts;
}

inline void check_model_format(model_texts const& texts, std::string_view format) {
    for (auto const& [name, expected] : {std::pair("format", format), {"format_version", model_format_version}})
        if (texts.text(name) != expected)
            texts.refuse(name, "'" + std::string(expected) + "'; the file is of another kind or version");
}

template <class Network>
any_encoder read_numbers(Network network, tensor_source& source, encoder_settings settings) {
    auto parameters = source.take_all(settings.modality, network.parameter_entries(), network.parameter_count());
    auto running = source.take_all(settings.modality, network.running_entries(), network.running_count());
    return encoder<Network>(std::move(network), std::move(parameters), std::move(running), std::move(settings));
}

/// The encoder of any shape; dropout plays no part outside training. A network's numbers must all be in the file, so a
/// hostile one cannot ask for a network much larger than itself.
inline any_encoder read_encoder(model_texts const& texts, tensor_source& source, encoder_settings settings) {
    std::string const name = settings.modality + ".shape";
    unet_shape shape = texts.shape(name);
    shape.dropout_percent = 0;
    if (shape == with_channels(compact_shape, shape.in, shape.out))
        return read_numbers(compact_network(shape.in, shape.out), source, std::move(settings));
    if (shape == with_channels(paper_shape, shape.in, shape.out))
        return read_numbers(paper_network(shape.in, shape.out), source, std::move(settings));
    std::size_t layers = shape.bottleneck;
    for (std::size_t i = 0; i < shape.depth(); ++i)
        layers += shape.down[i] + shape.up[i];
    if (layers > most_model_layers)
        texts.refuse(name, "at most " + std::to_string(most_model_layers) + " dense layers");
    return read_numbers(any_unet(shape), source, std::move(settings));
}

inline model model_from(model_texts const& texts, tensor_source& source) {
    model result;
    std::vector<std::string> const names = texts.list("modalities");
    check_modalities<format_error>(texts.where(), names);
    intensity_range const range = texts.range("range");
    result.info = {.critic = texts.text("critic"),
                   .group = texts.text("group"),
                   .temperature = texts.number("temperature"),
                   .steps = texts.whole("steps"),
                   .version = texts.text("version")};
    for (std::string const& name : names) {
        encoder_settings settings{.modality = name, .log = texts.flag(name + ".log"), .range = range};
        if (std::string const contrast = name + ".local_contrast"; texts.has(contrast)) {
            auto const [sigma, floor] = texts.two_numbers(contrast, "two numbers, sigma and floor");
            settings.contrast_sigma = sigma;
            settings.contrast_floor = floor;
        }
        if (std::string const average = name + ".average_turns"; texts.has(average))
            settings.average_turns = texts.flag(average);
        result.encoders.push_back(read_encoder(texts, source, std::move(settings)));
    }
    check_model<format_error>(texts.where(), result);
    return result;
}

}  // namespace detail

/// Writes a model as a safetensors file: tensors "<modality>.<entry>", all else as texts in the metadata. The file
/// appears under its name only when it is complete.
/// Errors: error if modalities share a name or are empty, differ in range or channels of the representation, the range
///         or temperature makes no sense, a number is not finite, or the file cannot be written
inline void write_model(std::filesystem::path const& path, model const& m) {
    std::string const where = "comir::write_model: " + path.string();
    detail::check_model<error>(where, m);
    std::vector<safetensors_entry> tensors;
    for (any_encoder const& held : m.encoders)
        detail::append_tensors(held, tensors);
    write_safetensors(path, tensors, detail::model_metadata(where, detail::model_format, m));
}

/// Reads a model with the bits that write_model was given.
/// Errors: error if the file cannot be opened; format_error naming path and reason if it is not a model in every detail
inline model read_model(std::filesystem::path const& path) {
    safetensors_file const file("comir::read_model", path);
    detail::model_texts const texts("comir::read_model: " + path.string(), file.metadata());
    detail::check_model_format(texts, detail::model_format);
    detail::tensor_source source(texts.where(), file.entries());
    model result = detail::model_from(texts, source);
    source.check_none_left();
    return result;
}

/// Writes a checkpoint as a safetensors file: what write_model writes, and tensors "<modality>.velocity".
/// Errors: those of write_model; shape_error if the velocities are not one per encoder, empty or as long as its
///         parameters
inline void write_checkpoint(std::filesystem::path const& path, checkpoint const& saved) {
    std::string const where = "comir::write_checkpoint: " + path.string();
    model const& m = saved.model;
    detail::check_model<error>(where, m);
    require<shape_error>(saved.velocity.size() == m.encoders.size(), where, ": ", saved.velocity.size(),
                         " velocities were given, expected ", m.encoders.size(), ", one for each encoder");
    std::vector<safetensors_entry> tensors;
    for (std::size_t i = 0; i < m.encoders.size(); ++i) {
        std::string const name = settings_of(m.encoders[i]).modality + ".velocity";
        std::size_t const count = saved.velocity[i].size();
        std::size_t const expected = std::visit([](auto const& e) { return e.parameters().size(); }, m.encoders[i]);
        require<shape_error>(count == 0 || count == expected, where, ": ", detail::shown(name), " has ", count,
                             " values, expected 0 or ", expected);
        detail::check_finite<error>(where, name, saved.velocity[i]);
        detail::append_tensors(m.encoders[i], tensors);
        tensors.push_back(make_safetensors_entry(name, {count}, std::span(saved.velocity[i])));
    }
    auto texts = detail::model_metadata(where, detail::checkpoint_format, m);
    texts["step"] = std::to_string(saved.step);
    texts["seed"] = std::to_string(saved.seed);
    texts["settings"] = detail::model_json_text(where, saved.settings);
    write_safetensors(path, tensors, texts);
}

/// Reads a checkpoint with the bits that write_checkpoint was given.
/// Errors: error if the file cannot be opened; format_error naming path and reason if it is not a checkpoint in every
///         detail
inline checkpoint read_checkpoint(std::filesystem::path const& path) {
    safetensors_file const file("comir::read_checkpoint", path);
    detail::model_texts const texts("comir::read_checkpoint: " + path.string(), file.metadata());
    detail::check_model_format(texts, detail::checkpoint_format);
    detail::tensor_source source(texts.where(), file.entries());
    checkpoint result;
    result.model = detail::model_from(texts, source);
    result.step = texts.whole("step");
    result.seed = texts.whole("seed");
    result.settings = texts.dictionary("settings");
    for (any_encoder const& held : result.model.encoders) {
        std::string const name = settings_of(held).modality + ".velocity";
        safetensors_entry const& tensor = source.take(name);
        std::size_t const expected = std::visit([](auto const& e) { return e.parameters().size(); }, held);
        bool const fits = tensor.shape.size() == 1 && (tensor.shape[0] == 0 || tensor.shape[0] == expected);
        require<format_error>(fits, texts.where(), ": tensor '", detail::shown(name),
                              "' has another shape than (0) or (", expected, ")");
        result.velocity.push_back(copy_values<float>(tensor));
        detail::check_finite<format_error>(texts.where(), name, result.velocity.back());
    }
    source.check_none_left();
    return result;
}

}}  // namespace comir::COMIR_ABI
