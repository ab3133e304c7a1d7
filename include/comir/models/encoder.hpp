#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <comir/image/c4.hpp>
#include <comir/image/convert.hpp>
#include <comir/image/image.hpp>
#include <comir/image/local_contrast.hpp>
#include <comir/models/any_unet.hpp>

namespace comir { inline namespace COMIR_ABI {

/// The one mapping of all modalities' representations to 0..1: low becomes 0, high becomes 1, the rest is cut.
/// Mapping each image by its own extremes would break the likeness that training made.
struct intensity_range {
    float low = 0, high = 1;

    float operator()(float v) const { return std::clamp((v - low) / (high - low), 0.0f, 1.0f); }
    bool operator==(intensity_range const&) const = default;
};

/// What an encoder does besides its network.
struct encoder_settings {
    std::string modality;  // its name in the model
    bool log = false;      // log(1 + x) of the image's values before the network
    intensity_range range;
    double contrast_sigma = 0;     // px: local_contrast before the network; 0: not
    double contrast_floor = 0.02;  // as local_contrast_options
    bool average_turns = false;    // the mean over the image's four quarter turns, turned back; four times the work
};

/// Whether preprocess changes anything.
inline bool preprocesses(encoder_settings const& settings) {
    return settings.log || settings.contrast_sigma > 0;
}

/// The image as the network of these settings reads it.
/// Errors: those of log1p_transform and local_contrast
inline image<float> preprocess(image<float> source, encoder_settings const& settings, int threads = 0) {
    if (settings.log)
        source = log1p_transform(std::move(source));
    if (settings.contrast_sigma > 0)
        source = local_contrast(
            source, {.sigma = settings.contrast_sigma, .floor = settings.contrast_floor, .threads = threads});
    return source;
}

/// How an image is brought to the network.
struct encode_options {
    // px reflected on each side, against the influence of the zero border; the rest is cut off. 8 to 128 register
    // alike, 0 a third of the pairs.
    std::size_t margin = 16;
    std::size_t tile = 1024;  // px: larger images are encoded in tiles of this extent, so memory stays bounded
    int threads = 0;          // 0 means the OpenMP default
};

/// A network with its numbers and its preprocessing: image in, representation out. A value type.
template <class Network>
class encoder {
public:
    using network_type = Network;
    using workspace = typename Network::workspace;

    /// Errors: shape_error if the spans' lengths are not those of the network
    encoder(Network network, std::vector<float> parameters, std::vector<float> running, encoder_settings settings)
        : network_(std::move(network)),
          parameters_(std::move(parameters)),
          running_(std::move(running)),
          settings_(std::move(settings)) {
        require<shape_error>(
            parameters_.size() == network_.parameter_count() && running_.size() == network_.running_count(),
            "comir::encoder: ", parameters_.size(), " parameters and ", running_.size(),
            " running statistics were given, the network has ", network_.parameter_count(), " and ",
            network_.running_count());
    }

    Network const& network() const { return network_; }
    std::vector<float> const& parameters() const { return parameters_; }
    std::vector<float> const& running() const { return running_; }
    encoder_settings const& settings() const { return settings_; }
    encoder_settings& settings() { return settings_; }

    /// The representation as the network gives it, (out, H, W), unbounded; `to_unit` maps it to 0..1.
    /// Images of any size: reflected to the network's multiple and a margin, in tiles if large, cut back.
    /// With average_turns a turned image gives the turned representation, bit for bit.
    /// Errors: shape_error if the image is empty or has another number of channels; error if a value is not finite or
    ///         the margin is above 65536 px
    image<float> encode(image<float> const& source, workspace& work, encode_options const& options = {}) const {
        require<shape_error>(!source.empty(), "comir::encode: the image has no pixels");
        require<shape_error>(source.channels() == network_.in_channels(), "comir::encode: the image has ",
                             source.channels(), " channels, the encoder of ",
                             settings_.modality.empty() ? std::string("this modality") : settings_.modality,
                             " expects ", network_.in_channels());
        require(has_only_finite(source), "comir::encode: the image holds values that are not finite; mask them first");
        if (!settings_.average_turns)
            return encode_once(source, work, options);
        auto const turned = [&](int k) { return turn(encode_once(turn(source, k), work, options), -k); };
        // Quarter turns of the source exchange the two sums, or what each adds up: so no bit depends on them.
        image<float> mean = turned(0), odd = turned(1);
        std::ranges::transform(mean.values(), turned(2).values(), mean.values().begin(), std::plus<>{});
        std::ranges::transform(odd.values(), turned(3).values(), odd.values().begin(), std::plus<>{});
        std::ranges::transform(mean.values(), odd.values(), mean.values().begin(),
                               [](float a, float b) { return 0.25f * (a + b); });
        return mean;
    }

