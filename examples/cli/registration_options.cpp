#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <comir/core/error.hpp>
#include <comir/registration/methods/names.hpp>

#include "numbers.hpp"
#include "options.hpp"

namespace {

/// An option of single methods.
struct method_option {
    CLI::Option* option;
    std::vector<std::string> methods;
};

method_settings const& method_of(evaluate_settings const& s) {
    return s.method;
}
method_settings const& method_of(batch_settings const& s) {
    return s.each.method;
}

/// The settings of a subcommand that registers, and what its command line must keep to.
template <class Settings>
struct registration_command {
    Settings settings{};
    std::vector<method_option> method_options{};

    void check() const {
        for (auto const& [option, methods] : method_options) {
            std::string known;
            for (std::string const& name : methods)
                known += (known.empty() ? "" : ", ") + name;
            std::string const& given = method_of(settings).name;
            bool const fits = std::find(methods.begin(), methods.end(), given) != methods.end();
            comir::require(fits || option->count() == 0, option->get_name(), ": this option is of the method",
                           methods.size() > 1 ? "s " : " ", known, ", the method given is ", given);
        }
    }
};

std::vector<method_option> add_method(CLI::App& command, method_settings& s) {
    std::vector<std::string> names;
    std::string text = "registration method";
    for (auto const& [name, purpose] : comir::method_names) {
        names.emplace_back(name);
        text += std::string("\n") + name + ": " + purpose;
    }
    command.add_option("--method", s.name, text)->check(CLI::IsMember(names))->capture_default_str();
    command
        .add_option("--transform", s.transform,
                    "kind of transform: auto is what the images support for the method auto, rigid for the others; "
                    "deformable (register, method auto) bends smoothly where the images support it a little")
        ->check(CLI::IsMember({"auto", "translation", "rigid", "similarity", "affine", "deformable"}))
        ->capture_default_str();

    std::vector<std::string> const searches{"auto", "global", "global_mi"}, amd{"alpha_amd"};
    return {
        {command
             .add_option("--max-angle", s.max_angle,
                         "auto, global, global_mi: largest angle to either side of --angle, in degrees")
             ->check(CLI::Range(0.0, 180.0))
             ->capture_default_str(),
         searches},
        {command
             .add_option("--angle", s.angle,
                         "auto, global, global_mi: middle of the angles searched, in degrees from fixed to moving")
             ->check(CLI::Range(-360.0, 360.0))
             ->capture_default_str(),
         searches},
        {command
             .add_option("--max-shift", s.max_shift,
                         "auto, global, global_mi: largest shift between the images' centres in pixels along the axes "
                         "of the larger image, one number or X,Y; default: any")
             ->delimiter(',')
             ->expected(1, 2)
             ->check(above_zero()),
         searches},
        {command
             .add_option(
                 "--scale", s.scale,
                 "auto, global, global_mi: pixels of the moving image that one of the fixed image measures, one "
                 "number or LOW,HIGH; default of auto: what the files' pixel sizes say to 8 %, without them 1 "
                 "to 10 % and in doubt 0.4 to 2.5")
             ->delimiter(',')
             ->expected(1, 2)
             ->check(number_check("POSITIVE", "a scale from 0.01 to 100",
                                  [](double v) { return v >= 0.01 && v <= 100.0; })),
         searches},
        {command
             .add_option("--min-overlap", s.min_overlap,
                         "auto, global, global_mi: share of the smaller image that has to lie in the larger one, above "
                         "0 to 1; default: a quarter, three quarters of a small image in a large one")
             ->check(number_check("SHARE", "a share above 0, at most 1", [](double v) { return v > 0.0 && v <= 1.0; })),
         searches},
        {command
             .add_option(
                 "--mirror", s.mirror,
                 "auto: whether the moving image may be mirrored, such as a slide that was turned over: no, yes, "
                 "or auto, where nothing else fits")
             ->check(CLI::IsMember({"auto", "yes", "no"}))
             ->capture_default_str(),
         {"auto"}},
        {command
             .add_option("--starts", s.starts, "alpha_amd: angles to start from in degrees, as in --starts=-20,0,20")
             ->delimiter(',')
             ->capture_default_str(),
         amd},
        {command.add_option("--alpha-levels", s.alpha_levels, "alpha_amd: number of alpha cuts, 1 to 250")
             ->check(CLI::Range(1, 250))
             ->capture_default_str(),
         amd},
        {command.add_option("--samples", s.samples,
                            "alpha_amd: points of each image in an iteration; default: 128 at the coarsest resolution "
                            "to 2000 at the finest"),
         amd},
    };
}

/// The masks and the picture of matches, which concern one pair of images.
void add_pair_options(CLI::App& command, method_settings& s, std::vector<method_option>& options) {
    command.add_option("--fixed-mask", s.fixed_mask,
                       "image of the fixed one's size; pixels that are 0 in it are left out of the registration");
    command.add_option("--moving-mask", s.moving_mask, "likewise of the moving one");
    options.push_back(
        {command.add_option("--matches", s.matches,
                            "sift: file for a picture of the matched keypoints of both images: those that "
                            "agree with the transform green, the others red (.png)"),
         {"sift"}});
}

/// What of the images does not count; `both`: whether a list's images take turns as fixed and moving.
void add_masking(CLI::App& command, masking_settings& s, bool both) {
    command
        .add_option("--page", s.page,
                    "page of TIFF files, counted from 0, such as a channel that both have; one number, or FIXED,MOVING")
        ->delimiter(',')
        ->expected(1, 2);
    command
        .add_option("--borders", s.borders,
                    "what to do with regions of one colour that were drawn around an image, such as black bands of "
                    "stitching or the canvas around a turned one\nauto: find them and leave them out, and say so; not "
                    "in an image with a mask of its own\nkeep: they count as all other pixels do")
        ->check(CLI::IsMember({"auto", "keep"}))
        ->capture_default_str();
    CLI::Option& nodata = *command.add_option(
        "--nodata", s.nodata,
        std::string("value of pixels that hold no data, as stored in the file: a number, nan, or none") +
            (both ? "" : "; one for both images, or FIXED,MOVING") +
            "; all channels must have it; default: what the tag GDAL_NODATA of a TIFF file says. Such pixels, "
            "transparent ones and those that are not finite are left out");
    if (both)
        nodata.expected(1);
    else
        nodata.delimiter(',')->expected(1, 2);
}

}  // namespace

