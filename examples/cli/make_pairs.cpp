#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include <comir/dataset/make_pairs.hpp>
#include <comir/image/image.hpp>

#include "commands.hpp"
#include "images.hpp"
#include "outputs.hpp"
#include "scenes.hpp"
#include "watch.hpp"

namespace {

/// "x,y,w,h".
std::array<double, 4> parse_region(std::string_view text) {
    std::array<double, 4> numbers{};
    std::string_view rest = text;
    bool good = true;
    for (std::size_t i = 0; i < 4 && good; ++i) {
        auto const [stop, code] = std::from_chars(rest.data(), rest.data() + rest.size(), numbers[i]);
        good = code == std::errc{} && std::isfinite(numbers[i]) && numbers[i] >= 0.0 && numbers[i] <= 1e9;
        rest.remove_prefix(static_cast<std::size_t>(stop - rest.data()));
        good = good && (i == 3 ? rest.empty() : rest.starts_with(','));
        if (good && i < 3)
            rest.remove_prefix(1);
    }
    comir::require(good, "--region is '", text, "', expected four numbers x,y,w,h that are not negative");
    return numbers;
}

/// Keeps a part of all scenes: in pixels, or as shares of width and height if no number is above 1.
void apply_region(std::string const& text, std::vector<comir::aligned_pair>& scenes, comir::scene_part& part) {
    auto const [x, y, w, h] = parse_region(text);
    if (std::max({x, y, w, h}) <= 1.0) {
        // Shares such as 0.7 and 0.3 may add up to a trace more than 1.
        auto const end = [](double begin, double extent) {
            return begin + extent < 1.0 + 1e-9 ? std::min(begin + extent, 1.0) : begin + extent;
        };
        part = {x, y, end(x, w), end(y, h)};
        return;
    }
    auto const whole = [](double v) { return v == std::floor(v); };
    comir::require(whole(x) && whole(y) && whole(w) && whole(h) && w >= 1.0 && h >= 1.0, "--region is '", text,
                   "', expected whole pixels, or shares of at most 1");
    comir::region const r{static_cast<std::size_t>(x), static_cast<std::size_t>(y), static_cast<std::size_t>(w),
                          static_cast<std::size_t>(h)};
    for (comir::aligned_pair& scene : scenes)
        for (comir::image<float>& image : scene.images) {
            comir::require(r.x + r.w <= image.width() && r.y + r.h <= image.height(), "--region ", text,
                           " reaches beyond ", scene.name, " with ", image.width(), " x ", image.height(), " pixels");
            image = comir::crop(image, r);
        }
}

/// The path of the list.
std::string write_pairs(std::vector<comir::aligned_pair> const& scenes, make_pairs_settings const& s,
                        comir::scene_part const& part) {
    comir::make_pairs_options options;
    options.size_px = s.size;
    options.count = s.count;
    options.max_angle_deg = s.max_angle;
    options.max_shift = s.max_shift;
    options.modalities = {s.a_modality, s.b_modality};
    options.part = part;
    options.seed = s.run.seed;
    progress_line line("pairs");
    options.on_progress = [&](std::size_t done, std::size_t total) { return line.show(done, total); };
    auto const pairs = comir::make_pairs(scenes, s.out, options);
    line.clear();
    if (pairs.size() < options.count)
        throw interrupted{};
    return std::filesystem::path(s.out) / "pairs.csv";
}

}  // namespace

std::vector<comir::aligned_pair> load_scenes(std::string const& a, std::string const& b) {
    auto const files = comir::list_folder_pairs(a, b);
    for (comir::pair_files const& pair : files)
        for (std::filesystem::path const& path : pair.paths)
            note_pages(path);
    return comir::read_pairs(files);
}

std::size_t shorter_side(std::vector<comir::aligned_pair> const& scenes) {
    std::size_t shorter = std::numeric_limits<std::size_t>::max();
    for (comir::aligned_pair const& scene : scenes)
        shorter = std::min({shorter, scene.images[0].width(), scene.images[0].height()});
    return shorter;
}

std::string make_pairs_of(std::vector<comir::aligned_pair> const& scenes, make_pairs_settings const& settings) {
    return write_pairs(scenes, settings, {});
}

make_pairs_settings default_make_pairs_settings() {
    comir::make_pairs_options const library;
    make_pairs_settings s;
    s.size = library.size_px;
    s.count = library.count;
    s.max_angle = library.max_angle_deg;
    s.max_shift = library.max_shift;
    return s;
}

void run_make_pairs(make_pairs_settings const& given) {
    make_pairs_settings s = given;
    if (s.a_modality.empty())
        s.a_modality = folder_name(s.a);
    if (s.b_modality.empty())
        s.b_modality = folder_name(s.b);
    comir::require(s.a_modality != s.b_modality, "both modalities are named '", s.a_modality,
                   "'; name them with --a-modality and --b-modality");
    check_output_folder("--out", s.out);
    check_no_input("--out", s.out, {s.a, s.b});
    auto scenes = load_scenes(s.a, s.b);
    comir::scene_part part;
    if (!s.region.empty())
        apply_region(s.region, scenes, part);
    std::string const list = write_pairs(scenes, s, part);
    std::printf("%zu pairs of %zu scenes in %s\n", s.count, scenes.size(), list.c_str());
}
