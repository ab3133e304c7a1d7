#include <cmath>
#include <cstdio>

#include "umbrella.hpp"

comir::point2 turned_by_b(comir::point2 p) {
    return comir::rigid2{{0.5, 1.0, 2.0}, {3.0, 4.0}}.inverse()(p);
}

int main() {
    comir::point2 const p = turned_by_b(turned_by_a({7.0, -2.0}));
    bool const same = std::hypot(p.x - 7.0, p.y + 2.0) < 1e-12;
    std::printf("%s\n", same ? "two units share one comir" : "the units disagree");
    return same ? 0 : 1;
}
