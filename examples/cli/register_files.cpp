#include <string>

#include <comir/core/error.hpp>

#include "options.hpp"

void add_register_files(CLI::App& command, batch_settings& b) {
    register_settings& r = b.each;
    command.add_option("--fixed", r.fixed, "image that stays as it is (PNG, TIFF)");
    command.add_option("--moving", b.movings,
                       "image to be brought onto the fixed one (PNG, TIFF); several, after one another, need --out");
    command.add_option("--fixed-modality", r.fixed_modality, "its modality; default: its folder's name");
    command.add_option("--moving-modality", r.moving_modality, "its modality; default: its folder's name");
    command.add_option("--model", r.model, "trained model (.safetensors); without it the raw images are registered");
    add_average_turns(command, r.average_turns);
    command.add_option("--initial", r.initial,
                       "saved transform to start from: ITK (.tfm), elastix (.txt) or .json; auto keeps to it where the "
                       "images agree near it and else searches, and says which; alpha_amd and mi begin there");
    command.add_option("--landmarks", r.landmarks,
                       "points of both images (.csv) with the columns fixed_x, fixed_y, moving_x and moving_y, px; "
                       "what lies off each of them is told");
    command
        .add_option(
            "--landmarks-as", r.landmarks_as,
            "start: as --initial, what fits them best\ntransform: what fits them best is the result, and the "
            "images are not looked at\nthe kind is that of --transform, a similarity for auto; it is mirrored if "
            "three or more landmarks say so")
        ->check(CLI::IsMember({"start", "transform"}))
        ->capture_default_str();
    command.add_option(
        "--pairs", b.pairs,
        "list of many pairs (.csv): the columns fixed and moving, and if you like pair (a name), fixed_modality, "
        "moving_modality, fixed_mask, moving_mask, initial and landmarks; file names are beside the list");
    command.add_option(
        "--out", b.out,
        "folder for the results of many pairs, made if missing: table.csv, transforms/ and what else is asked for, "
        "rows/ with a record for each pair, and doubtful/ with the same of those that are not to be trusted. The same "
        "command again does only what is missing or has changed. Exit codes: 0 all accepted, 3 some failed, 4 none "
        "failed, some are doubtful");
    command.add_option("--transforms", b.transforms, "format of the transforms in --out: as --out-transform")
        ->check(CLI::IsMember({"tfm", "txt", "json"}))
        ->capture_default_str();
    command
        .add_option("--warped", b.warped, "write the moving images on the fixed images' grids to --out, as png or tif")
        ->check(CLI::IsMember({"png", "tif"}));
    command.add_flag("--overlays", b.overlays, "write checkerboards of both images to --out");
    command.add_flag("--chain", b.chain,
                     "register each of several moving images to the one before it, the first to the fixed image, such "
                     "as serial sections; all are brought to the fixed image by what is found");
}

void check_register_files(batch_settings const& b) {
    register_settings const& r = b.each;
    bool const list = !b.pairs.empty(), many = list || b.movings.size() > 1 || !b.out.empty();
    comir::require(list || (!r.fixed.empty() && !b.movings.empty()),
                   "give --fixed and --moving, or a list of pairs by --pairs");
    comir::require(!list || (r.fixed.empty() && b.movings.empty()),
                   "--pairs: the list names the images; leave out --fixed and --moving");
    comir::require(!many || !b.out.empty(), list ? "--pairs" : "--moving",
                   ": the results of many pairs go to a folder; give it by --out");
    comir::require(r.initial.empty() || r.landmarks.empty(),
                   "--initial and --landmarks both say where to start; give one");
    comir::require(!b.chain || b.movings.size() > 1,
                   "--chain: this is for several moving images; give them by --moving");
    auto const needs = [&](bool given, bool wanted_many, char const* option) {
        comir::require(
            !given || many == wanted_many, option,
            wanted_many ? ": this option is for results in a folder; give it by --out"
                        : ": this option is of a single pair; for many see --out, --transforms, --warped, --overlays "
                          "and the columns of --pairs");
    };
    needs(!r.out_transform.empty(), false, "--out-transform");
    needs(!r.out_image.empty(), false, "--out-image");
    needs(!r.overlay.empty(), false, "--overlay");
    needs(!r.method.matches.empty(), false, "--matches");
    needs(!r.method.moving_mask.empty(), false, "--moving-mask");
    needs(!r.method.fixed_mask.empty() && list, false, "--fixed-mask");
    needs(!r.initial.empty(), false, "--initial");
    needs(!r.landmarks.empty(), false, "--landmarks");
    needs(!b.warped.empty(), true, "--warped");
    needs(b.overlays, true, "--overlays");
}
