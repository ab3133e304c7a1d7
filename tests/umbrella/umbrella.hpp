#pragma once

#if COMIR_TEST_IO
#include <comir/io.hpp>
#else
#include <comir/comir.hpp>
#endif

/// Each is defined in a unit of its own.
comir::point2 turned_by_a(comir::point2 p);
comir::point2 turned_by_b(comir::point2 p);
