#include "umbrella.hpp"

comir::point2 turned_by_a(comir::point2 p) {
    return comir::rigid2{{0.5, 1.0, 2.0}, {3.0, 4.0}}(p);
}
