#include <cmath>

#include <comir/comir.hpp>

int main() {
    comir::extent2 const size{33, 17};
    comir::rigid2 const turn{{0.25, 2.0, 1.0}, size.centre()};
    auto const back = comir::map_corners([&](comir::point2 p) { return turn.inverse()(turn(p)); }, size);
    return comir::corner_error(back, size.corners()) < 1e-12 ? 0 : 1;
}
