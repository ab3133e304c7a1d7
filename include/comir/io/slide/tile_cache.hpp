#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <utility>
#include <variant>

#include <comir/io/any_image.hpp>

namespace comir { inline namespace COMIR_ABI {

/// A block of a slide: its level, and its place in the level's grid of tiles.
struct tile_index {
    std::size_t level = 0, across = 0, down = 0;

    constexpr bool operator==(tile_index const&) const = default;
};

/// Decoded tiles of a slide, as many as fit into a number of bytes; the one that was not asked for longest goes first.
/// Threads: safe; tiles that were handed out stay alive with their holders
class tile_cache {
public:
    explicit tile_cache(std::size_t max_bytes) : max_bytes_(max_bytes) {}

    /// Nothing if the tile is not there.
    std::shared_ptr<any_image const> find(tile_index const& index) {
        std::lock_guard const lock(mutex_);
        auto const found = places_.find(index);
        if (found == places_.end())
            return {};
        tiles_.splice(tiles_.begin(), tiles_, found->second);
        return found->second->second;
    }

    void insert(tile_index const& index, std::shared_ptr<any_image const> tile) {
        std::size_t const bytes = bytes_of(*tile);
        std::lock_guard const lock(mutex_);
        if (bytes > max_bytes_ || places_.contains(index))
            return;
        tiles_.emplace_front(index, std::move(tile));
        places_[index] = tiles_.begin();
        bytes_ += bytes;
        while (bytes_ > max_bytes_) {
            bytes_ -= bytes_of(*tiles_.back().second);
            places_.erase(tiles_.back().first);
            tiles_.pop_back();
        }
    }

    /// Bytes of the pixels that are held.
    std::size_t bytes() const {
        std::lock_guard const lock(mutex_);
        return bytes_;
    }

private:
    struct hash {
        std::size_t operator()(tile_index const& i) const {
            return ((i.down * 0x9e3779b97f4a7c15u) ^ i.across) * 0xc2b2ae3d27d4eb4fu + i.level;
        }
    };
    static std::size_t bytes_of(any_image const& tile) {
        return std::visit([](auto const& held) { return held.values().size_bytes(); }, tile);
    }

    std::size_t max_bytes_, bytes_ = 0;
    mutable std::mutex mutex_;
    std::list<std::pair<tile_index, std::shared_ptr<any_image const>>> tiles_{};
    std::unordered_map<tile_index, decltype(tiles_)::iterator, hash> places_{};
};

}}  // namespace comir::COMIR_ABI
