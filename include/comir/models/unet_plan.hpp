#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <comir/core/error.hpp>
#include <comir/models/unet_shape.hpp>
#include <comir/nn/layers/pool.hpp>

namespace comir { inline namespace COMIR_ABI {

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

/// What happens to a unit's result before it enters a buffer, where the convolution itself cannot do it.
enum class unet_stage { none, blur, transposed, shuffle };

/// One convolution unit of a network: which channels it reads and writes, what surrounds it, where its numbers lie.
struct unet_unit {
    std::size_t from = image_buffer, from_first = 0, ci = 0;
    std::size_t to = image_buffer, to_first = 0, co = 0;
    std::size_t kernel = 3;
    std::size_t weight = 0, bias = no_offset;  // offsets in the parameters
    std::size_t gamma = no_offset, beta = 0;   // of the normalisation before the convolution, if there is one
    std::size_t running = no_offset;           // offset of mean and variance in the running statistics
    bool upsample = false, relu = false;
    conv_pooling pool = conv_pooling::none;
    unet_stage stage = unet_stage::none;
    std::size_t chosen = 0;  // number of the pooling
    std::size_t dropout_percent = 0;
    bool drop_channels = false;

    /// Channels of the convolution: those of a 2x2 square of the result are channels of their own.
    std::size_t conv_channels() const {
        return stage == unet_stage::transposed || stage == unet_stage::shuffle ? 4 * co : co;
    }
};

/// The units of a dense U-Net in the order of the forward pass, and its buffers: level i at 1/2^i of the resolution,
/// channels [input of the level | its dense layers on the way down | upsampled | dense layers on the way up]. With an
/// early transition level 0 has no dense layers.
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
        std::size_t const levels = shape.depth(), top = shape.early_transition ? 1 : 0, lowest = top + levels;
        plan_.buffer_channels.resize(lowest + 1);

        unet_unit first;
        first.ci = shape.in;
        first.to = 0;
        first.co = shape.first;
        convolution(first, "conv_init", true);

        std::vector<std::size_t> skip(lowest);
        std::size_t channels = skip[0] = shape.first;
        if (shape.early_transition)
            channels = transition_down(0, channels, "early_transition_down");
        for (std::size_t i = 0; i < levels; ++i) {
            channels = dense_layers(top + i, 0, channels, shape.down[i], "layers_down." + std::to_string(i));
            skip[top + i] = channels;
            channels = transition_down(top + i, channels, "transitions_down." + std::to_string(i));
        }
        std::size_t end = dense_layers(lowest, 0, channels, shape.bottleneck, "bottleneck");
        plan_.buffer_channels[lowest] = end;
        std::size_t fresh = end - channels;  // the channels that the block added
        for (std::size_t i = 0; i < levels; ++i) {
            std::size_t const level = lowest - 1 - i;
            transition_up(level, end - fresh, fresh, skip[level], "transitions_up." + std::to_string(i));
            end = dense_layers(level, 0, skip[level] + fresh, shape.up[i], "layers_up." + std::to_string(i));
            fresh = shape.up[i] * shape.growth;
            plan_.buffer_channels[level] = end;
        }
        if (shape.early_transition) {
            transition_up(0, 0, end, skip[0], "early_transition_up");
            end += skip[0];
            plan_.buffer_channels[0] = end;
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
    /// Returns the channels that it leaves to the level below.
    std::size_t transition_down(std::size_t level, std::size_t channels, std::string const& name) {
        unet_unit down;
        down.from = level;
        down.ci = channels;
        down.to = level + 1;
        down.co = channels * shape_.compression_percent / 100;
        require(down.co > 0, "comir::dense_unet: compression leaves no channel after level ", level);
        down.kernel = 1;
        if (shape_.pooling == pooling::max)
            down.pool = conv_pooling::max;
        else if (shape_.pooling == pooling::average)
            down.pool = conv_pooling::mean;
        else
            down.stage = unet_stage::blur;
        down.chosen = plan_.poolings++;
        down.dropout_percent = shape_.dropout_percent > 0 ? 20 : 0;
        down.drop_channels = true;
        normalisation(down, name + ".batchnorm");
        convolution(down, name + ".conv", true);
        return down.co;
    }
    /// Reads `channels` channels of the level below, appends as many to this one.
    void transition_up(std::size_t level, std::size_t from_first, std::size_t channels, std::size_t to_first,
                       std::string const& name) {
        unet_unit up;
        up.from = level + 1;
        up.from_first = from_first;
        up.ci = up.co = channels;
        up.to = level;
        up.to_first = to_first;
        up.relu = true;
        up.upsample = shape_.upsampling == upsampling::nearest;
        if (!up.upsample)
            up.stage = shape_.upsampling == upsampling::transposed ? unet_stage::transposed : unet_stage::shuffle;
        convolution(up, name + (up.upsample ? ".upsampling_layer.1" : ".upsampling_layer.0"), true);
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
        bool const transposed = unit.stage == unet_stage::transposed;
        std::size_t const co = transposed ? unit.co : unit.conv_channels();
        unit.weight = parameter(name + ".weight",
                                {transposed ? unit.ci : co, transposed ? co : unit.ci, unit.kernel, unit.kernel});
        if (bias)
            unit.bias = parameter(name + ".bias", {co});
        plan_.units.push_back(unit);
    }

    unet_shape shape_;
    unet_plan plan_;
};

}  // namespace detail
}}  // namespace comir::COMIR_ABI
