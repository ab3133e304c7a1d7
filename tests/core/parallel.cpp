#include <vector>

#include <doctest/doctest.h>

#include <comir/core/parallel.hpp>

TEST_CASE("parallel_for: every item runs once, for any number of threads") {
    for (int threads : {0, 1, 2, 3})
        for (std::size_t count : {0u, 1u, 2u, 17u}) {
            std::vector<int> seen(count);
            comir::parallel_for(count, threads, [&](std::size_t i) { ++seen[i]; });
            CHECK(seen == std::vector<int>(count, 1));
        }
}

TEST_CASE("parallel_for_slots: slots stay below the thread count") {
    std::vector<std::size_t> slots(64);
    comir::parallel_for_slots(64, 2, [&](std::size_t i, std::size_t slot) { slots[i] = slot; });
    for (std::size_t slot : slots)
        CHECK(slot < 2);
}

TEST_CASE("ordered_reduce: the same bits for 1 and 2 threads") {
    auto const value = [](std::size_t i) { return 1.0f / static_cast<float>(i + 1); };
    CHECK(comir::ordered_reduce(1001, 1, 0.0f, value) == comir::ordered_reduce(1001, 2, 0.0f, value));
}
