#include <filesystem>
#include <memory>
#include <set>
#include <system_error>

#include <comir/io/image_file.hpp>
#include <comir/pipeline/model_preparation.hpp>

#include "cli.hpp"
#include "watch.hpp"

namespace fs = std::filesystem;

namespace {

struct settings {
    std::string model, modality, out, format = "tif";
    std::vector<std::string> images;
    run_options run{};
};

void run(settings const& s) {
    comir::model const model = comir::read_model(s.model);
    comir::any_encoder const& encoder = model.find(s.modality);
    check_output_folder("--out", s.out);
    std::set<fs::path> targets;
    for (std::string const& path : s.images)
        comir::require(targets.insert(fs::path(path).stem()).second, path,
                       ": another image has the same name, and both would be written to one file; encode them apart");
    std::error_code code;
    fs::create_directories(s.out, code);
    comir::require(!code, "--out: ", s.out, ": ", code.message());
    progress_line line("images");
    for (std::size_t i = 0; i < s.images.size(); ++i) {
        if (!line.show(i, s.images.size()))
            throw interrupted{};
        auto const representation =
            comir::encode_with(encoder, comir::read_image_float(s.images[i]), {.threads = s.run.threads});
        fs::path const target = fs::path(s.out) / (fs::path(s.images[i]).stem().string() + "." + s.format);
        if (s.format == "png")
            comir::write_image(target, comir::to_integer<std::uint8_t>(
                                           comir::to_unit(representation, comir::settings_of(encoder).range)));
        else
            comir::write_image(target, representation);
    }
}

}  // namespace

void add_encode(CLI::App& app) {
    auto const s = std::make_shared<settings>();
    CLI::App& command = *app.add_subcommand("encode", "Write the representations (CoMIRs) of images of one modality.");
    command.add_option("--model", s->model, "trained model (.safetensors)")->required();
    command.add_option("--modality", s->modality, "modality of the images, as the model names it")->required();
    command.add_option("images", s->images, "images (PNG, TIFF)")->required();
    command.add_option("--out", s->out, "folder for the representations, made if missing")->required();
    command
        .add_option("--format", s->format,
                    "tif: float values as the network gives them; png: 8 bit through the model's one range")
        ->check(CLI::IsMember({"tif", "png"}))
        ->capture_default_str();
    add_threads(command, s->run);
    command.callback([s] { run(*s); });
}
