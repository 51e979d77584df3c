#include "sim/measure_rates.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <vector>

#include "sim/decomposed_sums.h"
#include "sim/mac_layer.h"
#include "sim/mac_step.h"
#include "sim/matmul.h"
#include "sim/netlist_builder.h"
#include "sim/or_sums.h"
#include "sim/permute_sums.h"
#include "sim/random.h"

namespace concrete::sim {
namespace {

/// Nanoseconds of one call: the best of several, which other programs on the machine disturbed least.
double best_ns(const std::function<void()>& call) {
    using Clock = std::chrono::steady_clock;
    constexpr double kEnough = 15e6;
    constexpr int kLeast = 3;
    double best = 1e300, total = 0;
    call();  // caches, and memory that is kept
    for (int i = 0; i < kLeast || total < kEnough; ++i) {
        const auto start = Clock::now();
        call();
        const double ns = std::chrono::duration<double, std::nano>(Clock::now() - start).count();
        best = std::min(best, ns);
        total += ns;
    }
    return best;
}

constexpr size_t kOthers = 48;  // of a probe, unless others are what is asked about

/// Random positions, and a row of sums.
class Probe {
  public:
    static constexpr size_t kDepth = 512;

    Probe(size_t lane_positions, size_t other_positions, size_t n) : n_(n) {
        Random random(1);
        // Vectors of lines, because tiles and sums are aligned.
        tile_.resize(kDepth * kTileLanes / sizeof(Line));
        sums_.resize(n * kTileLanes * sizeof(uint32_t) / sizeof(Line));
        for (size_t i = 0; i < kDepth * kTileLanes; ++i) tile()[i] = static_cast<uint8_t>(random.below(lane_positions));
        others_.resize(kDepth * n);
        for (uint8_t& position : others_) position = static_cast<uint8_t>(random.below(other_positions));
    }

    double time_ns(const TableSums& sums, size_t lanes) {
        const auto others = sums.prepare(others_.data(), kDepth, n_);
        auto* out = reinterpret_cast<uint32_t*>(sums_.data());
        return best_ns([&] { sums.add({tile(), kDepth, lanes}, *others, 0, 0, n_, out); });
    }
    double time_ns(const OrSums& ors) {
        const auto columns = ors.prepare(others_.data(), kDepth, n_);
        auto* out = reinterpret_cast<uint16_t*>(sums_.data());
        return best_ns([&] {
            std::fill_n(out, n_ * kTileLanes, uint16_t{0});
            ors.add({tile(), kDepth, kTileLanes}, *columns, 0, 0, n_, out);
        });
    }

  private:
    struct alignas(64) Line {
        uint8_t bytes[64];
    };
    uint8_t* tile() { return tile_.data()->bytes; }

