#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <comir/core/error.hpp>
#include <comir/models/unet_shape.hpp>

namespace comir::inline COMIR_ABI {

/// One array among a network's parameters or running statistics, which lie in one flat array each.
struct parameter_entry {
    std::string name;  // as the original's modules are called
    std::size_t offset = 0;
    std::vector<std::size_t> shape;

    std::size_t size() const {
        std::size_t n = 1;
        for (std::size_t extent : shape)
            n *= extent;
        return n;
    }
};

namespace detail {

inline constexpr std::size_t image_buffer =
    static_cast<std::size_t>(-1);  // a unit reads the image or writes the result
inline constexpr std::size_t no_offset = static_cast<std::size_t>(-1);

/// One convolution unit of a network: which channels it reads and writes, what surrounds it, where its numbers lie.
struct unet_unit {
    std::size_t from = image_buffer, from_first = 0, ci = 0;
    std::size_t to = image_buffer, to_first = 0, co = 0;
    std::size_t kernel = 3;
    std::size_t weight = 0, bias = no_offset;  // offsets in the parameters
    std::size_t gamma = no_offset, beta = 0;   // of the normalisation before the convolution, if there is one
    std::size_t running = no_offset;           // offset of mean and variance in the running statistics
    bool upsample = false, relu = false, pool = false;
    std::size_t chosen = 0;  // number of the pooling
    std::size_t dropout_percent = 0;
    bool drop_channels = false;
};

/// The units of a dense U-Net in the order of the forward pass, and its buffers: level i at 1/2^i of the resolution,
/// channels [input of the level | its dense layers on the way down | upsampled | dense layers on the way up].
struct unet_plan {
    std::vector<unet_unit> units;
    std::vector<std::size_t> buffer_channels;
    std::size_t poolings = 0;
    std::size_t parameters = 0, running = 0;
    std::vector<parameter_entry> parameter_entries, running_entries;
};

/// Builds the plan: the structure follows the original's DenseUNet.
class unet_planner {
public:
    explicit unet_planner(unet_shape const& shape) : shape_(shape) {
        std::size_t const levels = shape.levels();
        plan_.buffer_channels.resize(levels + 1);

        unet_unit first;
        first.ci = shape.in;
        first.to = 0;
        first.co = shape.first;
        convolution(first, "conv_init", true);

        std::vector<std::size_t> skip(levels);
        std::size_t channels = shape.first;
        for (std::size_t i = 0; i < levels; ++i) {
            channels = dense_layers(i, 0, channels, shape.down[i], "layers_down." + std::to_string(i));
            skip[i] = channels;
            unet_unit down;
            down.from = i;
            down.ci = channels;
            down.to = i + 1;
            down.co = channels * shape.compression_percent / 100;
            require(down.co > 0, "comir::dense_unet: compression leaves no channel after level ", i);
            down.kernel = 1;
            down.pool = true;
            down.chosen = plan_.poolings++;
            down.dropout_percent = shape.dropout_percent > 0 ? 20 : 0;
            down.drop_channels = true;
            std::string const name = "transitions_down." + std::to_string(i);
            normalisation(down, name + ".batchnorm");
            convolution(down, name + ".conv", true);
            channels = down.co;
        }
        std::size_t end = dense_layers(levels, 0, channels, shape.bottleneck, "bottleneck");
        plan_.buffer_channels[levels] = end;
        std::size_t fresh = end - channels;  // the channels that the block added
        for (std::size_t i = 0; i < levels; ++i) {
            std::size_t const level = levels - 1 - i;
            unet_unit up;
            up.from = level + 1;
            up.from_first = end - fresh;
            up.ci = up.co = fresh;
            up.to = level;
            up.to_first = skip[level];
            up.upsample = up.relu = true;
            convolution(up, "transitions_up." + std::to_string(i) + ".upsampling_layer.1", true);
            end = dense_layers(level, 0, skip[level] + fresh, shape.up[i], "layers_up." + std::to_string(i));
            fresh = shape.up[i] * shape.growth;
            plan_.buffer_channels[level] = end;
        }
        unet_unit last;
        last.from = 0;
        last.ci = end;
        last.co = shape.out;
        last.kernel = 1;
        convolution(last, "final_conv", false);
    }

    unet_plan take() && { return std::move(plan_); }

private:
    std::size_t dense_layers(std::size_t buffer, std::size_t first, std::size_t channels, std::size_t count,
                             std::string const& name) {
        for (std::size_t j = 0; j < count; ++j) {
            unet_unit layer;
            layer.from = layer.to = buffer;
            layer.from_first = first;
            layer.ci = layer.to_first = channels;
            layer.co = shape_.growth;
            layer.dropout_percent = shape_.dropout_percent;
            std::string const path = name + ".layers." + std::to_string(j);
            normalisation(layer, path + ".batchnorm");
            convolution(layer, path + ".conv", true);
            channels += shape_.growth;
        }
        return channels;
    }
    std::size_t parameter(std::string name, std::vector<std::size_t> extents) {
        return append(plan_.parameter_entries, plan_.parameters, std::move(name), std::move(extents));
    }
    static std::size_t append(std::vector<parameter_entry>& entries, std::size_t& total, std::string name,
                              std::vector<std::size_t> extents) {
        parameter_entry entry{std::move(name), total, std::move(extents)};
        total += entry.size();
        entries.push_back(entry);
        return entry.offset;
    }
    void normalisation(unet_unit& unit, std::string const& name) {
        unit.gamma = parameter(name + ".weight", {unit.ci});
        unit.beta = parameter(name + ".bias", {unit.ci});
        unit.running = append(plan_.running_entries, plan_.running, name + ".running_mean", {unit.ci});
        append(plan_.running_entries, plan_.running, name + ".running_var", {unit.ci});
    }
    void convolution(unet_unit& unit, std::string const& name, bool bias) {
        unit.weight = parameter(name + ".weight", {unit.co, unit.ci, unit.kernel, unit.kernel});
        if (bias)
            unit.bias = parameter(name + ".bias", {unit.co});
        plan_.units.push_back(unit);
    }

    unet_shape shape_;
    unet_plan plan_;
};

}  // namespace detail
}  // namespace comir::inline COMIR_ABI