    image<float> encode(image<float> const& source, encode_options const& options = {}) const {
        workspace work;
        return encode(source, work, options);
    }

private:
    static constexpr std::size_t most_margin = 65536;  // px; far beyond any network's reach

    image<float> encode_once(image<float> const& source, workspace& work, encode_options const& options) const {
        std::size_t const multiple = network_.multiple(), h = source.height(), w = source.width();
        require(options.margin <= most_margin, "comir::encode: the margin is ", options.margin,
                " px, expected at most ", most_margin);
        std::size_t const margin = round_up(options.margin, multiple);
        std::size_t const padded_h = round_up(h + 2 * margin, multiple), padded_w = round_up(w + 2 * margin, multiple);
        image<float> const made =
            preprocesses(settings_) ? preprocess(source, settings_, options.threads) : image<float>();
        image<float> const& in = made.empty() ? source : made;

        image<float> result({network_.out_channels(), h, w});
        result.spacing = source.spacing;
        result.origin = source.origin;
        std::size_t const halo = round_up(network_.halo(), multiple);
        std::size_t const step =
            std::max(round_up(std::min(options.tile, std::max(padded_h, padded_w)), multiple), multiple);
        tensor<float> x, y;
        for (std::size_t top = 0; top < padded_h; top += step)
            for (std::size_t left = 0; left < padded_w; left += step) {
                // The tile and as much around it as can reach it, clipped to the padded image.
                std::size_t const bottom = std::min(top + step, padded_h), right = std::min(left + step, padded_w);
                std::size_t const y0 = top > halo ? top - halo : 0, y1 = std::min(bottom + halo, padded_h);
                std::size_t const x0 = left > halo ? left - halo : 0, x1 = std::min(right + halo, padded_w);
                x.resize({1, in.channels(), y1 - y0, x1 - x0});
                y.resize({1, network_.out_channels(), y1 - y0, x1 - x0});
                for (std::size_t c = 0; c < in.channels(); ++c)
                    for (std::size_t r = y0; r < y1; ++r) {
                        float const* const from = in.row(c, reflected(r, margin, h));
                        float* const to = x.row(0, c, r - y0);
                        for (std::size_t i = x0; i < x1; ++i)
                            to[i - x0] = from[reflected(i, margin, w)];
                    }
                network_.encode(parameters_, running_, std::as_const(x).view(), y.view(), work, options.threads);
                std::size_t const first_row = std::max(top, margin), last_row = std::min(bottom, margin + h);
                std::size_t const first = std::max(left, margin), last = std::min(right, margin + w);
                for (std::size_t c = 0; c < result.channels() && first < last; ++c)
                    for (std::size_t r = first_row; r < last_row; ++r)
                        std::copy(y.row(0, c, r - y0) + (first - x0), y.row(0, c, r - y0) + (last - x0),
                                  result.row(c, r - margin) + (first - margin));
            }
        return result;
    }

    /// Position of padded pixel i in an extent of n pixels: reflected about the border pixels as often as needed.
    static std::size_t reflected(std::size_t i, std::size_t margin, std::size_t n) {
        if (n == 1)
            return 0;
        std::size_t const period = 2 * (n - 1);
        std::size_t const p = (i + period * (margin / period + 1) - margin) % period;
        return p < n ? p : period - p;
    }

    Network network_;
    std::vector<float> parameters_, running_;
    encoder_settings settings_;
};

/// The representation mapped to 0..1 by the model's one range.
inline image<float> to_unit(image<float> representation, intensity_range const& range) {
    for (float& v : representation.values())
        v = range(v);
    return representation;
}

/// The named shapes with any number of channels, as programs meet them that load a model file.
using compact_network = dense_unet<with_channels(compact_shape, dynamic, dynamic)>;
/// The paper's shape, likewise.
using paper_network = dense_unet<with_channels(paper_shape, dynamic, dynamic)>;

/// An encoder of either named shape, or of one of them with options.
using any_encoder = std::variant<encoder<compact_network>, encoder<paper_network>, encoder<any_unet>>;

/// An encoder of any network, as model files keep it.
template <class Network>
any_encoder to_any_encoder(encoder<Network> const& made) {
    if constexpr (std::is_constructible_v<any_encoder, encoder<Network> const&>)
        return made;
    else
        return encoder<any_unet>(any_unet(made.network().full_shape()), made.parameters(), made.running(),
                                 made.settings());
}

}}  // namespace comir::COMIR_ABI