void add_register(CLI::App& app) {
    auto const s = std::make_shared<registration_command<batch_settings>>();
    batch_settings& b = s->settings;
    register_settings& r = b.each;
    CLI::App& command = *app.add_subcommand(
        "register",
        "Find the rotation and shift, or another transform, between two images, or between those of each pair of a "
        "list. Transforms map pixels of the fixed image to the moving one.");
    add_register_files(command, b);
    s->method_options = add_method(command, r.method);
    add_pair_options(command, r.method, s->method_options);
    add_masking(command, r.masking, false);
    command.add_option("--out-transform", r.out_transform,
                       "file for the transform: ITK (.tfm), elastix (.txt), ANTs (.mat) or a displacement field (.mha, "
                       ".nrrd), in mm where TIFF files state a pixel size, or .json, in pixels");
    command.add_option("--out-image", r.out_image,
                       "file for the moving image on the fixed image's grid, with its own depth (.png, .tif)");
    add_fill(command, r.fill);
    command.add_option("--overlay", r.overlay, "file for a checkerboard of both images (.png)");
    command
        .add_option("--resolution", r.resolution,
                    "slides (pyramids, and images of more than 50 megapixels): micrometres that are enough; default: "
                    "the coarser image's pixels")
        ->check(above_zero());
    add_threads(command, r.run);
    add_seed(command, r.run);
    command.callback([s] {
        s->check();
        check_register_files(s->settings);
        if (!s->settings.out.empty())
            return run_batch(s->settings);
        s->settings.each.moving = s->settings.movings.front();
        run_register(s->settings.each);
    });
}

void add_evaluate(CLI::App& app) {
    auto const s = std::make_shared<registration_command<evaluate_settings>>();
    evaluate_settings& e = s->settings;
    CLI::App& command = *app.add_subcommand(
        "evaluate",
        "Register the pairs of a list and compare with the truth: the error is the mean distance of the moving image's "
        "corners in pixels, success an error within 1, 2 or 5% of its width, or 3 or 5 px. With a column 'landmarks', "
        "whose files (.csv) have the columns fixed_x, fixed_y, moving_x and moving_y, the error is that of the "
        "landmarks, "
        "in pixels of the moving image and relative to its diagonal. A registration that fails counts as if nothing "
        "had "
        "been moved; with pairs that could not be read the exit code is 3.");
    command
        .add_option(
            "--pairs", e.pairs,
            "pair list, as make-pairs writes it (pairs.csv); its columns fixed_mask and moving_mask, which it may "
            "lack, name images whose zeros are left out; with a column landmarks, fixed and moving are enough")
        ->required();
    command.add_option("--model", e.model, "trained model (.safetensors); without it the raw images are registered");
    add_average_turns(command, e.average_turns);
    s->method_options = add_method(command, e.method);
    add_masking(command, e.masking, true);
    command.add_option("--out", e.out, "file for the result of every pair (.csv)");
    command.add_option("--json", e.json, "file for the summary, overall and by direction (.json)");
    command.add_option("--plot", e.plot, "picture of success against tolerated error (.png); needs gnuplot");
    command.add_option("--pictures", e.pictures,
                       "folder for a picture of every pair: the images and what was registered, checkerboards of both "
                       "before and after");
    command
        .add_option("--within", e.within,
                    "landmarks: shares of the pairs whose median error is within these percents of the diagonal")
        ->delimiter(',')
        ->check(above_zero())
        ->capture_default_str();
    command.add_option("--limit", e.limit, "register only the first pairs, 0 for all")->capture_default_str();
    add_threads(command, e.run);
    add_seed(command, e.run);
    command.callback([s] {
        s->check();
        run_evaluate(s->settings);
    });
}
