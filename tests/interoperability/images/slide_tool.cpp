// What images.py asks of comir.
//   slide_tool info FILE            one line of what the slide says
//   slide_tool pixels FILE LEVEL    the pixels of a level, channels after one another, to the standard output
//   slide_tool warp FILE OUT SIDE COMPRESSION   turned by 100 degrees about the centre, on a square of SIDE px, bilinear
//   slide_tool write FILE OUT COMPRESSION PYRAMID LAYOUT TILE [QUALITY]   as a slide; enumerators by number
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <comir/core/parallel.hpp>
#include <comir/io/slide/slide.hpp>
#include <comir/io/slide/slide_writer.hpp>
#include <comir/io/slide/tile_blocks.hpp>
#include <comir/io/slide/warp_slide.hpp>
#include <comir/transform/rigid.hpp>

namespace {

void print_info(comir::slide const& slide) {
    comir::slide_info const& i = slide.info();
    std::printf("format=%s\tchannels=%zu\ttype=%d\tcolour=%d\talpha=%d\t", i.format.c_str(), i.channels,
                static_cast<int>(i.type), i.colour, i.alpha);
    if (i.size)
        std::printf("um=%.9g,%.9g\tfrom=%s\t", i.size->x, i.size->y, i.size->source.c_str());
    if (i.nodata)
        std::printf("nodata=%.9g\t", *i.nodata);
    std::printf("levels=");
    for (comir::slide_level const& l : i.levels)
        std::printf("%zux%zu/%.6g ", l.size.w, l.size.h, l.factor[0]);
    std::printf("\tnames=");
    for (std::string const& name : i.channel_names)
        std::printf("%s|", name.c_str());
    std::printf("\tnotes=");
    for (std::string const& note : i.notes)
        std::printf("%s|", note.c_str());
    std::printf("\n");
}

void print_pixels(comir::slide const& slide, std::size_t level) {
    std::visit([](auto const& held) { std::fwrite(held.values().data(), 1, held.values().size_bytes(), stdout); },
               slide.read_level(level));
}

void write(comir::slide const& slide, char const* path, comir::slide_format const& format) {
    comir::slide_info const& i = slide.info();
    comir::extent2 const size = slide.level(0).size;
    comir::slide_content const content{
        {i.channels, size.h, size.w}, i.colour, i.alpha, i.premultiplied, i.size, i.channel_names, i.nodata};
    comir::with_sample_type(i.type, [&]<class T>(T) {
        comir::slide_writer<T> writer(path, content, format);
        std::size_t const side = writer.tile();
        comir::for_each_tile_block({writer.tiles_across(), writer.tiles_down()}, [&](auto const& places) {
            std::vector<comir::slide_tile<T>> tiles;
            for (comir::tile_place const& at : places) {
                comir::region const r{at.across * side, at.down * side, std::min(side, size.w - at.across * side),
                                      std::min(side, size.h - at.down * side)};
                comir::image<T> pixels({i.channels, r.h, r.w});
                slide.read(0, r, pixels);
                tiles.push_back({at.across, at.down, std::move(pixels)});
            }
            writer.write(std::move(tiles));
        });
        writer.commit();
    });
}

void warp(comir::slide const& slide, char const* path, std::size_t side, comir::slide_compression compression) {
    comir::extent2 const size = slide.level(0).size;
    comir::rigid2 turn{{100.0 * 3.14159265358979 / 180.0, 0.0, 0.0}, comir::image_centre(side, side)};
    comir::set_translation(turn, comir::image_centre(size.w, size.h) - turn.centre);
    comir::warped_slide result{path, {side, side}, slide.info().size, {.method = comir::interpolation::linear}};
    result.format.compression = compression;
    comir::warp_slide(slide, turn, result);
}

}  // namespace

int main(int count, char** words) try {
    std::vector<std::string> const args(words + 1, words + count);
    comir::slide const slide = comir::open_slide(args.at(1));
    if (args.at(0) == "info")
        print_info(slide);
    else if (args.at(0) == "pixels")
        print_pixels(slide, std::stoul(args.at(2)));
    else if (args.at(0) == "warp")
        warp(slide, args.at(2).c_str(), std::stoul(args.at(3)),
             static_cast<comir::slide_compression>(std::stoi(args.at(4))));
    else
        write(slide, args.at(2).c_str(),
              {.compression = static_cast<comir::slide_compression>(std::stoi(args.at(3))),
               .quality = args.size() > 7 ? std::stoi(args[7]) : 85,
               .tile = std::stoul(args.at(6)),
               .pyramid = static_cast<comir::slide_pyramid>(std::stoi(args.at(4))),
               .layout = static_cast<comir::slide_layout>(std::stoi(args.at(5)))});
    return 0;
} catch (std::exception const& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
}
