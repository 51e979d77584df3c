#include "gen/heatmap.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <fmt/format.h>
#include <map>
#include <vector>

#include "gen/metrics.h"
#include "sim/error.h"

namespace concrete::gen {
namespace {

using sim::Operator;
using sim::Port;

constexpr int kMostCells = 256;  // along each axis
constexpr int kLevels = 24;      // colours on each side of zero

// The picture, in pixels.
constexpr int kWidth = 760, kHeight = 700, kPlot = 512, kLeft = 96, kTop = 84;
constexpr int kLegendLeft = kLeft + kPlot + 36, kLegendWidth = 18;

/// Errors by cell, [b][a], both in code order.
struct Grid {
    int columns = 0, rows = 0;
    std::vector<int64_t> errors;
    int64_t largest = 0;  // magnitude
};

int cells_of(const Port& port) {
    return std::min(kMostCells, 1 << std::min(port.bits, 20));
}

/// Place of a raw code in code order: signed codes start at the lowest.
uint64_t place_of(const Port& port, uint64_t raw) {
    return port.is_signed ? raw ^ (uint64_t{1} << (port.bits - 1)) : raw;
}

Grid grid_of(const Operator& op) {
    Grid grid{cells_of(op.a), cells_of(op.b), {}, 0};
    grid.errors.assign(static_cast<size_t>(grid.columns) * static_cast<size_t>(grid.rows), 0);
    const auto cell = [](const Port& port, int cells, uint64_t raw) {
        return static_cast<size_t>(place_of(port, raw) * static_cast<uint64_t>(cells) >> port.bits);
    };
    for (uint64_t i = 0; i < op.lut.size(); ++i) {
        const uint64_t a = i >> op.b.bits, b = i & ((uint64_t{1} << op.b.bits) - 1);
        const auto error = static_cast<int64_t>(error_of(op, a, b, sim::encode(op.lut[i], op.y.bits)));
        int64_t& kept =
            grid.errors[cell(op.b, grid.rows, b) * static_cast<size_t>(grid.columns) + cell(op.a, grid.columns, a)];
        if (std::abs(error) > std::abs(kept)) kept = error;
        grid.largest = std::max(grid.largest, std::abs(error));
    }
    return grid;
}

/// -kLevels..kLevels; 0 for an error of 0 only.
int level_of(int64_t error, int64_t largest) {
    if (error == 0) return 0;
    const double share = std::sqrt(static_cast<double>(std::abs(error)) / static_cast<double>(largest));
    const int level = std::clamp(static_cast<int>(std::lround(share * kLevels)), 1, kLevels);
    return error < 0 ? -level : level;
}

std::string colour_of(int level) {
    // ColorBrewer's RdBu, by lightness from white outwards.
    using Rgb = std::array<double, 3>;
    static constexpr Rgb red[] = {{255, 255, 255}, {253, 219, 199}, {244, 165, 130},
                                  {214, 96, 77},   {178, 24, 43},   {103, 0, 31}};
    static constexpr Rgb blue[] = {{255, 255, 255}, {209, 229, 240}, {146, 197, 222},
                                   {67, 147, 195},  {33, 102, 172},  {5, 48, 97}};
    const Rgb* anchors = level < 0 ? blue : red;
    const double at = 5.0 * std::abs(level) / kLevels;
    const int below = std::min(4, static_cast<int>(at));
    Rgb mixed{};
    for (size_t c = 0; c < 3; ++c)
        mixed[c] = anchors[below][c] + (at - below) * (anchors[below + 1][c] - anchors[below][c]);
    return fmt::format("#{:02x}{:02x}{:02x}", std::lround(mixed[0]), std::lround(mixed[1]), std::lround(mixed[2]));
}

std::string escaped(const std::string& text) {
    std::string result;
    for (const char letter : text) {
        if (letter == '<') {
            result += "&lt;";
        } else if (letter == '&') {
            result += "&amp;";
        } else if (static_cast<unsigned char>(letter) >= 0x20) {
            result += letter;
        }
    }
    return result;
}

std::string text_at(double x, double y, const std::string& anchor, const std::string& text,
                    const std::string& more = "") {
    return fmt::format("<text x=\"{:g}\" y=\"{:g}\" text-anchor=\"{}\"{}>{}</text>\n", x, y, anchor, more,
                       escaped(text));
}

/// The cells: one path a colour, one horizontal stroke for each run of cells of that colour.
std::string draw_cells(const Grid& grid) {
    std::map<int, std::string> strokes;
    for (int row = 0; row < grid.rows; ++row) {
        const int64_t* errors = grid.errors.data() + static_cast<ptrdiff_t>(row) * grid.columns;
        for (int from = 0; from < grid.columns;) {
            const int level = level_of(errors[from], grid.largest);
            int to = from + 1;
            while (to < grid.columns && level_of(errors[to], grid.largest) == level) ++to;
            if (level != 0) strokes[level] += fmt::format("M{} {}h{}", from, grid.rows - 1 - row, to - from);
            from = to;
        }
    }
    std::string svg = fmt::format(
        "<g transform=\"translate({} {}) scale({:g} {:g}) translate(0 .5)\" shape-rendering=\"crispEdges\">\n", kLeft,
        kTop, static_cast<double>(kPlot) / grid.columns, static_cast<double>(kPlot) / grid.rows);
    for (const auto& [level, path] : strokes)
        svg += fmt::format("<path stroke=\"{}\" d=\"{}\"/>\n", colour_of(level), path);
    return svg + "</g>\n";
}

/// Codes at the borders of quarters of an axis, the last one included.
std::string draw_axis(const Port& port, bool across) {
    std::string svg;
    const int64_t lowest = sim::lowest_code(port), highest = sim::highest_code(port);
    const double codes = static_cast<double>(highest - lowest) + 1;
    const int parts = port.bits >= 3 ? 4 : 1 << (port.bits - 1);
    for (int k = 0; k <= parts; ++k) {
        const int64_t code = k == parts ? highest : lowest + ((highest - lowest + 1) / parts) * k;
        const double at = (static_cast<double>(code - lowest) + 0.5) / codes * kPlot;  // the middle of its cell
        const std::string label = std::to_string(code);
        if (across) {
            svg += fmt::format("<path d=\"M{:g} {}v6\"/>", kLeft + at, kTop + kPlot);
            svg += text_at(kLeft + at, kTop + kPlot + 20, "middle", label);
        } else {
            svg += fmt::format("<path d=\"M{} {:g}h-6\"/>", kLeft, kTop + kPlot - at);
            svg += text_at(kLeft - 10, kTop + kPlot - at + 4, "end", label);
        }
    }
    return svg;
}

std::string draw_axes(const Operator& op) {
    const bool adder = op.kind == sim::OperatorKind::adder;
    const int middle = kTop + kPlot / 2;
    std::string svg =
        fmt::format("<g stroke=\"#333\" fill=\"none\"><rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/></g>\n",
                    kLeft, kTop, kPlot, kPlot);
    svg += "<g class=\"axes\" stroke-width=\"1\">\n" + draw_axis(op.a, true) + draw_axis(op.b, false) + "</g>\n";
    svg += text_at(kLeft + kPlot / 2.0, kTop + kPlot + 42, "middle",
                   fmt::format("{} ({}), code", op.a.name, adder ? "accumulator" : "activation"));
    svg += text_at(30, middle, "middle", fmt::format("{} ({}), code", op.b.name, adder ? "addend" : "weight"),
                   fmt::format(" transform=\"rotate(-90 30 {})\"", middle));
    return svg;
}

std::string draw_legend(const Grid& grid) {
    const int levels = grid.largest == 0 ? 0 : kLevels;
    const double step = static_cast<double>(kPlot) / (2 * levels + 1);
    std::string svg = "<g shape-rendering=\"crispEdges\">\n";
    for (int level = -levels; level <= levels; ++level)
        svg += fmt::format("<rect x=\"{}\" y=\"{:.2f}\" width=\"{}\" height=\"{:.2f}\" fill=\"{}\"/>\n", kLegendLeft,
                           kTop + (levels - level) * step, kLegendWidth, step + 0.5, colour_of(level));
    svg += fmt::format("<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"none\" stroke=\"#333\"/>\n</g>\n",
                       kLegendLeft, kTop, kLegendWidth, kPlot);
    // Half the bar is a quarter of the largest error.
    const std::array<double, 5> shares{1, 0.25, 0, -0.25, -1};
    for (const double share : shares) {
        if (grid.largest == 0 && share != 0) continue;
        const double position = std::copysign(std::sqrt(std::abs(share)), share) * levels;
        svg += text_at(kLegendLeft + kLegendWidth + 8, kTop + (levels - position + 0.5) * step + 4, "start",
                       share == 0 ? "0" : fmt::format("{:+g}", share * static_cast<double>(grid.largest)));
    }
    svg += text_at(kLegendLeft, kTop - 12, "start", "error");
    return svg + text_at(kLegendLeft, kTop + kPlot + 20, "start", "(square-root scale)", " font-size=\"11\"");
}

std::string subtitle(const Operator& op, const Grid& grid) {
    const auto sign = [](const Port& port) { return port.is_signed ? "signed" : "unsigned"; };
    std::string text =
        fmt::format("{} x {} bit {} {}, error = {} - exact", op.a.bits, op.b.bits,
                    op.a.is_signed == op.b.is_signed ? sign(op.a) : fmt::format("{} x {}", sign(op.a), sign(op.b)),
                    sim::to_string(op.kind), op.y_lsb == 0 ? op.y.name : fmt::format("{} * 2^{}", op.y.name, op.y_lsb));
    if (op.kind == sim::OperatorKind::adder && op.y.bits == op.a.bits) text += fmt::format(" modulo 2^{}", op.y.bits);
    if (op.lut.size() > grid.errors.size()) text += "; largest error of each cell";
    return text;
}

}  // namespace

std::string error_heatmap_svg(const Operator& op) {
    if (op.lut.empty())
        throw InputError(fmt::format("{}: has no table to draw: {} input bits, a table holds up to {}", op.name,
                                     op.a.bits + op.b.bits, sim::kMaxTableBits));
    const Grid grid = grid_of(op);
    const sim::Metrics& m = op.metrics;
    std::string svg = fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" viewBox=\"0 0 {0} {1}\" "
        "font-family=\"Helvetica, Arial, sans-serif\" font-size=\"13\" fill=\"#222\">\n"
        "<style>.axes path {{ stroke: #333; fill: none }}</style>\n"
        "<rect width=\"{0}\" height=\"{1}\" fill=\"#fff\"/>\n",
        kWidth, kHeight);
    svg += text_at(kLeft, 34, "start", op.name, " font-size=\"20\" font-weight=\"bold\"");
    svg += text_at(kLeft, 56, "start", subtitle(op, grid), " fill=\"#555\"");
    svg += draw_cells(grid) + draw_axes(op) + draw_legend(grid);
    svg += text_at(kLeft, kHeight - 40, "start",
                   fmt::format("MAE {:.6g} ({:.3g}%)    WCE {:.10g} ({:.3g}%)    EP {:.4g}%    bias {:+.6g}", m.mae,
                               m.mae_percent, m.wce, m.wce_percent, m.ep_percent, m.mean_error),
                   " xml:space=\"preserve\"");
    svg += text_at(kLeft, kHeight - 20, "start",
                   fmt::format("MRE {:.4g}%    WCRE {:.6g}%    MSE {:.6g}    NMED {:.4g}", m.mre_percent,
                               m.wcre_percent, m.mse, m.nmed),
                   " xml:space=\"preserve\"");
    return svg + "</svg>\n";
}

}  // namespace concrete::gen
