#pragma once

#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include <comir/registration/input.hpp>

namespace comir { inline namespace COMIR_ABI {

/// One image of a registration, with what methods make of it: the levels of its pyramid, sampled points. Each is made
/// when a method first asks for it, and stays as long as the image, for all stages of a registration and for later
/// ones. Copies share the images and what was made.
/// Threads: any number may use one prepared image at the same time
class prepared_image {
public:
    /// Keeps a copy of the images.
    explicit prepared_image(registration_input const& input) : prepared_image(copy_of(input)) {}
    explicit prepared_image(registration_image images)
        : images_(std::make_shared<registration_image const>(std::move(images))),
          input_(std::make_shared<registration_input const>(*images_)),
          made_(std::make_shared<store>()) {}
    /// Without a copy: the images must live as long as the result. For the moving image of one call.
    static prepared_image referring_to(registration_input const& input) {
        return prepared_image(nullptr, std::make_shared<registration_input const>(input));
    }

    registration_input const& input() const { return *input_; }
    operator registration_input const&() const { return *input_; }
    image<float> const& values() const { return input_->values; }
    image_mask const& mask() const { return input_->mask; }
    image<float> const& raw_or_values() const { return input_->raw_or_values(); }
    image_shape const& shape() const { return input_->values.shape(); }

    /// What make() returned when it was first called for this key, from then on the same object. The key is one of
    /// Made::key and has ==; it must say all that the result depends on but the image.
    template <class Made, class Make>
    Made const& once(typename Made::key const& key, Make const& make) const {
        if (Made const* const known = find<Made>(key))
            return *known;
        // Outside the lock, since it may ask for other things. Of two threads that make the same, the first one's
        // stays.
        auto made = std::make_shared<entry<Made> const>(entry<Made>{key, make()});
        std::lock_guard const lock(made_->guard);
        if (Made const* const known = find_locked<Made>(key))
            return *known;
        made_->entries.push_back({&type_of<Made>, made});
        return made->made;
    }

private:
    template <class Made>
    struct entry {
        typename Made::key key;
        Made made;
    };
    struct any_entry {
        void const* type;
        std::shared_ptr<void const> held;  // an entry of that type
    };
    struct store {
        std::mutex guard;
        std::vector<any_entry> entries;
    };
    // Its address tells types apart where there is no RTTI.
    template <class Made>
    inline static char type_of = 0;

    prepared_image(std::shared_ptr<registration_image const> images, std::shared_ptr<registration_input const> input)
        : images_(std::move(images)), input_(std::move(input)), made_(std::make_shared<store>()) {}

    template <class Made>
    Made const* find(typename Made::key const& key) const {
        std::lock_guard const lock(made_->guard);
        return find_locked<Made>(key);
    }
    template <class Made>
    Made const* find_locked(typename Made::key const& key) const {
        for (any_entry const& e : made_->entries)
            if (e.type == &type_of<Made>)
                if (auto const& known = *static_cast<entry<Made> const*>(e.held.get()); known.key == key)
                    return &known.made;
        return nullptr;
    }

    std::shared_ptr<registration_image const> images_;
    std::shared_ptr<registration_input const> input_;
    std::shared_ptr<store> made_;
};

}}  // namespace comir::COMIR_ABI
