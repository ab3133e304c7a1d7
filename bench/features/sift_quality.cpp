#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <numbers>
#include <string>
#include <tuple>
#include <vector>

#include <opencv2/core.hpp>
#include <opencv2/features2d.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include <comir/core/random.hpp>
#include <comir/features/match.hpp>
#include <comir/features/sift.hpp>

// Repeatability and share of correct matches under known changes of an image, ours beside OpenCV's at equal settings.
// Usage: sift_quality FOLDER...   folders of images; colours become grey
//
// Repeatability: keypoints that are each other's nearest across the change, within 1.5 px and a factor of 1.28 in
// scale, by the smaller of the two numbers of keypoints in the part both images show; those of several directions count
// once. Correct matches: nearest descriptors with a ratio of at most 0.8 both ways, within 3 px; both limits grow with
// the zoom. OpenCV's descriptors are matched by the same code.

namespace {

struct change {
    char const* name;
    double turn = 0.0;  // degrees
    double zoom = 1.0;
    double blur = 0.0;   // pixels
    double noise = 0.0;  // standard deviation, of 255
};

constexpr change changes[] = {
    {"turn 15 degrees", 15.0},
    {"turn 45 degrees", 45.0},
    {"turn 160 degrees", 160.0},
    {"zoom 0.5", 0.0, 0.5},
    {"zoom 0.7", 0.0, 0.7},
    {"zoom 1.3", 0.0, 1.3},
    {"zoom 1.6", 0.0, 1.6},
    {"blur 1 px", 0.0, 1.0, 1.0},
    {"blur 2 px", 0.0, 1.0, 2.0},
    {"noise 5 of 255", 0.0, 1.0, 0.0, 5.0},
    {"noise 15 of 255", 0.0, 1.0, 0.0, 15.0},
    {"turn 100 degrees, zoom 1.2, noise 5", 100.0, 1.2, 0.0, 5.0},
};

constexpr std::size_t least_keypoints = 20;

struct changed_image {
    cv::Mat pixels;
    cv::Matx23d matrix;  // from the former image's pixels to these
};

changed_image apply(change const& what, cv::Mat const& source, std::uint64_t seed) {
    double const w = source.cols, h = source.rows;
    cv::Size const size(static_cast<int>(std::lround(w * what.zoom)), static_cast<int>(std::lround(h * what.zoom)));
    double const angle = what.turn * std::numbers::pi / 180.0;
    double const a = what.zoom * std::cos(angle), b = what.zoom * std::sin(angle);
    double const x = 0.5 * (w - 1.0), y = 0.5 * (h - 1.0), u = 0.5 * (size.width - 1.0), v = 0.5 * (size.height - 1.0);
    changed_image out;
    out.matrix = {a, -b, u - a * x + b * y, b, a, v - b * x - a * y};
    // A copy: OpenCV would write into the caller's pixels.
    cv::Mat smooth = source.clone();
    // What a smaller image cannot hold is blurred away first, as a lens would: to half a pixel of the small image.
    if (what.zoom < 1.0)
        cv::GaussianBlur(source, smooth, {}, 0.5 * std::sqrt(1.0 / (what.zoom * what.zoom) - 1.0));
    cv::warpAffine(smooth, out.pixels, out.matrix, size, cv::INTER_CUBIC, cv::BORDER_REFLECT_101);
    if (what.blur > 0.0)
        cv::GaussianBlur(out.pixels, out.pixels, {}, what.blur);
    if (what.noise > 0.0) {
        comir::random_stream random(seed);
        for (int row = 0; row < out.pixels.rows; ++row)
            for (int column = 0; column < out.pixels.cols; ++column) {
                auto& pixel = out.pixels.at<std::uint8_t>(row, column);
                pixel = cv::saturate_cast<std::uint8_t>(pixel + what.noise * random.normal());
            }
    }
    return out;
}

comir::feature_set find_comir(cv::Mat const& pixels) {
    comir::image<std::uint8_t> source(
        {1, static_cast<std::size_t>(pixels.rows), static_cast<std::size_t>(pixels.cols)});
    for (int y = 0; y < pixels.rows; ++y)
        std::copy_n(pixels.ptr(y), pixels.cols, source.row(0, static_cast<std::size_t>(y)));
    return comir::sift(source, {.range = 255.0});
}

comir::feature_set find_opencv(cv::Mat const& pixels) {
    std::vector<cv::KeyPoint> keypoints;
    cv::Mat rows;
    cv::SIFT::create()->detectAndCompute(pixels, cv::noArray(), keypoints, rows);
    comir::feature_set set;
    set.length = 128;
    for (cv::KeyPoint const& from : keypoints) {
        comir::keypoint k;
        // OpenCV's places are a quarter of a pixel off, from the way it doubles the image; here they are put right.
        k.x = from.pt.x - 0.25f;
        k.y = from.pt.y - 0.25f;
        k.scale = 0.5f * from.size;
        set.keypoints.push_back(k);
    }
    for (int i = 0; i < rows.rows; ++i)
        set.descriptors.insert(set.descriptors.end(), rows.ptr<float>(i), rows.ptr<float>(i) + 128);
    return set;
}

struct point {
    double x, y, scale;
};

point mapped(cv::Matx23d const& m, comir::keypoint const& k, double zoom) {
    double const x = static_cast<double>(k.x), y = static_cast<double>(k.y);
    return {m(0, 0) * x + m(0, 1) * y + m(0, 2), m(1, 0) * x + m(1, 1) * y + m(1, 2),
            static_cast<double>(k.scale) * zoom};
}

bool inside(cv::Mat const& pixels, point const& p) {
    constexpr double margin = 8.0;
    return p.x >= margin && p.y >= margin && p.x <= pixels.cols - 1 - margin && p.y <= pixels.rows - 1 - margin;
}

/// The distinct places among keypoints whose counterpart lies inside the other image.
std::vector<point> places(comir::feature_set const& set, cv::Matx23d const& matrix, double zoom, cv::Mat const& other,
                          bool as_mapped) {
    std::vector<point> found;
    for (comir::keypoint const& k : set.keypoints) {
        point const there = mapped(matrix, k, zoom);
        point const here{static_cast<double>(k.x), static_cast<double>(k.y), static_cast<double>(k.scale)};
        if (inside(other, there))
            found.push_back(as_mapped ? there : here);
    }
    auto const key = [](point const& p) { return std::tuple(p.x, p.y, p.scale); };
    std::ranges::sort(found, {}, key);
    found.erase(
        std::unique(found.begin(), found.end(), [&](point const& p, point const& q) { return key(p) == key(q); }),
        found.end());
    return found;
}

/// For each point the number of its nearest one, or -1 if none lies within the tolerance and is alike in scale.
std::vector<std::ptrdiff_t> nearest(std::vector<point> const& from, std::vector<point> const& to, double tolerance) {
    std::vector<std::ptrdiff_t> found;
    for (point const& p : from) {
        double best = tolerance * tolerance;
        std::ptrdiff_t at = -1;
        for (std::size_t i = 0; i < to.size(); ++i) {
            double const dx = p.x - to[i].x, dy = p.y - to[i].y, square = dx * dx + dy * dy;
            if (square < best && std::abs(std::log(p.scale / to[i].scale)) < 0.25) {
                best = square;
                at = static_cast<std::ptrdiff_t>(i);
            }
        }
        found.push_back(at);
    }
    return found;
}

struct quality {
    double repeatability = 0.0, correct_share = 0.0, correct = 0.0, keypoints = 0.0;

