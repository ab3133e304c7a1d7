#include <array>
#include <cmath>
#include <numbers>
#include <string>

#include <doctest/doctest.h>

#include <comir/dataset/pair_list.hpp>
#include <comir/transform/similarity.hpp>

#include "support/temporary_folder.hpp"

namespace {

std::string const header =
    "pair,fixed,moving,fixed_modality,moving_modality,size_px,angle_deg,tx_px,ty_px,x0,y0,x1,y1,x2,y2,x3,y3,"
    "initial_error_px\n";
std::string const line = "p,f.png,m.png,rgb,nir,256,-22.5,-0.25,6,-38.5,63.5,197,-32.5,293.5,203,57.5,299.5,69.5\n";

std::string replaced(std::string text, std::string const& from, std::string const& to) {
    auto const at = text.find(from);
    REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("displacement: the transform undoes the written formula, for images of different sizes") {
    comir::displacement const d{33.0, 12.5, -7.25};
    comir::pair_extent const size{{512, 300}, {160, 97}};
    auto const transform = comir::to_transform(d, size);
    double const angle = 33.0 * std::numbers::pi / 180, c = std::cos(angle), s = std::sin(angle);
    for (comir::point2 const p : {comir::point2{0, 0}, comir::point2{159, 3}, comir::point2{20, 96}}) {
        // x_fixed = c_fixed + R (x_moving - c_moving) + t, written out.
        double const dx = p.x - 79.5, dy = p.y - 48.0;
        comir::point2 const fixed{255.5 + c * dx - s * dy + 12.5, 149.5 + s * dx + c * dy - 7.25};
        comir::point2 const back = transform(fixed);
        CHECK(back.x == doctest::Approx(p.x).epsilon(1e-12).scale(100));
        CHECK(back.y == doctest::Approx(p.y).epsilon(1e-12).scale(100));
    }
    auto const again = comir::to_displacement(transform, size);
    CHECK(again.angle_deg == doctest::Approx(d.angle_deg).epsilon(1e-12));
    CHECK(again.tx_px == doctest::Approx(d.tx_px).epsilon(1e-12));
    CHECK(again.ty_px == doctest::Approx(d.ty_px).epsilon(1e-12));
}

TEST_CASE("displacement: about any centre, wrapped angles, and a scale leaves the angle alone") {
    comir::pair_extent const size{{64, 64}, {32, 48}};
    auto transform = comir::to_transform({-170.0, 3.0, 4.0}, size);
    transform.parameters[0] += 2 * std::numbers::pi;
    auto const d = comir::to_displacement(transform, size);
    CHECK(d.angle_deg == doctest::Approx(-170.0).epsilon(1e-12));
    CHECK(d.tx_px == doctest::Approx(3.0).epsilon(1e-12));
    comir::similarity2 scaled;
    scaled.parameters = {std::log(1.5), 0.5, 2.0, 1.0};
    scaled.centre = {5.0, 9.0};
    CHECK(comir::to_displacement(scaled, size).angle_deg == doctest::Approx(-0.5 * 180 / std::numbers::pi));
}

TEST_CASE("read_pair_list: columns in any order, extra ones ignored, files beside the list") {
    temporary_folder const folder;
    std::string const reordered =
        "y3,x3,y2,x2,note,y1,x1,y0,x0,initial_error_px,ty_px,tx_px,angle_deg,size_px,moving_modality,fixed_modality,"
        "moving,fixed,pair\n8,7,6,5,\"any, thing\",4,3,2,1,9.5,-2.5,1.5,-30.25,96,nir,rgb,sub/m.png,f.png,first\n";
    auto const pairs = comir::read_pair_list(folder.file("pairs.csv", reordered));
    REQUIRE(pairs.size() == 1);
    auto const& p = pairs[0];
    CHECK(p.name == "first");
    CHECK(p.fixed == folder / "f.png");
    CHECK(p.moving == folder.path() / "sub" / "m.png");
    CHECK(comir::direction(p) == "rgb to nir");
    CHECK(p.size_px == 96);
    CHECK(p.truth.angle_deg == -30.25);
    CHECK(p.truth.tx_px == 1.5);
    CHECK(p.truth.ty_px == -2.5);
    for (std::size_t k = 0; k < 4; ++k)
        CHECK(p.corners[k] == comir::point2{2.0 * static_cast<double>(k) + 1, 2.0 * static_cast<double>(k) + 2});
    CHECK(p.initial_error_px == 9.5);
    CHECK(comir::read_pair_list(folder.file("none.csv", header)).empty());
}

TEST_CASE("read_pair_list: columns of masks may be missing, and so may their values") {
    temporary_folder const folder;
    auto const plain = comir::read_pair_list(folder.file("plain.csv", header + line));
    REQUIRE(plain.size() == 1);
    CHECK(plain[0].fixed_mask.empty());
    CHECK(plain[0].moving_mask.empty());
    auto const with = [](std::string text, std::string const& end) {
        text.pop_back();
        return text + end + "\n";
    };
    auto const pairs =
        comir::read_pair_list(folder.file("masks.csv", with(header, ",moving_mask,fixed_mask") +
                                                           with(line, ",sub/mm.png,fm.png") + with(line, ",,fm.png")));
    REQUIRE(pairs.size() == 2);
    CHECK(pairs[0].fixed_mask == folder / "fm.png");
    CHECK(pairs[0].moving_mask == folder.path() / "sub" / "mm.png");
    CHECK(pairs[1].fixed_mask == folder / "fm.png");
    CHECK(pairs[1].moving_mask.empty());
    auto const one =
        comir::read_pair_list(folder.file("one.csv", with(header, ",moving_mask") + with(line, ",mm.png")));
    REQUIRE(one.size() == 1);
    CHECK(one[0].fixed_mask.empty());
    CHECK(one[0].moving_mask == folder / "mm.png");
}

TEST_CASE("read_pair_list: what is missing or no number is named with its line") {
    temporary_folder const folder;
    auto const message = [&](std::string const& content) -> std::string {
        try {
            comir::read_pair_list(folder.file("pairs.csv", content));
        } catch (comir::format_error const& error) {
            return error.what();
        }
        return "no error";
    };
    std::string const start = "comir::read_pair_list: " + (folder / "pairs.csv").string() + ": ";
    CHECK(message(header + line) == "no error");
    CHECK(message(replaced(header, "tx_px", "tx") + line).substr(0, start.size() + 29) ==
          start + "line 1 has no column 'tx_px',");
    CHECK(message(header + line + replaced(line, "-22.5", "")) ==
          start + "line 3: the value of 'angle_deg' is missing");
    CHECK(message(header + replaced(line, "-22.5", "left")) ==
          start + "line 2: the value of 'angle_deg' is 'left', expected a finite number with a decimal point");
    CHECK(message(header + replaced(line, "p,f.png,", "p,,")) == start + "line 2: the value of 'fixed' is missing");
    for (std::string const size : {"0", "-3", "2.5", "1e30"})
        CHECK(message(header + replaced(line, "256", size)) ==
              start + "line 2: the value of 'size_px' is '" + size + "', expected a whole number of pixels above 0");
    CHECK(message(header + replaced(line, "69.5", "-1")) ==
          start + "line 2: the value of 'initial_error_px' is -1, expected at least 0");
    CHECK(message(header + "p,f.png\n") == start + "line 2 has 2 values, expected 18 as the header names");
    CHECK_THROWS_AS(comir::read_pair_list(folder / "missing.csv"), comir::error);
}

TEST_CASE("write_pair_list: read back, every number has the same bits and the files the same place") {
    temporary_folder const folder;
    comir::registration_pair p;
    p.name = "a \"quoted\", name";
    p.fixed = folder / "f, 1.png";
    p.moving = folder.path() / "sub" / "m.png";
    p.fixed_modality = "bright field";
    p.moving_modality = "shg";
    p.size_px = 97;
    p.truth = {1.0 / 3, -2.0 / 7, 1e-9};
    p.corners = {comir::point2{0.1, -0.2}, comir::point2{1.0 / 9, 3}, comir::point2{-4, 5}, comir::point2{6e5, 7}};
    p.initial_error_px = std::sqrt(2.0);
    comir::write_pair_list(folder / "pairs.csv", std::array{p, p});
    auto const pairs = comir::read_pair_list(folder / "pairs.csv");
    REQUIRE(pairs.size() == 2);
    auto const& q = pairs[1];
    CHECK(q.name == p.name);
    CHECK(q.fixed == p.fixed);
    CHECK(q.moving == p.moving);
    CHECK(q.fixed_modality == p.fixed_modality);
    CHECK(q.moving_modality == p.moving_modality);
    CHECK(q.size_px == p.size_px);
    CHECK(q.truth.angle_deg == p.truth.angle_deg);
    CHECK(q.truth.tx_px == p.truth.tx_px);
    CHECK(q.truth.ty_px == p.truth.ty_px);
    CHECK(q.corners == p.corners);
    CHECK(q.initial_error_px == p.initial_error_px);
    CHECK(q.fixed_mask.empty());
    CHECK(read_all(folder / "pairs.csv").find("mask") == std::string::npos);
}

TEST_CASE("write_pair_list: masks keep their place, and pairs without them have none") {
    temporary_folder const folder;
    auto with = comir::read_pair_list(folder.file("pairs.csv", header + line)).at(0), without = with;
    with.moving_mask = folder.path() / "sub" / "m, mask.png";
    comir::write_pair_list(folder / "masks.csv", std::array{with, without});
    auto const pairs = comir::read_pair_list(folder / "masks.csv");
    REQUIRE(pairs.size() == 2);
    CHECK(pairs[0].fixed_mask.empty());
    CHECK(pairs[0].moving_mask == with.moving_mask);
    CHECK(pairs[1].moving_mask.empty());
    CHECK(pairs[1].initial_error_px == with.initial_error_px);
}
