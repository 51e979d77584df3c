#include "gen/mac_program.h"

#include <cstring>
#include <fmt/format.h>

#include "gen/process.h"
#include "gen/sources.h"
#include "gen/verilated.h"
#include "sim/error.h"
#include "sim/file.h"

namespace concrete::gen {
namespace {

/// Arguments: 0 or 1 for unknown values, file of sequences, file of answers, all in 64-bit words. A sequence is its
/// init, its number of products, and for each one a, b and 1 where a gap stands in front.
constexpr const char* kDriver = R"code(
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <vector>

#include "Vtop.h"

    constexpr int latency = @LATENCY@;
    static double seconds = 0;

    struct Product {
        uint64_t a, b, gap;
    };

    static void sequence(Vtop& top, uint64_t init, const std::vector<Product>& products, std::vector<uint64_t>& out) {
        const auto start = std::chrono::steady_clock::now();
        const auto clock = [&](const Product& p, bool invert) {
            top.a = invert ? ~p.a & ((uint64_t{1} << (@A_BITS@-1) << 1) - 1) : p.a;
            top.b = invert ? ~p.b & ((uint64_t{1} << (@B_BITS@-1) << 1) - 1) : p.b;
            top.clk = 0;
            top.eval();
            top.clk = 1;
            top.eval();
        };
        const size_t count = products.size();
        const Product none = {0, 0, 0}, first = count ? products[0] : none, last = count ? products[count - 1] : none;
        top.init = init;
        top.clear = 1;
        top.enable = 1;
        for (int i = 0; i < latency + 2; ++i) clock(first, true);
        top.clear = 0;
        std::vector<uint64_t> gaps;
        if (latency == 1) out.push_back(top.y);
        for (size_t k = 0; k < count + latency - 1; ++k) {
            if (k < count && products[k].gap) {
                top.enable = 0;
                clock(products[k], true);
                gaps.push_back(top.y);
                top.enable = 1;
            }
            clock(k < count ? products[k] : last, k >= count);
            if (k + 2 >= size_t{latency}) out.push_back(top.y);
        }
        out.insert(out.end(), gaps.begin(), gaps.end());
        top.enable = 0;
        uint64_t held = out[count];
        for (int i = 0; i < latency; ++i) clock(last, true);
        const uint64_t settled = top.y;
        for (int i = 0; i < 5; ++i) {
            clock(last, i % 2 != 0);
            if (top.y != settled) held = ~out[count];
        }
        if (latency == 1 && settled != out[count]) held = ~out[count];
        out.push_back(held);
        seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    }

