#include "command_line.hpp"

#include <algorithm>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include <comir/registration/methods/names.hpp>

#include "former_names.hpp"
#include "numbers.hpp"
#include "options.hpp"

namespace {

/// What every training is given: its pairs, and all that makes its model what it is.
void add_training(CLI::App& command, train_settings& s) {
    command.add_option("--a", s.a, "folder of the first modality")->required();
    command.add_option("--b", s.b, "folder of the second modality")->required();
    command.add_option("--name-a", s.name_a, "name of the first modality; default: its folder's name");
    command.add_option("--name-b", s.name_b, "name of the second modality; default: its folder's name");
    // First: options that are given as well have the last word.
    command
        .add_option_function<std::string>(
            "--recipe", [&s](std::string const& recipe) { follow_recipe(s, recipe); },
            "settings to begin with: comir, chosen on held-out pairs, or paper, the published ones: paper network, 736 "
            "steps of 32 whole patches of 128 px, no canonical signal")
        ->check(CLI::IsMember(known_recipes()))
        ->default_str("comir");
    command.add_option("--network", s.network, "shape of both networks")
        ->check(CLI::IsMember(known_networks()))
        ->capture_default_str();
    command.add_option("--pooling", s.pooling, "how the network halves its resolution")
        ->check(CLI::IsMember(known_poolings()))
        ->capture_default_str();
    command.add_option("--channels", s.channels, "channels of the representation")
        ->check(CLI::Range(1, 64))
        ->capture_default_str();
    command.add_option("--critic", s.critic, "how representations are compared")
        ->check(CLI::IsMember(known_critics()))
        ->capture_default_str();
    command.add_option("--steps", s.steps, "training steps")->check(above_zero())->capture_default_str();
    command.add_option("--batch", s.batch, "patches of each modality a step")->capture_default_str();
    command
        .add_option("--patch", s.patch, "rows and columns of a patch, px; default: 112, less for images below 144 px")
        ->check(above_zero());
    command
        .add_option("--grid", s.grid,
                    "cells along each side of a patch, each compared with all others; default: as many as are 16 px "
                    "wide or wider")
        ->check(above_zero());
    command.add_option("--temperature", s.temperature, "of the contrastive loss")->capture_default_str();
    command.add_option("--learning-rate", s.learning_rate, "its peak")->capture_default_str();
    command
        .add_option("--activation-decay", s.decay,
                    "weight of the representations' mean square in the loss; small for tasks that are hard to begin")
        ->check(zero_or_above())
        ->capture_default_str();
    command
        .add_option(
            "--canonical-signal", s.canonical_weight,
            "pull towards what both modalities show alike at first sight, so that models of all seeds look "
            "alike: its weight at first, a tenth from a third of the steps on; default: 3, with --invert-contrast 0")
        ->check(zero_or_above());
    command.add_option("--blur", s.blur, "share of patches that are blurred, 0 to 1")->capture_default_str();
    command.add_option("--invert-contrast", s.invert_contrast, "share of patches whose contrast is inverted, 0 to 1")
        ->capture_default_str();
    command
        .add_option("--local-contrast", s.local_contrast,
                    "normalise the contrast around each pixel first, within this sigma in px; 0: not")
        ->check(zero_or_above())
        ->capture_default_str();
    command.add_option("--part", s.part, "train on this share of each image's width from the left, 0 to 1")
        ->check(CLI::Range(0.01, 1.0))
        ->capture_default_str();
    command.add_flag("--log-a", s.log_a, "take log(1 + x) of the first modality");
    command.add_flag("--log-b", s.log_b, "take log(1 + x) of the second modality");
    command
        .add_option("--equivariance", s.equivariance,
                    "what makes representations turn with their images\nnetwork: filters are quarter turns of each "
                    "other (group convolutions)\nloss: patches are turned in training, as in the paper\nnone: "
                    "nothing\ndefault: network; loss with --network paper, whose channels do not come in fours")
        ->check(CLI::IsMember({"network", "loss", "none"}));
    command.add_flag("--recompute", s.recompute,
                     "hold what one network computed at a time, and compute it again where it is needed: two thirds of "
                     "the memory for a sixth more work, the same model");
    command.add_option("--checkpoint-every", s.checkpoint_every, "steps between checkpoints")
        ->check(above_zero())
        ->capture_default_str();
    command
        .add_option("--network-seed", s.network_seed,
                    "seed of the networks before the first step; models of the same one represent alike")
        ->capture_default_str();
    add_threads(command, s.run);
    add_seed(command, s.run);
}

void add_train(CLI::App& app) {
    auto const s = std::make_shared<train_settings>(default_train_settings());
    CLI::App& command = *app.add_subcommand(
        "train", "Train one encoder per modality on aligned pairs: two folders with the same file names.");
    command.add_option("--out", s->out, "file for the model (.safetensors)")->required();
    command.add_option("--pictures", s->pictures,
                       "folder for a picture of an image pair and its representations at every checkpoint");
    command.add_option("--validation-a", s->validation_a, "folder of pairs that are not trained on");
    command.add_option("--validation-b", s->validation_b, "its second modality");
    command
        .add_option(
            "--hold-out", s->hold_out,
            "keep the last pairs by name for validation: their number; at the end they tell how well images register")
        ->capture_default_str();
    add_training(command, *s);
    command.add_flag("--resume", s->resume, "go on from OUT.checkpoint, with the same options");
    command.callback([s] { run_train(*s); });
}

void add_study(CLI::App& app) {
    auto const s = std::make_shared<study_settings>();
    s->train = default_train_settings();
    CLI::App& command = *app.add_subcommand(
        "study",
        "Train models and compare them on pairs that they have not seen: a table on the terminal, tables (.csv) and "
        "a picture (.png, by gnuplot) in a folder. Models are kept there and used again by studies with the same "
        "settings, so that a study that was stopped goes on.");
    command
        .add_option(
            "topic", s->topic,
            "equivariance: whether representations turn with the images, by turned filters, by turned patches and "
            "without quarter turns\nstability: runs with other seeds, networks to begin with, images and temperatures "
            "correlated\ncritics: trained "
            "alike with each critic\nchannels: representations of one channel and of several")
        ->required()
        ->check(CLI::IsMember(std::vector<std::string>(std::begin(study_topics), std::end(study_topics))));
    command.add_option("--out", s->train.out, "folder for tables, pictures and models, made if missing")->required();
    command.add_option("--hold-out", s->train.hold_out,
                       "keep the last pairs by name from training, to compare on: their number; default: a quarter");
    command.add_option("--test-a", s->test_a, "folder of pairs to compare on, instead of --hold-out");
    command.add_option("--test-b", s->test_b, "its second modality");
    add_training(command, s->train);
    std::vector<std::string> methods;
    for (comir::method_name const& known : comir::method_names)
        methods.emplace_back(known.name);
    command.add_option("--methods", s->methods, "registration methods whose success is compared")
        ->delimiter(',')
        ->check(CLI::IsMember(methods))
        ->capture_default_str();
    command.add_option("--count", s->pairs, "pairs to register, made of the pairs that are kept")
        ->check(above_zero())
        ->capture_default_str();
    command.add_option("--size", s->size, "their width and height in px; default: half of the images' shorter side");
    command.add_option("--angle-step", s->angle_step, "equivariance: degrees between angles")
        ->check(CLI::Range(0.1, 180.0))
        ->capture_default_str();
    command
        .add_option("--models", s->models,
                    "equivariance and stability: compare these models (.safetensors) instead of training")
        ->delimiter(',');
    command.add_option("--runs", s->runs, "stability: runs that differ in each of the seeds")
        ->check(CLI::Range(1, 100))
        ->capture_default_str();
    command.add_option("--temperatures", s->temperatures, "stability: temperatures of the loss")
        ->delimiter(',')
        ->check(above_zero())
        ->capture_default_str();
    command.add_option("--critics", s->critics, "critics: those to compare; default: all")
        ->delimiter(',')
        ->check(CLI::IsMember(known_critics()));
    command.add_option("--channel-counts", s->channels, "channels: their numbers")
        ->delimiter(',')
        ->check(CLI::Range(1, 64))
        ->capture_default_str();
    add_average_turns(command, s->average_turns);
    command.callback([s] { run_study(*s); });
}

void add_encode(CLI::App& app) {
    auto const s = std::make_shared<encode_settings>();
    CLI::App& command = *app.add_subcommand("encode",
                                            "Write the representations (CoMIRs) of images of one modality. Where some "
                                            "of several images fail, the others are written and the exit code is 3.");
    command.add_option("--model", s->model, "trained model (.safetensors)")->required();
    command.add_option("--modality", s->modality, "modality of the images, as the model names it")->required();
    command.add_option("images", s->images, "images (PNG, TIFF)")->required();
    command.add_option("--out", s->out, "folder for the representations, made if missing")->required();
    command
        .add_option("--format", s->format,
                    "tif: float values as the network gives them; png: 8 bit through the model's one range")
        ->check(CLI::IsMember({"tif", "png"}))
        ->capture_default_str();
    add_average_turns(command, s->average_turns);
    add_threads(command, s->run);
    command.callback([s] { run_encode(*s); });
}

void add_info(CLI::App& app) {
    auto const path = std::make_shared<std::string>();
    CLI::App& command = *app.add_subcommand("info", "Show what a model file holds.");
    command.add_option("model", *path, "trained model (.safetensors)")->required();
    command.callback([path] { run_info(*path); });
}

/// One of the names; former ones work and are not shown.
CLI::Validator choice_with_former(std::vector<std::string> const& names, std::vector<std::string> const& former) {
    std::string shown;
    for (std::string const& name : names)
        shown += (shown.empty() ? "{" : ",") + name;
    shown += "}";
    return CLI::Validator(
        [=](std::string& text) {
            bool const known = std::find(names.begin(), names.end(), text) != names.end() ||
                               std::find(former.begin(), former.end(), text) != former.end();
            return known ? std::string() : text + " not in " + shown;
        },
        shown);
}

constexpr char const* transform_files =
    "saved transform: ITK (.tfm), elastix (.txt, with the files that it names), ANTs (.mat), a displacement field "
    "(.mha, .nrrd) or .json";

/// For transforms that were found on smaller copies of the images.
void add_found_on(CLI::App& command, found_on_settings& s) {
    command.add_option("--found-fixed", s.fixed,
                       "the smaller copy of the fixed image that the transform was found on: both have the same edges, "
                       "so that no half pixel is lost");
    command.add_option("--found-moving", s.moving, "likewise of the moving image");
    command
        .add_option("--found-scale", s.scale,
                    "instead of these: how many pixels of the images one of their copies is wide, such as 4 for "
                    "quarter size; one number, or FIXED,MOVING")
        ->delimiter(',')
        ->expected(1, 2)
        ->check(above_zero());
}

/// How pyramids are written: to .ome.tif, and of slides.
void add_pyramid(CLI::App& command, pyramid_settings& s) {
    command
        .add_option("--compression", s.compression,
                    "pyramids (.ome.tif, and any .tif of slides): deflate, zstd (faster, but not read by all "
                    "programs), jpeg (8 bits of one channel or RGB, with loss) or none; default: deflate")
        ->check(CLI::IsMember({"deflate", "zstd", "jpeg", "none"}));
    command.add_option("--quality", s.quality, "pyramids: quality of jpeg, 1 to 100; default: 85")
        ->check(CLI::Range(1, 100));
    command
        .add_option("--pyramid", s.pyramid,
                    "pyramids: where the smaller levels stand: subifd (QuPath, Bio-Formats, browsers' viewers), pages "
                    "(OpenSlide) or none; default: subifd")
        ->check(CLI::IsMember({"subifd", "pages", "none"}));
    command.add_option("--layout", s.layout, "pyramids: tiles, or strips, which ITK and elastix need; default: tiles")
        ->check(CLI::IsMember({"tiles", "strips"}));
}

void add_warp(CLI::App& app) {
    auto const s = std::make_shared<warp_settings>();
    CLI::App& command = *app.add_subcommand(
        "warp", "Bring an image onto the fixed image's grid by a saved transform, with its own depth and channels.");
    command.add_option("--transform", s->transform, transform_files)->required();
    command.add_option("--moving", s->moving, "image to be warped (PNG, TIFF)")->required();
    command.add_option("--fixed", s->fixed, "image whose grid is taken (PNG, TIFF), with its place on the earth")
        ->required();
    command.add_option("--out", s->out, "file for the warped image (.png, .tif)")->required();
    command
        .add_option("--page", s->pages,
                    "pages of the moving image, counted from 0, such as 1 or 0,2; default: all that have the size of "
                    "the first, the first for .png")
        ->delimiter(',');
    command.add_option("--fixed-page", s->fixed_page, "page of the fixed image")->capture_default_str();
    command
        .add_option("--interpolation", s->interpolation,
                    "nearest (for label images: values and their type stay), linear or cubic")
        ->check(CLI::IsMember({"nearest", "linear", "cubic"}))
        ->capture_default_str();
    command.add_option("--nodata", s->nodata,
                       "value of the moving image's pixels that hold no data, as stored: a number, nan, or none; they "
                       "are mixed into no other pixel; default: what the tag GDAL_NODATA of a TIFF file says. TIFF "
                       "output has the tag");
    add_fill(command, s->fill);
    command
        .add_option_function<std::string>(
            "--canvas", [s](std::string const& canvas) { s->canvas = canvas == "both" ? "union" : canvas; },
            "fixed: the fixed image's grid\nunion: its pixels go on until all of the moving image fits; where the "
            "image then begins is told, and stands in the file")
        ->check(choice_with_former({"fixed", "union"}, {"both"}))
        ->default_str("fixed");
    add_found_on(command, s->found_on);
    add_pyramid(command, s->pyramid);
    add_threads(command, s->run);
    command.callback([s] { run_warp(*s); });
}

void add_points(CLI::App& app) {
    auto const s = std::make_shared<points_settings>();
    CLI::App& command = *app.add_subcommand(
        "points",
        "Map points by a saved transform, from the fixed image's pixels to the moving image's. Other columns stay.");
    command.add_option("--transform", s->transform, transform_files)->required();
    command.add_option("--points", s->points, "table with the columns x and y (.csv)")->required();
    command.add_option("--out", s->out, "file for the table with the mapped points (.csv)")->required();
    command.add_flag("--inverse", s->inverse,
                     "map from the moving image to the fixed one; where the transform bends, the column error_px says "
                     "how near the points are");
    command
        .add_option("--units", s->units,
                    "px: points are in pixels, the first one's centre is 0,0\nlength: in the images' length unit")
        ->check(CLI::IsMember({"px", "length"}))
        ->capture_default_str();
    command.add_option(
        "--fixed", s->fixed,
        "fixed image; needed where its file states a pixel size and the transform is ITK's, elastix's or ANTs'");
    command.add_option("--moving", s->moving, "moving image, likewise");
    add_found_on(command, s->found_on);
    command.callback([s] { run_points(*s); });
}

void add_make_pairs(CLI::App& app) {
    auto const s = std::make_shared<make_pairs_settings>(default_make_pairs_settings());
    CLI::App& command = *app.add_subcommand(
        "make-pairs", "Make pairs with known displacements from aligned images, to measure registration on.");
    command.add_option("--a", s->a, "folder of the images of one modality (PNG, TIFF)")->required();
    command.add_option("--b", s->b, "folder of the other modality's images: the same file names, aligned")->required();
    command.add_option("--out", s->out, "folder for the images and pairs.csv, made if missing")->required();
    command.add_option("--a-modality", s->a_modality, "name of a's modality; default: the folder's name");
    command.add_option("--b-modality", s->b_modality, "name of b's modality; default: the folder's name");
    command.add_option("--size", s->size, "width and height of the images, in pixels")->capture_default_str();
    command.add_option("--count", s->count, "number of pairs, over all images and both directions")
        ->capture_default_str();
    command.add_option("--max-angle", s->max_angle, "largest angle to either side, in degrees")->capture_default_str();
    command.add_option("--max-shift", s->max_shift, "largest shift in x and in y, as a share of the size")
        ->capture_default_str();
    command.add_option("--region", s->region,
                       "part of the images to use: x,y,w,h in pixels, or as shares of width and height if none is "
                       "above 1, such as 0,0.5,1,0.5 for the lower half; default: all");
    add_seed(command, s->run);
    command.callback([s] { run_make_pairs(*s); });
}

}  // namespace

