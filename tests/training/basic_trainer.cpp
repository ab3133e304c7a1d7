#include <array>
#include <barrier>
#include <cstddef>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include <comir/contrastive/critics/mse.hpp>
#include <comir/training/basic_trainer.hpp>
#include <comir/training/objective/dense_info_nce.hpp>

#include "support/linear_network.hpp"

namespace {

using scenes_2 = std::vector<comir::aligned_images<2>>;

scenes_2 noise() {
    comir::random_stream random(3, 0);
    comir::image<float> a({1, 24, 24}), b({1, 24, 24});
    for (std::size_t i = 0; i < a.values().size(); ++i) {
        a.values()[i] = static_cast<float>(random.uniform(0, 1));
        b.values()[i] = 2 - 3 * a.values()[i];
    }
    return {{a, b}};
}

comir::trainer_options small() {
    comir::trainer_options o;
    o.batch = 4;
    o.augment.patch = 8;
    o.canonical_weight = 0;
    o.threads = 1;
    return o;
}

/// Another objective: half the mean square difference of two representations.
struct difference {
    int *begun, *ended;

    void begin(std::span<comir::aligned_images<2> const>, comir::sampler_options const&, std::size_t channels) {
        CHECK(channels == 1);
        ++*begun;
    }
    void end() { ++*ended; }
    comir::objective_report gradient(comir::batch_info<2> const& batch,
                                     std::array<comir::tensor_view<float const>, 2> const& x,
                                     std::array<comir::tensor_view<float>, 2> const& dx) {
        CHECK(batch.steps > batch.step);
        comir::objective_report report;
        comir::shape4 const s = x[0].shape();
        for (std::size_t n = 0; n < s.n; ++n)
            for (std::size_t h = 0; h < s.h; ++h)
                for (std::size_t w = 0; w < s.w; ++w) {
                    float const d = (x[0].row(n, 0, h)[w] - x[1].row(n, 0, h)[w]) / static_cast<float>(s.size());
                    dx[0].row(n, 0, h)[w] = d;
                    dx[1].row(n, 0, h)[w] = -d;
                    report.loss.loss += 0.5 * static_cast<double>(d * d) * static_cast<double>(s.size());
                }
        return report;
    }
    comir::info_nce_result value(comir::batch_info<2> const&, std::array<comir::tensor_view<float const>, 2> const& x) {
        return {.loss = static_cast<double>(x[0].row(0, 0, 0)[0] - x[1].row(0, 0, 0)[0])};
    }
};

/// Two threads that train one network each, as two machines would.
struct exchange {
    std::array<comir::tensor_view<float>, 2> shared{};
    std::array<bool, 2> good{};
    std::barrier<> all{2};
};
struct one_of_two {
    exchange* between;
    std::size_t rank;

    bool runs(std::size_t m) const { return m == rank; }
    void gather(std::array<comir::tensor_view<float>, 2> const& representations) {
        between->shared[rank] = representations[rank];
        between->all.arrive_and_wait();
        comir::copy(comir::tensor_view<float const>(between->shared[1 - rank]), representations[1 - rank]);
        between->all.arrive_and_wait();
    }
    void reduce(std::size_t m, std::span<float>) { CHECK(m == rank); }
    bool agree(bool mine) {
        between->good[rank] = mine;
        between->all.arrive_and_wait();
        bool const both = between->good[0] && between->good[1];
        between->all.arrive_and_wait();
        return both;
    }
};

using info_nce_objective = comir::dense_info_nce<comir::mse_critic, 2>;

}  // namespace

TEST_CASE("basic_trainer: another objective enters without anything else changing") {
    int begun = 0, ended = 0;
    auto o = small();
    o.learning_rate = 0.2;
    comir::basic_trainer<difference, comir::one_process, comir::c4, linear_network, linear_network> trainer(
        o, {&begun, &ended}, {}, {}, {});
    double first = 0, last = 0;
    trainer.fit(noise(), {.steps = 100, .on_step = [&](comir::training_step const& step) {
                              (step.step == 1 ? first : last) = step.loss.loss;
                              return true;
                          }});
    CHECK(begun == 1);
    CHECK(ended == 1);
    CHECK(last < 0.1 * first);
    CHECK(trainer.range().high > trainer.range().low);
}

TEST_CASE("basic_trainer: two processes with a network each train the bits of one with both") {
    auto const scenes = noise();
    comir::basic_trainer<info_nce_objective, comir::one_process, comir::c4, linear_network, linear_network> both(
        small(), info_nce_objective(), {}, {}, {});
    both.fit(scenes, {.steps = 8});

    exchange between;
    std::array<comir::trainer_state, 2> states;
    std::array<comir::intensity_range, 2> ranges;
    auto const train = [&](std::size_t rank) {
        comir::basic_trainer<info_nce_objective, one_of_two, comir::c4, linear_network, linear_network> one(
            small(), info_nce_objective(), {&between, rank}, {}, {});
        one.fit(scenes, {.steps = 8});
        states[rank] = one.state();
        ranges[rank] = one.range();
    };
    std::thread other(train, 1);
    train(0);
    other.join();
    for (std::size_t m = 0; m < 2; ++m) {
        CHECK(states[m].networks[m] == both.state().networks[m]);
        CHECK(ranges[m] == both.range());
    }
}
