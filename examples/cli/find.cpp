#include <array>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <numbers>
#include <string>
#include <utility>

#include <comir/io/archive_file.hpp>
#include <comir/io/atomic_file.hpp>
#include <comir/io/csv_file.hpp>
#include <comir/io/json_file.hpp>
#include <comir/io/transforms/json_text.hpp>
#include <comir/retrieval/find.hpp>

#include "archives.hpp"
#include "commands.hpp"
#include "images.hpp"
#include "messages.hpp"
#include "outputs.hpp"
#include "preparations.hpp"

// Where a query lies in an archive of images.

namespace {

char const* verdict_of(comir::archive_answer const& answer) {
    return answer.found ? "found" : "not in the archive";
}

double degrees_of(comir::rigid2 const& t) {
    return std::atan2(t.linear()(1, 0), t.linear()(0, 0)) * 180.0 / std::numbers::pi;
}

void write_json_answer(find_settings const& s, comir::image_archive const& archive,
                       comir::archive_answer const& answer) {
    comir::json_value hits = comir::json_value::array(), unavailable = comir::json_value::array();
    for (comir::archive_hit const& hit : answer.hits) {
        comir::archived_image const& known = archive.images()[hit.image];
        comir::json_value line = {{"path", known.path},  {"modality", known.modality}, {"confidence", hit.confidence},
                                  {"score", hit.score},  {"overlap", hit.overlap},     {"likeness", hit.likeness},
                                  {"rank", hit.rank + 1}};
        line["transform"] = comir::detail::json_of(hit.transform);
        for (std::size_t i = 0; i < hit.corners.size(); ++i) {
            line["x" + std::to_string(i)] = hit.corners[i].x;
            line["y" + std::to_string(i)] = hit.corners[i].y;
        }
        hits.push_back(std::move(line));
    }
    for (std::size_t const i : answer.unavailable)
        unavailable.push_back(archive.images()[i].path);
    comir::write_json("comir::find", s.json,
                      {{"query", s.query},
                       {"verdict", verdict_of(answer)},
                       {"images", archive.size()},
                       {"hits", hits},
                       {"unavailable", unavailable}});
}

void write_csv_answer(find_settings const& s, comir::image_archive const& archive,
                      comir::archive_answer const& answer) {
    std::string text = "query,verdict,path,modality,confidence,score,overlap,angle_deg,x0,y0,x1,y1,x2,y2,x3,y3\n";
    for (comir::archive_hit const& hit : answer.hits) {
        comir::archived_image const& known = archive.images()[hit.image];
        for (std::string const& word : {s.query, std::string(verdict_of(answer)), known.path, known.modality})
            text += comir::csv_field(word) + ",";
        text += comir::csv_field(hit.confidence) + "," + comir::csv_field(hit.score) + "," +
                comir::csv_field(hit.overlap) + "," + comir::csv_field(degrees_of(hit.transform));
        for (comir::point2 const& corner : hit.corners)
            text += "," + comir::csv_field(corner.x) + "," + comir::csv_field(corner.y);
        text += '\n';
    }
    comir::write_file("comir::find", s.csv, text);
}

void print_answer(comir::image_archive const& archive, comir::archive_answer const& answer) {
    std::printf("verdict     %s\n", verdict_of(answer));
    for (comir::archive_hit const& hit : answer.hits) {
        comir::archived_image const& known = archive.images()[hit.image];
        std::printf("%s (%s): confidence %.2f, turned by %.1f degrees, corners", known.path.c_str(),
                    known.modality.c_str(), hit.confidence, degrees_of(hit.transform));
        for (comir::point2 const& corner : hit.corners)
            std::printf(" (%.1f, %.1f)", corner.x, corner.y);
        std::printf("\n");
    }
}

/// An image of the archive as it is compared. Without pixels, after a message, if its file is missing or has changed.
comir::image<float> representation_of(comir::archived_image const& known, preparer const& prepare) {
    try {
        comir::require(fingerprint_of_file(known.path) == known.content, known.path,
                       ": the file has changed since it was indexed; index it again");
        return prepare.of(known.modality, known.path)(load_float_image(known.path));
    } catch (comir::error const& problem) {
        std::fprintf(stderr, "comir: %s; it was left out\n", std::string(without_function(problem.what())).c_str());
        return {};
    }
}

/// Tells the user of images whose files state another pixel size than the query's: the query is not scaled.
void note_pixel_size(std::string const& path, comir::image<float> const& query, comir::image_archive const& archive) {
    auto const states = [](std::array<double, 2> const& spacing) { return spacing[0] != 1.0 || spacing[1] != 1.0; };
    std::size_t unlike = 0;
    for (comir::archived_image const& known : archive.images())
        unlike += states(query.spacing) && states(known.spacing) &&
                          std::abs(std::log(query.spacing[0] / known.spacing[0])) > std::log(1.03)
                      ? 1
                      : 0;
    if (unlike > 0)
        std::fprintf(stderr,
                     "comir: %s: its pixels have another size than those of %zu of %zu images of the archive, where it "
                     "will not be found; scale it to their pixel size first\n",
                     path.c_str(), unlike, archive.size());
}

}  // namespace

void run_find(find_settings const& s) {
    check_output("--json", s.json, {".json"});
    check_output("--csv", s.csv, {".csv"});
    check_distinct({{"--json", s.json}, {"--csv", s.csv}});
    for (auto const& [option, path] : {std::pair{"--json", s.json}, {"--csv", s.csv}})
        check_no_input(option, path, {s.index, s.query, s.model});
    comir::image_archive const archive = comir::read_archive(s.index);
    std::string const model = s.model.empty() ? archive.origin().model_file : s.model;
    check_origin(s.index, archive, model);
    comir::require(!archive.empty(), s.index, ": the archive holds no images");
    preparer const prepare(model, false, s.run.threads);
    comir::image<float> const raw = load_float_image(s.query);
    note_pixel_size(s.query, raw, archive);
    comir::image<float> const query = prepare.of(s.modality, s.query)(raw);
    comir::find_options options;
    options.verified = s.verified;
    options.threads = s.run.threads;
    comir::archive_answer answer = naming(s.query, [&] {
        return comir::find_in_archive(
            archive, query, [&](comir::archived_image const& known) { return representation_of(known, prepare); },
            options);
    });
    comir::require(!answer.hits.empty() || answer.unavailable.empty(), s.index, ": none of the ",
                   answer.unavailable.size(), " images that the query was to be compared with could be read");
    if (answer.hits.size() > s.top)
        answer.hits.resize(s.top);
    print_answer(archive, answer);
    if (!s.json.empty())
        write_json_answer(s, archive, answer);
    if (!s.csv.empty())
        write_csv_answer(s, archive, answer);
}
