#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <memory>

#include <comir/image/image.hpp>
#include <comir/pipeline/make_pairs.hpp>

#include "cli.hpp"
#include "watch.hpp"

namespace {

struct settings {
    std::string a, b, out, a_modality, b_modality, region;
    comir::make_pairs_options pairs{};
    run_options run{};
};

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

void run(settings const& s) {
    comir::make_pairs_options options = s.pairs;
    options.modalities = {s.a_modality.empty() ? folder_name(s.a) : s.a_modality,
                          s.b_modality.empty() ? folder_name(s.b) : s.b_modality};
    options.seed = s.run.seed;
    comir::require(options.modalities[0] != options.modalities[1], "both modalities are named '", options.modalities[0],
                   "'; name them with --a-modality and --b-modality");
    check_output_folder("--out", s.out);
    auto scenes = comir::read_folder_pairs(s.a, s.b);
    if (!s.region.empty())
        apply_region(s.region, scenes, options.part);
    progress_line line("pairs");
    options.on_progress = [&](std::size_t done, std::size_t total) { return line.show(done, total); };
    auto const pairs = comir::make_pairs(scenes, s.out, options);
    line.clear();
    if (pairs.size() < options.count)
        throw interrupted{};
    std::printf("%zu pairs of %zu scenes in %s\n", pairs.size(), scenes.size(),
                (std::filesystem::path(s.out) / "pairs.csv").c_str());
}

}  // namespace

void add_make_pairs(CLI::App& app) {
    auto const s = std::make_shared<settings>();
    CLI::App& command = *app.add_subcommand(
        "make-pairs", "Make pairs with known displacements from aligned images, to measure registration on.");
    command.add_option("--a", s->a, "folder of the images of one modality (PNG, TIFF)")->required();
    command.add_option("--b", s->b, "folder of the other modality's images: the same file names, aligned")->required();
    command.add_option("--out", s->out, "folder for the images and pairs.csv, made if missing")->required();
    command.add_option("--a-modality", s->a_modality, "name of a's modality; default: the folder's name");
    command.add_option("--b-modality", s->b_modality, "name of b's modality; default: the folder's name");
    command.add_option("--size", s->pairs.size_px, "width and height of the images, in pixels")->capture_default_str();
    command.add_option("--count", s->pairs.count, "number of pairs, over all images and both directions")
        ->capture_default_str();
    command.add_option("--max-angle", s->pairs.max_angle_deg, "largest angle to either side, in degrees")
        ->capture_default_str();
    command.add_option("--max-shift", s->pairs.max_shift, "largest shift in x and in y, as a share of the size")
        ->capture_default_str();
    command.add_option("--region", s->region,
                       "part of the images to use: x,y,w,h in pixels, or as shares of width and height if none is "
                       "above 1, such as 0,0.5,1,0.5 for the lower half; default: all");
    add_seed(command, s->run);
    command.callback([s] { run(*s); });
}
