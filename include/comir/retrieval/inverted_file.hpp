#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include <comir/core/check_range.hpp>
#include <comir/core/error.hpp>

namespace comir { inline namespace COMIR_ABI {

/// Which words count where images are compared by their words.
struct inverted_file_options {
    // Words in less or more than this share of the images are left out, 0 to 1.
    double least_share = 0.0, most_share = 1.0;
};

/// For each word the images that show it, so that a query looks at those images only. Images are compared by the cosine
/// of their words' frequencies, each weighed by the logarithm of how rare the word is among the images (tf-idf).
/// Source: Sivic and Zisserman 2003, Video Google: a text retrieval approach to object matching in videos
class inverted_file {
public:
    /// `images`: the words of each image, in any order, each below `vocabulary`.
    /// Errors: error for options out of range; shape_error for a word out of range
    inverted_file(std::span<std::vector<std::uint32_t> const> images, std::size_t vocabulary,
                  inverted_file_options const& options = {})
        : lists_(vocabulary), weights_(vocabulary, 0.0f), images_(images.size()) {
        constexpr char const* who = "comir::inverted_file";
        check_range(who, "least_share", options.least_share, between(0, 1));
        check_range(who, "most_share", options.most_share, between(options.least_share, 1));
        for (std::size_t i = 0; i < images.size(); ++i)
            for (auto const& [word, count] : counted(images[i]))
                lists_[word].push_back({i, count});
        double const all = static_cast<double>(images.size());
        for (std::size_t k = 0; k < vocabulary; ++k) {
            double const share = all > 0.0 ? static_cast<double>(lists_[k].size()) / all : 0.0;
            if (share > 0.0 && share >= options.least_share && share <= options.most_share)
                // Plus one, so that words of all images still count in small archives.
                weights_[k] = static_cast<float>(std::log(1.0 + 1.0 / share));
        }
        std::vector<double> squares(images.size(), 0.0);
        for (std::size_t k = 0; k < vocabulary; ++k)
            for (posting& p : lists_[k]) {
                p.weight *= weights_[k];
                squares[p.image] += static_cast<double>(p.weight) * static_cast<double>(p.weight);
            }
        for (auto& list : lists_)
            for (posting& p : list)
                if (squares[p.image] > 0.0)
                    p.weight = static_cast<float>(static_cast<double>(p.weight) / std::sqrt(squares[p.image]));
    }

    std::size_t size() const { return images_; }

    /// The cosine between a query and each image, 0 to 1.
    /// Errors: shape_error for a word out of range
    std::vector<float> scores(std::span<std::uint32_t const> words) const {
        std::vector<float> made(images_, 0.0f);
        double squares = 0.0;
        for (auto const& [word, count] : counted(words)) {
            float const weight = count * weights_[word];
            squares += static_cast<double>(weight) * static_cast<double>(weight);
            for (posting const& p : lists_[word])
                made[p.image] += weight * p.weight;
        }
        for (float& score : made)
            if (squares > 0.0)
                score = static_cast<float>(static_cast<double>(score) / std::sqrt(squares));
        return made;
    }

private:
    struct posting {
        std::size_t image;
        float weight;
    };

    /// In the order of the words, so that sums do not depend on the order of features.
    std::map<std::uint32_t, float> counted(std::span<std::uint32_t const> words) const {
        std::map<std::uint32_t, float> counts;
        for (std::uint32_t const word : words) {
            require<shape_error>(word < lists_.size(), "comir::inverted_file: word ", word, " of ", lists_.size(),
                                 ", expected one of the vocabulary, numbered from 0");
            counts[word] += 1.0f;
        }
        return counts;
    }

    std::vector<std::vector<posting>> lists_;
    std::vector<float> weights_;
    std::size_t images_;
};

}}  // namespace comir::COMIR_ABI
