#include <map>
#include <string>

#include <doctest/doctest.h>

#include <comir/io/model_text.hpp>

namespace {

comir::unet_shape read_back(std::string const& text) {
    std::map<std::string, std::string> const texts{{"shape", text}};
    return comir::detail::model_texts("test", texts).shape("shape");
}

}  // namespace

TEST_CASE("model_text: shapes come back with every option") {
    for (auto pooling : {comir::pooling::max, comir::pooling::average, comir::pooling::blur})
        for (auto upsampling :
             {comir::upsampling::nearest, comir::upsampling::transposed, comir::upsampling::pixel_shuffle})
            for (bool early : {false, true}) {
                auto shape = comir::paper_shape;
                shape.pooling = pooling;
                shape.upsampling = upsampling;
                shape.early_transition = early;
                CHECK(read_back(comir::detail::model_shape_json(shape).dump()) == shape);
            }
}

TEST_CASE("model_text: options have the names of their enumerators, and are left out where they are the default") {
    auto shape = comir::compact_shape;
    CHECK(comir::detail::model_shape_json(shape).size() == 9);
    shape.pooling = comir::pooling::blur;
    shape.upsampling = comir::upsampling::pixel_shuffle;
    shape.early_transition = true;
    CHECK(comir::detail::model_shape_json(shape).dump() ==
          R"({"bottleneck":3,"compression_percent":100,"down":[2,2,2],"dropout_percent":0,"early_transition":true,)"
          R"("first":16,"growth":12,"in":3,"out":1,"pooling":"blur","up":[2,2,2],"upsampling":"pixel_shuffle"})");
}

TEST_CASE("model_text: options that nobody knows are refused") {
    std::string const good = comir::detail::model_shape_json(comir::compact_shape).dump();
    auto const with = [&](std::string const& option) { return "{" + option + "," + good.substr(1); };
    CHECK(read_back(with(R"("pooling":"max")")) == comir::compact_shape);
    for (auto const& [option, expected] :
         std::map<std::string, std::string>{{R"("pooling":"median")", "a known pooling"},
                                            {R"("pooling":1)", "a known pooling"},
                                            {R"("upsampling":"max")", "a known upsampling"},
                                            {R"("early_transition":"true")", "a known early_transition"},
                                            {R"("early_transition":1)", "a known early_transition"},
                                            {R"("dilation":2)", "the nine members"}})
        CHECK_THROWS_WITH_AS(read_back(with(option)), doctest::Contains(expected.c_str()), comir::format_error);
}
