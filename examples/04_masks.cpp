// Leaves pixels out that show nothing of the scene: here a dead frame, which both instruments have at the same place.
#include <cstdio>
#include <exception>
#include <string>

#include <comir/image/border_regions.hpp>
#include <comir/image/mask.hpp>
#include <comir/io/image_file.hpp>
#include <comir/registration/global/search.hpp>
#include <comir/transform/geometry.hpp>

// A cut of the scene as an instrument gives it that sees nothing in a frame 16 px wide.
comir::image<float> photograph(comir::image<float> const& scene, std::size_t x, std::size_t y, std::size_t side,
                               comir::image_mask const& seen) {
    auto image = comir::crop(scene, {x, y, side, side});
    for (std::size_t c = 0; c < image.channels(); ++c)
        for (std::size_t i = 0; i < side * side; ++i)
            if (seen.values()[i] == 0)
                image.channel(c)[i] = 0.0f;
    return image;
}

int main(int argc, char** argv) try {
    if (argc != 2) {
        std::fprintf(stderr, "usage: 04_masks DATA\nDATA holds visible/scene.png and infrared/scene.png\n");
        return 2;
    }
    std::string const data = argv[1];
    // [mask]
    // One byte for each pixel; zero leaves the pixel out. Of a picture, to_mask makes such a mask.
    constexpr std::size_t side = 160, frame = 16;
    comir::image_mask seen({1, side, side}, 1);
    for (std::size_t y = 0; y < side; ++y)
        for (std::size_t x = 0; x < side; ++x)
            if (x < frame || y < frame || x >= side - frame || y >= side - frame)
                seen(0, y, x) = 0;
    // [mask]
    auto const fixed = photograph(comir::read_image_float(data + "/visible/scene.png"), 100, 60, side, seen);
    auto const moving = photograph(comir::read_image_float(data + "/infrared/scene.png"), 112, 52, side, seen);
    comir::rigid2 const truth{{0.0, -12.0, 8.0}};

    // [found]
    // A frame of one colour is also found: read_masked_image does that for files, with no data and alpha.
    comir::image_mask const found = comir::find_borders(moving).mask;
    // [found]

    // [register]
    comir::global_search_options const options{.metric = comir::search_metric::mutual_information};
    // Two frames are alike where nothing moves, whatever the ground does.
    auto const all = comir::global_search(fixed, moving, options);
    // Each image goes with a mask of its own; an image without one counts wholly.
    auto const masked =
        comir::global_search({.values = fixed, .mask = seen}, {.values = moving, .mask = seen}, options);
    // [register]

    double const drawn_share = comir::masked_share(seen), found_share = comir::masked_share(found);
    std::printf("the frame is %.0f %% of the image; found and grown by 2 px: %.0f %%\n", 100.0 * drawn_share,
                100.0 * found_share);
    double const all_error = comir::corner_distance(all.transform, truth, side, side);
    double const masked_error = comir::corner_distance(masked.transform, truth, side, side);
    std::printf("with the frames:    error %.2f px, confidence %.2f\n", all_error, all.confidence);
    std::printf("without the frames: error %.2f px, confidence %.2f\n", masked_error, masked.confidence);
    bool const is_found = found_share > drawn_share && found_share < drawn_share + 0.06;
    return is_found && all_error > 5.0 && masked_error < 2.0 ? 0 : 1;
} catch (std::exception const& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
}