void add_threads(CLI::App& command, run_options& options) {
    command
        .add_option("--threads", options.threads,
                    "number of threads, 0 for all processors; results do not depend on it")
        ->check(CLI::Range(0, 4096))
        ->capture_default_str();
}

void add_fill(CLI::App& command, std::string& fill) {
    command.add_option("--fill", fill,
                       "what warped pixels are that the moving image does not show: a value as stored, white, or edge "
                       "for its nearest pixel; default: its value for no data, nan where it has such values, or 0; "
                       "where it has alpha, that is 0");
}

void add_seed(CLI::App& command, run_options& options) {
    command.add_option("--seed", options.seed, "seed of the random numbers")->capture_default_str();
}

void add_average_turns(CLI::App& command, bool& average_turns) {
    command.add_flag("--average-turns", average_turns,
                     "represent by the mean over the image's four quarter turns; four times the work");
}

int run_command_line(int count, char** arguments) {
    CLI::App app("Registers images of different modalities.", "comir");
    app.set_version_flag("--version", "comir " + version_number() + " (" + vector_instructions() + ")",
                         "print the version and the vector instructions in use");
    app.require_subcommand(1);
    app.failure_message([](CLI::App const*, CLI::Error const& usage) {
        return "comir: " + std::string(usage.what()) + "; run with --help for more information\n";
    });
    add_train(app);
    add_encode(app);
    add_info(app);
    add_register(app);
    add_evaluate(app);
    add_warp(app);
    add_points(app);
    add_make_pairs(app);
    add_study(app);
    add_index(app);
    add_find(app);
    for (CLI::App* command : app.get_subcommands({}))
        check_numbers(*command);
    std::vector<std::string> const words = with_present_names(count, arguments);
    std::vector<char const*> pointers;
    for (std::string const& word : words)
        pointers.push_back(word.c_str());
    try {
        app.parse(count, pointers.data());
    } catch (CLI::ParseError const& usage) {
        return app.exit(usage);
    }
    return 0;
}