    void add(quality const& q) {
        repeatability += q.repeatability;
        correct_share += q.correct_share;
        correct += q.correct;
        keypoints += q.keypoints;
    }
};

quality judge(comir::feature_set const& a, comir::feature_set const& b, cv::Mat const& source,
              changed_image const& changed, double zoom) {
    cv::Mat inverse;
    cv::invertAffineTransform(cv::Mat(changed.matrix), inverse);
    double const growth = std::max(1.0, zoom);
    auto const first = places(a, changed.matrix, zoom, changed.pixels, true);
    auto const second = places(b, cv::Matx23d(inverse), 1.0 / zoom, source, false);
    auto const there = nearest(first, second, 1.5 * growth), back = nearest(second, first, 1.5 * growth);
    quality q;
    q.keypoints = static_cast<double>(a.size());
    double repeated = 0.0;
    for (std::size_t i = 0; i < there.size(); ++i)
        repeated += there[i] >= 0 && back[static_cast<std::size_t>(there[i])] == static_cast<std::ptrdiff_t>(i);
    if (!first.empty() && !second.empty())
        q.repeatability = repeated / static_cast<double>(std::min(first.size(), second.size()));
    double matches = 0.0;
    for (comir::feature_match const& m : comir::match_features(a, b)) {
        point const expected = mapped(changed.matrix, a.keypoints[m.fixed], zoom);
        if (!inside(changed.pixels, expected))
            continue;
        comir::keypoint const& k = b.keypoints[m.moving];
        double const apart = std::hypot(static_cast<double>(k.x) - expected.x, static_cast<double>(k.y) - expected.y);
        ++matches;
        q.correct += apart < 3.0 * growth;
    }
    q.correct_share = matches > 0.0 ? q.correct / matches : 0.0;
    return q;
}

void print_row(std::string const& name, quality const (&sums)[2], double count) {
    std::printf("| %s |", name.c_str());
    auto const pair = [&](double quality::*member, double factor, char const* format) {
        for (quality const& sum : sums)
            std::printf(format, factor * sum.*member / count);
    };
    pair(&quality::repeatability, 100.0, " %.1f |");
    pair(&quality::correct_share, 100.0, " %.1f |");
    pair(&quality::correct, 1.0, " %.0f |");
    std::printf("\n");
    std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) {
        std::fprintf(stderr, "usage: sift_quality FOLDER...\n");
        return 2;
    }
    constexpr std::size_t kinds = std::size(changes);
    quality by_change[kinds][2];
    std::vector<std::vector<quality>> by_folder;
    std::vector<double> images;
    double total = 0.0;
    for (int f = 1; f < argc; ++f) {
        std::vector<std::filesystem::path> files;
        for (auto const& entry : std::filesystem::directory_iterator(argv[f]))
            files.push_back(entry.path());
        std::ranges::sort(files);
        std::vector<quality> sums(2);
        double count = 0.0;
        for (auto const& file : files) {
            cv::Mat const source = cv::imread(file.string(), cv::IMREAD_GRAYSCALE);
            if (source.empty())
                continue;
            comir::feature_set const plain[2] = {find_comir(source), find_opencv(source)};
            if (std::min(plain[0].size(), plain[1].size()) < least_keypoints) {
                std::printf("left out: %s, %zu keypoints by comir, %zu by OpenCV\n", file.c_str(), plain[0].size(),
                            plain[1].size());
                continue;
            }
            ++count;
            for (std::size_t c = 0; c < kinds; ++c) {
                changed_image const changed = apply(changes[c], source, c);
                for (std::size_t who = 0; who < 2; ++who) {
                    auto const found = who == 0 ? find_comir(changed.pixels) : find_opencv(changed.pixels);
                    quality const q = judge(plain[who], found, source, changed, changes[c].zoom);
                    by_change[c][who].add(q);
                    sums[who].add(q);
                }
            }
        }
        total += count;
        images.push_back(count);
        by_folder.push_back(sums);
    }
    std::printf("%.0f images, OpenCV %s, per cent and numbers a pair of images\n\n", total, CV_VERSION);
    std::printf("| change | repeatability comir | OpenCV | correct matches comir | OpenCV | number comir | OpenCV |\n");
    std::printf("|---|---|---|---|---|---|---|\n");
    quality all[2];
    for (std::size_t c = 0; c < kinds; ++c) {
        print_row(changes[c].name, by_change[c], total);
        for (std::size_t who = 0; who < 2; ++who)
            all[who].add(by_change[c][who]);
    }
    print_row("all", all, total * static_cast<double>(kinds));
    std::printf("\n");
    for (std::size_t f = 0; f < by_folder.size(); ++f) {
        quality const sums[2] = {by_folder[f][0], by_folder[f][1]};
        std::filesystem::path const folder = std::filesystem::path(argv[f + 1]).lexically_normal();
        print_row(folder.has_filename() ? folder.filename().string() : folder.parent_path().filename().string(), sums,
                  images[f] * static_cast<double>(kinds));
    }
    return 0;
}
