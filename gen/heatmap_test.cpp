#include "gen/heatmap.h"

#include <gmock/gmock.h>
#include <pugixml.hpp>
#include <random>
#include <regex>

#include "gen/metrics.h"
#include "gen/testing.h"

namespace concrete::gen {
namespace {

using gen::testing::input_error;
using ::testing::HasSubstr;
using ::testing::Not;

/// An operator with the table y(a, b) = exact + error(a, b).
template <typename F>
sim::Operator with_error(sim::OperatorKind kind, int a_bits, int b_bits, int y_bits, bool is_signed, F error) {
    sim::Operator op = gen::testing::operator_of("drawn", "", a_bits, b_bits, y_bits, is_signed);
    op.kind = kind;
    for (uint64_t a = 0; a < uint64_t{1} << a_bits; ++a) {
        for (uint64_t b = 0; b < uint64_t{1} << b_bits; ++b) {
            const auto exact = static_cast<int64_t>(exact_result(op, a, b));
            const int64_t y = exact + error(sim::decode(a, a_bits, is_signed), sim::decode(b, b_bits, is_signed));
            op.lut.push_back(static_cast<int32_t>(sim::decode(sim::encode(y, y_bits), y_bits, is_signed)));
        }
    }
    op.metrics = table_metrics(op);
    return op;
}

/// Cells by stroke colour, from "MX YhLENGTH".
std::map<std::string, std::vector<std::array<int, 3>>> strokes_of(const std::string& svg) {
    pugi::xml_document document;
    EXPECT_TRUE(document.load_string(svg.c_str())) << "not well-formed";
    std::map<std::string, std::vector<std::array<int, 3>>> strokes;
    static const std::regex stroke("M(\\d+) (\\d+)h(\\d+)");
    for (const pugi::xpath_node& found : document.select_nodes("//g[@transform]/path")) {
        const std::string path = found.node().attribute("d").value();
        for (std::sregex_iterator at(path.begin(), path.end(), stroke), end; at != end; ++at) {
            strokes[found.node().attribute("stroke").value()].push_back(
                {std::stoi((*at)[1]), std::stoi((*at)[2]), std::stoi((*at)[3])});
        }
    }
    return strokes;
}

TEST(Heatmap, PutsErrorsWhereTheirCodesAre) {
    // One error below zero at a = -8, b = 7: left column, top row. Two above at a = 2..3, b = -8: bottom row.
    const sim::Operator op =
        with_error(sim::OperatorKind::multiplier, 4, 4, 8, true, [](int64_t a, int64_t b) -> int64_t {
            if (a == -8 && b == 7) return -5;
            return (a == 2 || a == 3) && b == -8 ? 5 : 0;
        });
    const auto strokes = strokes_of(error_heatmap_svg(op));
    ASSERT_EQ(strokes.size(), 2u);
    EXPECT_EQ(strokes.at("#053061"), (std::vector<std::array<int, 3>>{{0, 0, 1}})) << "blue below zero";
    EXPECT_EQ(strokes.at("#67001f"), (std::vector<std::array<int, 3>>{{10, 15, 2}}))
        << "red above, one stroke for both";
}

TEST(Heatmap, KeepsTheLargestErrorOfACellAndShowsSmallOnes) {
    const sim::Operator op =
        with_error(sim::OperatorKind::multiplier, 10, 2, 12, true, [](int64_t a, int64_t b) -> int64_t {
            if (b != 0) return 0;
            return a == 4 ? -900 : a == 5 ? 400 : a == 9 ? 1 : 0;
        });
    const auto strokes = strokes_of(error_heatmap_svg(op));
    ASSERT_EQ(strokes.size(), 2u);
    EXPECT_EQ(strokes.at("#053061"), (std::vector<std::array<int, 3>>{{129, 1, 1}}));
    EXPECT_THAT(error_heatmap_svg(op), HasSubstr("largest error of each cell"));
    for (const auto& [colour, cells] : strokes) {
        EXPECT_NE(colour, "#ffffff") << "an error of 1 beside one of 900 is not white";
    }
}

TEST(Heatmap, NamesAxesMetricsAndScale) {
    const sim::Operator op =
        with_error(sim::OperatorKind::multiplier, 8, 8, 16, true, [](int64_t a, int64_t) { return a < 0 ? -64 : 0; });
    const std::string svg = error_heatmap_svg(op);
    for (const char* text : {"drawn", "8 x 8 bit signed multiplier", "a (activation), code", "b (weight), code",
                             ">-128<", ">127<", ">-64<", ">+64<", ">-16<", "MAE 32 (0.0488%)", "bias -32", "EP 50%"}) {
        EXPECT_THAT(svg, HasSubstr(text));
    }
    const sim::Operator adder =
        with_error(sim::OperatorKind::adder, 4, 4, 5, false, [](int64_t, int64_t) { return 0; });
    EXPECT_THAT(error_heatmap_svg(adder), HasSubstr("a (accumulator), code"));
    EXPECT_TRUE(strokes_of(error_heatmap_svg(adder)).empty());
}

TEST(Heatmap, StaysSmallAndWellFormed) {
    std::mt19937 random(3);
    sim::Operator op = with_error(sim::OperatorKind::multiplier, 8, 8, 16, true,
                                  [&](int64_t, int64_t) { return static_cast<int64_t>(random() % 2001) - 1000; });
    op.name = "a<b & \"c\"";
    const std::string svg = error_heatmap_svg(op);
    EXPECT_LT(svg.size(), 1'500'000u);
    EXPECT_GT(svg.size(), 100'000u);
    EXPECT_FALSE(strokes_of(svg).empty());
    EXPECT_THAT(svg, HasSubstr("a&lt;b &amp; \"c\""));
    const sim::Operator tiny =
        with_error(sim::OperatorKind::multiplier, 1, 1, 2, false, [](int64_t, int64_t) { return 1; });
    EXPECT_EQ(strokes_of(error_heatmap_svg(tiny)).size(), 1u);
}

TEST(Heatmap, NeedsATable) {
    EXPECT_THAT(input_error([] { error_heatmap_svg(gen::testing::operator_of("wide", "", 16, 16, 32)); }),
                HasSubstr("wide: has no table to draw: 32 input bits"));
}

}  // namespace
}  // namespace concrete::gen
