#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

// What the subcommands were asked for, and the functions that do it. Neither CLI11 nor the library's headers are
// included here: files that read the command line do not compile the library, and those that work do not compile CLI11.

/// Options that several subcommands take.
struct run_options {
    int threads = 0;
    std::uint64_t seed = 1;
};

/// A registration method and the options of single methods.
struct method_settings {
    std::string name = "auto";
    std::string transform = "auto", fixed_mask, moving_mask;
    // alpha_amd
    std::vector<double> starts{0.0, -11.459, 11.459, -22.918, 22.918};  // degrees
    int alpha_levels = 7;
    std::size_t samples = 0;  // 0: those of each resolution
    // auto, global and global_mi
    double angle = 0.0, max_angle = 180.0;  // degrees
    std::vector<double> max_shift;          // px: none, both, or x and y
    std::vector<double> scale;              // from and to; none: the method's own
    double min_overlap = 0.0;               // 0: the method's own
    std::string mirror = "auto";
    // sift
    std::string matches;
};

/// What of the images does not count, beside what masks say.
struct masking_settings {
    std::string borders = "auto";     // or "keep"
    std::vector<std::string> nodata;  // numbers, nan or none: none given, one for both images, or fixed and moving
    std::vector<std::size_t> page;    // of TIFF files: none is the first, one for both images, or fixed and moving
};

struct register_settings {
    std::string model, fixed, moving, fixed_modality, moving_modality, out_transform, out_image, overlay;
    std::string initial, landmarks, landmarks_as = "start";  // or "transform"
    std::string fill;         // a number; empty: that for no data, nan where the image has such, or 0
    double resolution = 0.0;  // micrometres that slides are followed down to; 0: their pixels
    bool average_turns = false;
    bool may_bend = false;  // what is done with the result takes bends
    method_settings method{};
    masking_settings masking{};
    run_options run{};
};

/// Many registrations, whose results are kept in a folder.
struct batch_settings {
    register_settings each{};                // of all pairs alike
    std::string pairs, out;                  // list and folder
    std::vector<std::string> movings;        // images to be registered to one fixed image, instead of a list
    bool chain = false;                      // each of them to the one before it
    std::string transforms = "tfm", warped;  // formats; no images without one
    bool overlays = false;
};

struct evaluate_settings {
    std::string pairs, model, out, json, plot, pictures;
    std::vector<double> within{0.5, 1.0, 2.0};  // percent of the diagonal, of lists with landmarks
    std::size_t limit = 0;
    bool average_turns = false;
    method_settings method{};
    masking_settings masking{};
    run_options run{};
};

/// default_train_settings() has those of the library's recipe; zeros here are to be filled in.
struct train_settings {
    std::string a, b, out, pictures, name_a, name_b, validation_a, validation_b, network, pooling, critic = "mse";
    std::string pixels;                              // fingerprint of the images that are trained on
    std::string goes_on_by = "go on with --resume";  // what to do after a stop
    std::size_t channels = 1, steps = 0, batch = 0, patch = 0, hold_out = 0, checkpoint_every = 50;
    std::size_t grid = 0;  // 0: as the recipe has for the patch
    double temperature = 0.0, learning_rate = 0.0, decay = 0.0, blur = 0.0, invert_contrast = 0.0, local_contrast = 0.0,
           part = 1.0;
    double canonical_weight = -1;  // below 0: the recipe's, none with invert_contrast
    std::uint64_t network_seed = 1;
    std::string equivariance;  // empty: of the network where its shape can, else of the loss
    bool log_a = false, log_b = false, recompute = false, resume = false;
    run_options run{};
};

struct encode_settings {
    std::string model, modality, out, format = "tif";
    std::vector<std::string> images;
    bool average_turns = false;
    run_options run{};
};

/// At what size a transform was found, where its images were smaller copies of those that it is applied to.
struct found_on_settings {
    std::string fixed, moving;  // the smaller images
    std::vector<double> scale;  // or how many pixels of the images one of theirs is wide: none, both, or each
};

/// How a pyramid is written; what is empty or 0 was not given.
struct pyramid_settings {
    std::string compression, pyramid, layout;
    int quality = 0;

    bool given() const { return !compression.empty() || !pyramid.empty() || !layout.empty() || quality > 0; }
};

struct warp_settings {
    std::string transform, moving, fixed, out, interpolation = "linear", canvas = "fixed";  // or "union"
    std::string nodata, fill;        // numbers; empty: the file's for no data; that for no data, or 0
    std::vector<std::size_t> pages;  // none: all
    std::size_t fixed_page = 0;
    found_on_settings found_on{};
    pyramid_settings pyramid{};
    run_options run{};
};

struct points_settings {
    std::string transform, points, out, fixed, moving, units = "px";  // or "length"
    bool inverse = false;
    found_on_settings found_on{};
};

struct make_pairs_settings {
    std::string a, b, out, a_modality, b_modality, region;
    std::size_t size = 0, count = 0;
    double max_angle = 0.0, max_shift = 0.0;
    run_options run{};
};

struct study_settings {
    std::string topic, test_a, test_b;
    train_settings train{};  // `out` is the study's folder
    std::vector<std::string> models, critics, methods{"auto", "alpha_amd", "sift"};
    std::vector<double> temperatures{0.125, 0.25, 0.5};
    std::vector<std::size_t> channels{1, 3};
    std::size_t runs = 3;
    std::size_t pairs = 40, size = 0;  // size 0: half the shorter side of the images
    double angle_step = 10.0;          // degrees
    bool average_turns = false;
};

struct index_settings {
    std::string model, modality, out;
    std::vector<std::string> images, remove, merge;
    std::size_t cache = 256;  // MB
    run_options run{};
};

struct find_settings {
    std::string index, query, modality, model, json, csv;
    std::size_t top = 10, verified = 30;
    run_options run{};
};

/// Raised at the end of work of which a part failed, which was told; the program then ends with this exit code.
struct incomplete {
    int exit_code;
};
/// Of many files or pairs some failed; none failed, but some results are in doubt.
inline constexpr int some_failed = 3, some_doubtful = 4;

/// Each does its subcommand's work. They report problems as comir::error, and raise interrupted where the user stopped
/// them.
void run_register(register_settings const& settings);
void run_register_slides(register_settings const& settings);
void run_batch(batch_settings const& settings);
void run_evaluate(evaluate_settings const& settings);
void run_train(train_settings const& settings);
void run_encode(encode_settings const& settings);
void run_info(std::string const& model);
void run_warp(warp_settings const& settings);
void run_warp_slide(warp_settings const& settings);
void run_points(points_settings const& settings);
void run_make_pairs(make_pairs_settings const& settings);
void run_study(study_settings const& settings);
void run_index(index_settings const& settings);
void run_find(find_settings const& settings);

/// What the library's comir_recipe() sets for every image.
train_settings default_train_settings();
/// What a recipe of the library sets: "comir" what the defaults are, "paper" the published settings.
void follow_recipe(train_settings& settings, std::string const& recipe);
make_pairs_settings default_make_pairs_settings();
/// The topics of studies.
inline constexpr char const* study_topics[] = {"equivariance", "stability", "critics", "channels"};
/// The names that the library knows of what a training can be given.
std::vector<std::string> known_recipes();
std::vector<std::string> known_networks();
std::vector<std::string> known_critics();
std::vector<std::string> known_poolings();

/// For example "0.1.0".
std::string version_number();
/// Those that the program was built for, for example "avx2".
std::string vector_instructions();
