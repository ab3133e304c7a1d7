#include <memory>

#include "numbers.hpp"
#include "options.hpp"

void add_index(CLI::App& app) {
    auto const s = std::make_shared<index_settings>();
    CLI::App& command = *app.add_subcommand(
        "index",
        "Add images of one modality to an archive, in which comir find looks for others. The same command again adds "
        "what is missing or has changed. Where some images fail, the others are added and the exit code is 3.");
    command.add_option("--model", s->model, "trained model (.safetensors)")->required();
    command.add_option("--modality", s->modality, "modality of the images, as the model names it");
    command.add_option("--out", s->out, "the archive (.idx); made if missing")->required();
    command.add_option("images", s->images, "images (PNG, TIFF), and folders of such");
    command.add_option("--remove", s->remove, "images to be taken out of the archive, by their paths")->delimiter(',');
    command.add_option("--merge", s->merge, "archives whose images are added, made with the same model")
        ->delimiter(',');
    command
        .add_option("--cache", s->cache,
                    "MB of representations that the archive keeps, a byte a pixel; images beyond are encoded again "
                    "for each query that they are compared with")
        ->capture_default_str();
    add_threads(command, s->run);
    command.callback([s] { run_index(*s); });
}

void add_find(CLI::App& app) {
    auto const s = std::make_shared<find_settings>();
    CLI::App& command = *app.add_subcommand("find",
                                            "Find the image of an archive, made by comir index, that shows what a "
                                            "query shows, and where in it. The verdict "
                                            "is 'found' or 'not in the archive'.");
    command.add_option("--index", s->index, "the archive (.idx)")->required();
    command.add_option("--query", s->query, "image to be found (PNG, TIFF)")->required();
    command.add_option("--modality", s->modality, "its modality, as the model names it")->required();
    command.add_option("--model", s->model,
                       "trained model (.safetensors); default: the file that the archive was made with");
    command.add_option("--top", s->top, "hits that are told, best first")->check(above_zero())->capture_default_str();
    command
        .add_option("--verify", s->verified,
                    "images that the query is registered to: those most alike by their features")
        ->check(above_zero())
        ->capture_default_str();
    command.add_option("--json", s->json, "file for the verdict and the hits (.json)");
    command.add_option("--csv", s->csv, "table of the hits (.csv)");
    add_threads(command, s->run);
    command.callback([s] { run_find(*s); });
}
