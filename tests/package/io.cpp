#include <cstdint>
#include <variant>

#include <comir/io.hpp>

int main() {
    comir::image<std::uint8_t> picture({3, 4, 5}, 7);
    picture(2, 3, 4) = 200;
    for (char const* name : {"consumer.png", "consumer.tif"}) {
        comir::write_image(name, picture);
        auto const again = std::get<comir::image<std::uint8_t>>(comir::read_image(name));
        if (again.shape() != picture.shape() || again(2, 3, 4) != 200 || again(0, 0, 0) != 7)
            return 1;
    }
    return 0;
}