    size_t n_;
    std::vector<Line> tile_, sums_;
    std::vector<uint8_t> others_;
};

SumTable random_table(size_t lanes, size_t others, int bits) {
    Random random(2);
    SumTable table{lanes, others, {}};
    for (size_t i = 0; i < lanes * others; ++i)
        table.values.push_back(static_cast<int32_t>(random.below(uint64_t{1} << bits)));
    return table;
}

void measure_permute(MachineRates& rates) {
    constexpr double kPairs = Probe::kDepth * kOthers;
    constexpr std::array<size_t, 3> kDomains{64, 128, 256};
    for (size_t planes = 1; planes <= 2; ++planes) {
        for (size_t i = 0; i < kDomains.size(); ++i) {
            Probe probe(kDomains[i], 256, kOthers);
            const auto sums = permute_sums(random_table(kDomains[i], 256, static_cast<int>(8 * planes)));
            const double full = probe.time_ns(*sums, kTileLanes) / kPairs;
            const double quarter = probe.time_ns(*sums, kLaneStep) / kPairs;
            const double row = std::max(0.0, (4 * quarter - full) / 3);
            rates.permute_row_ns[planes - 1][i] = row;
            rates.permute_mac_ns[planes - 1][i] = (full - row) / kTileLanes;
        }
    }
}

/// A decomposition of so many random terms.
Decomposition random_decomposition(size_t terms) {
    Random random(3);
    Decomposition d{std::vector<int32_t>(256), std::vector<int32_t>(256), {}};
    for (size_t t = 0; t < terms; ++t) {
        d.terms.push_back({0, {}, {}});
        for (size_t i = 0; i < 256; ++i) {
            d.terms.back().u.push_back(static_cast<int32_t>(random.below(256)));
            d.terms.back().v.push_back(static_cast<int32_t>(random.below(256)) - 128);
        }
    }
    return d;
}

/// Four measurements for four unknowns: few and many terms, few and many others.
void measure_decomposed(MachineRates& rates) {
    constexpr size_t kFew = 1, kMany = 8, kNarrow = 6, kWide = 240;
    const auto few = decomposed_sums(random_decomposition(kFew)), many = decomposed_sums(random_decomposition(kMany));
    Probe narrow(256, 256, kNarrow), wide(256, 256, kWide);
    constexpr double kCodes = Probe::kDepth * kTileLanes;  // per lane code, below
    const double few_narrow = narrow.time_ns(*few, kTileLanes) / kCodes;
    const double many_narrow = narrow.time_ns(*many, kTileLanes) / kCodes;
    const double few_wide = wide.time_ns(*few, kTileLanes) / kCodes;
    const double many_wide = wide.time_ns(*many, kTileLanes) / kCodes;
    // time = tile + terms (expand + n product) + n output / depth
    const double per_term_narrow = (many_narrow - few_narrow) / (kMany - kFew);
    const double per_term_wide = (many_wide - few_wide) / (kMany - kFew);
    rates.product_mac_ns = std::max(1e-6, (per_term_wide - per_term_narrow) / (kWide - kNarrow));
    rates.expand_code_ns = std::max(0.0, per_term_narrow - kNarrow * rates.product_mac_ns);
    const double rest_narrow = few_narrow - per_term_narrow, rest_wide = few_wide - per_term_wide;
    rates.output_ns = std::max(0.0, (rest_wide - rest_narrow) / (kWide - kNarrow) * Probe::kDepth);
    rates.tile_code_ns = std::max(0.0, rest_narrow - kNarrow * rates.output_ns / Probe::kDepth);
}

void measure_or(MachineRates& rates) {
    Random random(4);
    LowPartTable table{128, 256, {}};
    for (size_t i = 0; i < table.lanes * table.others; ++i)
        table.values.push_back(static_cast<uint16_t>(random.below(64)));
    Probe probe(128, 256, kOthers);
    rates.or_mac_ns = probe.time_ns(OrSums(table)) / (Probe::kDepth * kOthers * kTileLanes);
}

/// An 8x8 signed multiplier with some table and some netlist of the usual size: they need not agree to be timed.
std::shared_ptr<Operator> probe_multiplier() {
    auto op = std::make_shared<Operator>();
    op->name = "probe";
    op->a = {"a", 8, true}, op->b = {"b", 8, true}, op->y = {"y", 16, true};
    NetlistBuilder build(16);
    NetlistBuilder::Word sum(16, build.zero()), a = build.input_word(0, 8);
    a.resize(16, a.back());
    for (size_t i = 0; i < 8; ++i) {
        NetlistBuilder::Word row(16, build.zero());
        for (size_t j = i; j < 16; ++j) row[j] = build.conjunction(a[j - i], build.input(static_cast<uint32_t>(8 + i)));
        sum = build.add(sum, row, build.zero());
    }
    op->netlist = build.finish(sum);
    for (int qa = 0; qa < 256; ++qa)
        for (int qw = 0; qw < 256; ++qw) op->lut.push_back(static_cast<int8_t>(qa) * qw % 32768);
    return op;
}

void measure_reference_engines(MachineRates& rates) {
    constexpr size_t kRows = 512, kK = 32, kN = 32;
    constexpr CodeRange kCodes{-127, 127};
    const ProductModel products(probe_multiplier(), kCodes, kCodes, false);
    Random random(5);
    std::vector<int32_t> a(kRows * kK), w(kK * kN);
    for (auto* codes : {&a, &w})
        for (int32_t& code : *codes) code = static_cast<int32_t>(random.below(kCodes.count()) + kCodes.lowest);
    const std::vector<int64_t> init(kN, 0);
    std::vector<int64_t> out(kRows * kN);
    MatmulArgs args{kRows, kK, kN, a.data(), w.data(), init.data(), false, &products, {}, out.data()};
    constexpr double kMacs = kRows * kK * kN;
    rates.gather_mac_ns = best_ns([&] { gather(args, 1); }) / kMacs;
    const MatmulTask task(args);
    const PreparedProduct netlist = prepare(task.task, Engine::netlist);
    const double nodes = static_cast<double>(mac_netlist(products, args.acc).netlist.nodes.size());
    rates.node_lane_ns = best_ns([&] { matmul(args, netlist, 1); }) / (kMacs * nodes);
    args.acc = {32, Overflow::wrap, 6, nullptr};
    rates.gather_low_mac_ns = best_ns([&] { gather(args, 1); }) / kMacs;
    args.acc = {24, Overflow::saturate, 0, nullptr};
    rates.gather_step_mac_ns = best_ns([&] { gather(args, 1); }) / kMacs;
}

/// A convolution of 32 x 32 pictures with these groups and kernel, same padding, 32 channels in and out.
MacLayer probe_layer(const std::shared_ptr<const ProductModel>& products, size_t groups, size_t kernel) {
    constexpr size_t kChannels = 32, kSize = 32;
    MacLayer layer;
    layer.name = "probe";
    layer.in_channels = layer.out_channels = kChannels;
    layer.in_h = layer.in_w = layer.out_h = layer.out_w = kSize;
    layer.groups = groups;
    layer.window = {{kernel, kernel}, {1, 1}, {kernel / 2, kernel / 2}, {1, 1}};
    layer.a_range = layer.w_range = layer.a_used = products->a_range();
    layer.w_params.resize(kChannels);
    layer.bias_codes.resize(kChannels);
    layer.w_codes.assign(kChannels * layer.k(), 3);
    layer.products = products;
    return layer;
}

/// Two layers with much and with little to pack for each output.
void measure_layers(MachineRates& rates) {
    constexpr CodeRange kCodes{-127, 127};
    constexpr size_t kImages = 4;
    const auto products = std::make_shared<const ProductModel>(probe_multiplier(), kCodes, kCodes, false);
    MacLayer depthwise = probe_layer(products, 32, 3), pointwise = probe_layer(products, 1, 1);
    const Tensor<int32_t> codes({kImages, 32, 32, 32});
    const double outputs = static_cast<double>(kImages * depthwise.outputs_per_image());
    const auto lanes = static_cast<double>(kImages * depthwise.out_h * depthwise.out_w);
    // Of what is neither sums nor rows of the table.
    const auto rest_ns = [&](MacLayer& layer) {
        prepare(layer, Engine::permute);
        const double k = static_cast<double>(layer.k()), n = static_cast<double>(layer.out_channels);
        const double sums =
            k * n * (lanes * rates.permute_mac_ns[1][2] + lanes / kTileLanes * rates.permute_row_ns[1][2]);
        return best_ns([&] { run_mac_layer(layer, codes, 1); }) - sums;
    };
    const double deep = rest_ns(depthwise), shallow = rest_ns(pointwise);
    const double deep_codes = lanes * static_cast<double>(depthwise.k() * depthwise.groups);
    const double shallow_codes = lanes * static_cast<double>(pointwise.k());
    rates.pack_code_ns = std::max(0.0, (deep - shallow) / (deep_codes - shallow_codes));
    rates.store_output_ns = std::max(0.0, (shallow - shallow_codes * rates.pack_code_ns) / outputs);
    prepare(depthwise, Engine::gather);
    const double gather = best_ns([&] { run_mac_layer(depthwise, codes, 1); });
    const double macs = outputs * static_cast<double>(depthwise.k());
    rates.unroll_code_ns = std::max(0.0, (gather - macs * rates.gather_mac_ns) / deep_codes);
}

}  // namespace

MachineRates measure_rates() {
    MachineRates rates;
    measure_permute(rates);
    measure_decomposed(rates);
    measure_or(rates);
    measure_reference_engines(rates);
    measure_layers(rates);
    return rates;
}

}  // namespace concrete::sim