    int main(int, char** arguments) {
        VerilatedContext context;
        context.randReset(std::atoi(arguments[1]));
        FILE* in = std::fopen(arguments[2], "rb");
        FILE* out = std::fopen(arguments[3], "wb");
        if (!in || !out) return 1;
        Verilated::threadContextp(&context);
        auto top = std::make_unique<Vtop>(&context);
        uint64_t head[2];
        std::vector<Product> products;
        std::vector<uint64_t> answers;
        while (std::fread(head, 8, 2, in) == 2) {
            products.resize(head[1]);
            if (std::fread(products.data(), sizeof(Product), products.size(), in) != products.size()) return 1;
            answers.clear();
            sequence(*top, head[0], products, answers);
            if (std::fwrite(answers.data(), 8, answers.size(), out) != answers.size()) return 1;
        }
        if (std::fclose(out) != 0) return 1;
        std::printf("%.9f\n", seconds);
        return 0;
    }
)code";

void replace_all(std::string& text, const std::string& mark, const std::string& value) {
    for (size_t at = text.find(mark); at != std::string::npos; at = text.find(mark))
        text.replace(at, mark.size(), value);
}

/// The unit with ports of fixed names, all of them there and active high, so that one driver fits all.
sim::Sources wrapped(const sim::Operator& op) {
    const sim::MacInterface& mac = *op.mac;
    std::string parameters;
    for (const auto& [name, value] : op.sources.parameters)
        parameters += fmt::format("{}.{}({})", parameters.empty() ? "" : ", ", name, value);
    std::string pins;
    const auto pin = [&](const std::string& port, const std::string& value) {
        if (!port.empty()) pins += fmt::format(", .\\{} ({})", port, value);
    };
    pin(mac.clear, mac.clear_low ? "~clear" : "clear");
    pin(mac.enable, "enable");
    pin(mac.init, "init");
    const std::string top = "concrete_mac_" + sources_hash(op.sources).substr(0, 32);
    const std::string text = fmt::format(
        "module {}(input wire clk, input wire clear, input wire enable, input wire [{}:0] init,\n"
        "    input wire [{}:0] a, input wire [{}:0] b, output wire [{}:0] y);\n"
        "  \\{} {}concrete_instance (.\\{} (clk), .\\{} (a), .\\{} (b), .\\{} (y){});\nendmodule\n",
        top, op.y.bits - 1, op.a.bits - 1, op.b.bits - 1, op.y.bits - 1, op.sources.top,
        parameters.empty() ? "" : "#(" + parameters + ") ", mac.clock, op.a.name, op.b.name, op.y.name, pins);
    sim::Sources sources = op.sources;
    sources.parameters.clear();
    sources.top = top;
    sources.files.push_back({top + ".sv", text, false});
    return sources;
}

std::string encode(std::span<const MacSequence> sequences) {
    std::vector<uint64_t> words;
    for (const MacSequence& s : sequences) {
        words.insert(words.end(), {s.init, s.a.size()});
        size_t gap = 0;
        for (size_t k = 0; k < s.a.size(); ++k) {
            const bool has_gap = gap < s.gaps.size() && s.gaps[gap] == k;
            gap += has_gap;
            words.insert(words.end(), {s.a[k], s.b[k], uint64_t{has_gap}});
        }
    }
    return {reinterpret_cast<const char*>(words.data()), words.size() * 8};
}

}  // namespace

MacProgram::MacProgram(const sim::Operator& op) : latency_(op.mac->latency) {
    VerilatedSpec spec;
    spec.sources = wrapped(op);
    spec.driver = kDriver;
    replace_all(spec.driver, "@LATENCY@", std::to_string(latency_));
    replace_all(spec.driver, "@A_BITS@", std::to_string(op.a.bits));
    replace_all(spec.driver, "@B_BITS@", std::to_string(op.b.bits));
    program_ = build_verilated(spec);
}

MacProgram::Result MacProgram::run(std::span<const MacSequence> sequences, bool unknown_ones) const {
    const TemporaryFolder folder;
    write_file(folder.path() / "sequences", encode(sequences));
    ProcessLimits limits;
    limits.cpu_s = limits.wall_s = 24 * 3600;
    const ProcessResult done =
        run_process({program_.string(), unknown_ones ? "1" : "0", "sequences", "answers"}, folder.path(), limits);
    if (done.exit_status != 0)
        throw MissingError(fmt::format("the Verilated MAC unit ended with status {} {}: {}", done.exit_status,
                                       done.ended_by, done.err.substr(0, 400)));
    const std::string bytes = read_file(folder.path() / "answers", uint64_t{4} << 30);
    std::vector<uint64_t> words(bytes.size() / 8);
    std::memcpy(words.data(), bytes.data(), words.size() * 8);
    Result result;
    result.seconds = std::stod(done.out);
    auto at = words.begin();
    for (const MacSequence& s : sequences) {
        const size_t needed = s.a.size() + s.gaps.size() + 2;
        if (static_cast<size_t>(words.end() - at) < needed)
            throw MissingError("the Verilated MAC unit answered too little; clear the cache and try again");
        const auto after_acc = at + static_cast<std::ptrdiff_t>(s.a.size() + 1);
        const auto after_gaps = after_acc + static_cast<std::ptrdiff_t>(s.gaps.size());
        result.answers.push_back({{at, after_acc}, {after_acc, after_gaps}, *after_gaps});
        at = after_gaps + 1;
    }
    return result;
}

}  // namespace concrete::gen
