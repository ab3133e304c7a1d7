#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <comir/core/clock.hpp>
#include <comir/dataset/folder_pairs.hpp>
#include <comir/image/convert.hpp>
#include <comir/io/archive_file.hpp>
#include <comir/retrieval/description.hpp>

#include "archives.hpp"
#include "commands.hpp"
#include "images.hpp"
#include "messages.hpp"
#include "outputs.hpp"
#include "preparations.hpp"
#include "watch.hpp"

// Archives of images that can be found: filled, and emptied again.

namespace fs = std::filesystem;

namespace {

/// The images of folders and those that are named, by their full paths, each once.
std::vector<std::string> files_of(std::vector<std::string> const& given) {
    std::set<std::string> files;
    std::error_code unknown;
    for (std::string const& path : given) {
        if (fs::is_directory(path, unknown))
            for (std::string const& name : comir::detail::image_names("comir::index", path))
                files.insert(full_path(fs::path(path) / name).string());
        else
            files.insert(full_path(path).string());
    }
    return {files.begin(), files.end()};
}

/// Fills one archive from files of one modality.
class indexer {
public:
    indexer(index_settings const& settings, comir::image_archive& archive)
        : s_(settings), archive_(archive), prepare_(settings.model, false, settings.run.threads) {
        if (!settings.images.empty())
            prepare_.of(settings.modality);  // one that the model does not know is no image's fault
        for (comir::archived_image const& known : archive.images())
            kept_ += known.representation.values().size();
    }

    enum class outcome { added, unchanged, known };

    outcome add(std::string const& path) {
        comir::archived_image added;
        added.content = fingerprint_of_file(path);
        added.modality = s_.modality;
        comir::archived_image const* const same = archive_.find(path);
        if (same && same->content == added.content && same->modality == added.modality)
            return outcome::unchanged;
        if (auto const* const twin = archive_.find_content(added.content, added.modality); twin && twin->path != path) {
            std::fprintf(stderr, "comir: %s: the same file as %s, which is in the archive already\n", path.c_str(),
                         twin->path.c_str());
            return outcome::known;
        }
        comir::image<float> const raw = load_float_image(path);
        comir::image<float> const values = prepare_.of(s_.modality, path)(raw);
        added.path = path;
        added.width = raw.width();
        added.height = raw.height();
        added.spacing = raw.spacing;
        added.description = comir::describe(values, s_.run.threads);
        std::size_t const before = same ? same->representation.values().size() : 0;
        if (kept_ - before + values.values().size() <= s_.cache * 1'000'000) {
            added.representation = comir::to_integer<std::uint8_t>(values);
            kept_ += values.values().size();
        }
        kept_ -= before;
        archive_.add(std::move(added));
        return outcome::added;
    }

private:
    index_settings const& s_;
    comir::image_archive& archive_;
    preparer prepare_;
    std::size_t kept_ = 0;  // bytes of representations
};

comir::image_archive open_archive(index_settings const& s) {
    std::error_code unknown;
    if (fs::exists(s.out, unknown)) {
        comir::image_archive archive = comir::read_archive(s.out);
        check_origin(s.out, archive, s.model);
        return archive;
    }
    return comir::image_archive(
        {fingerprint_of_file(s.model), full_path(s.model).string(), comir::description_settings()});
}

}  // namespace

void run_index(index_settings const& s) {
    check_output("--out", s.out, {".idx"});
    std::vector<fs::path> inputs{s.model};
    inputs.insert(inputs.end(), s.images.begin(), s.images.end());
    inputs.insert(inputs.end(), s.merge.begin(), s.merge.end());
    check_no_input("--out", s.out, inputs);
    comir::require(s.images.empty() || !s.modality.empty(), "--modality: it is needed for images to be added");
    std::vector<std::string> const files = files_of(s.images);
    comir::image_archive archive = open_archive(s);
    indexer index(s, archive);

    std::size_t removed = 0, added = 0, unchanged = 0, failed = 0;
    for (std::string const& path : s.remove) {
        // A file that is gone has its path still.
        bool const was_there = archive.remove(path) || archive.remove(full_path(path).string());
        comir::require(was_there, "--remove: ", path, " is not in the archive; nothing was changed");
        ++removed;
    }
    for (std::string const& path : s.merge) {
        comir::image_archive other = comir::read_archive(path);
        added += other.size();
        naming(path, [&] { archive.merge(std::move(other)); });
    }
    progress_line line("images");
    bool stopped = false;
    auto written = std::chrono::steady_clock::now();
    for (std::size_t i = 0; i < files.size() && !stopped; ++i) {
        stopped = !line.show(i, files.size());
        if (stopped)
            break;
        try {
            (index.add(files[i]) == indexer::outcome::added ? added : unchanged) += 1;
        } catch (comir::error const& problem) {
            line.clear();
            std::fprintf(stderr, "comir: %s\n", std::string(without_function(problem.what())).c_str());
            ++failed;
        }
        // What is done stays done if the program is killed.
        constexpr double seconds_between = 60.0;
        if (comir::detail::seconds_since(written) > seconds_between) {
            comir::write_archive(s.out, archive);
            written = std::chrono::steady_clock::now();
        }
    }
    line.clear();
    comir::write_archive(s.out, archive);
    std::printf("archive     %s: %zu images\nadded       %zu\nunchanged   %zu\nremoved     %zu\nfailed      %zu\n",
                s.out.c_str(), archive.size(), added, unchanged, removed, failed);
    if (stopped)
        throw interrupted{};
    if (failed > 0)
        throw incomplete{some_failed};
}
