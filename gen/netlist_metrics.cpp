#include "gen/netlist_metrics.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <fmt/format.h>
#include <span>
#include <thread>
#include <vector>

#include "gen/figure_kernels.h"
#include "gen/metrics.h"
#include "gen/operand_sample.h"
#include "sim/bitslice.h"
#include "sim/error.h"
#include "sim/int128.h"
#include "sim/parallel.h"
#include "sim/planes.h"
#include "sim/random.h"

namespace concrete::gen {
namespace {

using sim::Operator, sim::OperatorKind, sim::Port;

constexpr size_t kStepWords = 64, kStepLanes = 64 * kStepWords;  // evaluated at a time
constexpr uint64_t kBlockPairs = MetricsAccumulator::kBlockPairs;
static_assert(kBlockPairs % kStepLanes == 0);

void check(const Operator& op, const MetricsSpec& spec) {
    if (op.kind == OperatorKind::mac)
        throw InputError(
            fmt::format("{}: error figures of a MAC unit are not defined, expected a multiplier or an adder", op.name));
    if (!op.netlist) throw InputError(fmt::format("{}: has no netlist to take metrics from", op.name));
    const auto inputs = static_cast<size_t>(op.a.bits) + static_cast<size_t>(op.b.bits);
    const auto outputs = static_cast<size_t>(op.y.bits);
    if (op.netlist->inputs != inputs || op.netlist->outputs.size() != outputs) {
        throw InputError(fmt::format("{}: the netlist has {} inputs and {} outputs, but the ports have {} and {} bits",
                                     op.name, op.netlist->inputs, op.netlist->outputs.size(), inputs, outputs));
    }
    if (spec.exhaustive_bits < 0 || spec.exhaustive_bits > 32)
        throw RangeError(
            fmt::format("{}: all pairs of up to {} input bits, expected 0 to 32", op.name, spec.exhaustive_bits));
    if (spec.samples < 2)
        throw RangeError(fmt::format("{}: a sample of {}, expected at least 2 pairs", op.name, spec.samples));
}

uint64_t sign_of(const Port& port) {
    return port.is_signed ? uint64_t{1} << (port.bits - 1) : 0;
}
uint64_t mask_of(int bits) {
    return ~uint64_t{0} >> (64 - bits);
}

detail::ErrorRule error_rule(const Operator& op) {
    detail::ErrorRule rule;
    rule.is_adder = op.kind == OperatorKind::adder;
    rule.b_bits = op.b.bits;
    rule.y_lsb = op.y_lsb;
    rule.b_mask = mask_of(op.b.bits);
    rule.a_sign = sign_of(op.a);
    rule.b_sign = sign_of(op.b);
    rule.y_sign = sign_of(op.y);
    rule.sum_mask = mask_of(op.y.bits);
    const bool is_modular = rule.is_adder && op.y.bits <= op.a.bits;
    rule.error_mask = is_modular ? mask_of(op.y.bits) : ~uint64_t{0};
    rule.error_sign = is_modular ? uint64_t{1} << (op.y.bits - 1) : 0;
    return rule;
}

detail::AddErrors kernel_of(sim::Isa isa) {
    switch (isa) {
#if defined(__x86_64__)
        case sim::Isa::avx2:
            return detail::kAddErrorsAvx2;
        case sim::Isa::avx512:
        case sim::Isa::avx512_vnni:
            return detail::kAddErrorsAvx512;
#endif
        default:
            return detail::kAddErrorsPortable;
    }
}

BlockFigures folded(const detail::ErrorLanes& lanes, uint64_t pairs) {
    BlockFigures block;
    block.pairs = pairs;
    std::array<double, BlockSum::kLanes> relative{};
    for (size_t lane = 0; lane < relative.size(); ++lane) {
        block.wrong_pairs += lanes.wrong_pairs[lane];
        block.sum += static_cast<int64_t>(lanes.sum[lane]);
        block.abs_sum += lanes.abs_sum[lane];
        block.square_sum_high += lanes.square_sum_high[lane];
        block.square_sum_low += lanes.square_sum_low[lane];
        block.max_abs = std::max(block.max_abs, lanes.max_abs[lane]);
        block.max_exact = std::max(block.max_exact, lanes.max_exact[lane]);
        block.max_relative = std::max(block.max_relative, lanes.max_relative[lane]);
        relative[lane] = lanes.relative_sum[lane];
    }
    block.relative_sum = BlockSum::tree(relative);
    return block;
}

/// Evaluates the netlist on up to kStepLanes pairs at a time; one for each thread.
class Evaluator {
  public:
    Evaluator(const Operator& op, const sim::NetlistProgram& program, sim::Isa isa)
        : op_(op),
          program_(program),
          isa_(isa),
          inputs_(program.inputs() * kStepWords),
          outputs_(program.outputs() * kStepWords) {}

    /// y of the `pairs` pairs with indices a_raw << b_bits | b_raw from `first` on, a multiple of 64.
    template <typename Code>
    void count(uint64_t first, std::span<Code> y) {
        const size_t words = words_of(y.size());
        for (int bit = 0; bit < op_.a.bits + op_.b.bits; ++bit) {
            const int input = bit < op_.b.bits ? op_.a.bits + bit : bit - op_.b.bits;
            sim::counting_plane(bit, first, std::span(inputs_).subspan(static_cast<size_t>(input) * words, words));
        }
        evaluate(words, y);
    }

    /// y of pairs given one by one.
    void look_up(std::span<const uint64_t> a, std::span<const uint64_t> b, std::span<uint64_t> y) {
        const size_t words = words_of(y.size()), a_words = static_cast<size_t>(op_.a.bits) * words;
        const std::span planes(inputs_);
        sim::codes_to_planes(a, op_.a.bits, words, planes.first(a_words), isa_);
        sim::codes_to_planes(b, op_.b.bits, words, planes.subspan(a_words, static_cast<size_t>(op_.b.bits) * words),
                             isa_);
        evaluate(words, y);
    }

  private:
    static size_t words_of(size_t lanes) { return (lanes + 63) / 64; }

    template <typename Code>
    void evaluate(size_t words, std::span<Code> y) {
        const std::span outputs = std::span(outputs_).first(program_.outputs() * words);
        program_.evaluate(words, std::span(inputs_).first(program_.inputs() * words), outputs);
        sim::planes_to_codes(outputs, op_.y.bits, words, y, isa_);
    }

    const Operator& op_;
    const sim::NetlistProgram& program_;
    sim::Isa isa_;
    std::vector<uint64_t> inputs_, outputs_;
};

/// Hands the blocks of kBlockPairs out to threads as they come, calls body(evaluator, block, first, pairs) for each.
template <typename Body>
void each_block(const Operator& op, uint64_t pairs, int threads, const MetricsProgress& progress, sim::Isa isa,
                const Body& body) {
    const sim::NetlistProgram program(*op.netlist, isa);
    const uint64_t blocks = (pairs + kBlockPairs - 1) / kBlockPairs;
    const size_t workers = std::min(static_cast<size_t>(std::max(threads, 1)), static_cast<size_t>(blocks));
    std::atomic<uint64_t> next = 0, done = 0;
    const std::thread::id caller = std::this_thread::get_id();
    sim::parallel_for(workers, static_cast<int>(workers), [&](size_t, size_t) {
        Evaluator evaluator(op, program, isa);
        for (uint64_t block = next++; block < blocks; block = next++) {
            const uint64_t first = block * kBlockPairs, count = std::min(kBlockPairs, pairs - first);
            body(evaluator, static_cast<size_t>(block), first, static_cast<size_t>(count));
            const uint64_t so_far = done += count;
            if (progress && std::this_thread::get_id() == caller) progress(so_far, pairs);
        }
    });
}

size_t blocks_of(uint64_t pairs) {
    return static_cast<size_t>((pairs + kBlockPairs - 1) / kBlockPairs);
}

MetricsAccumulator count_with_kernel(const Operator& op, uint64_t total, int threads, const MetricsProgress& progress,
                                     sim::Isa isa) {
    const detail::ErrorRule rule = error_rule(op);
    const detail::AddErrors add_errors = kernel_of(isa);
    std::vector<BlockFigures> blocks(blocks_of(total));
    each_block(op, total, threads, progress, isa,
               [&](Evaluator& evaluator, size_t block, uint64_t first, size_t pairs) {
                   std::array<uint32_t, kStepLanes> y;
                   detail::ErrorLanes lanes{};
                   for (size_t done = 0; done < pairs; done += kStepLanes) {
                       const std::span step = std::span(y).first(std::min(pairs - done, kStepLanes));
                       evaluator.count(first + done, step);
                       add_errors(rule, step.data(), first + done, step.size(), lanes);
                   }
                   blocks[block] = folded(lanes, pairs);
               });
    MetricsAccumulator all(op);
    for (const BlockFigures& block : blocks) all.append(block);
    return all;
}

/// Any operator, pair by pair. fill(evaluator, block, first, a, b, y): the codes of the pairs of one step.
template <typename Fill>
MetricsAccumulator accumulate(const Operator& op, uint64_t total, int threads, const MetricsProgress& progress,
                              sim::Isa isa, const Fill& fill) {
    std::vector<MetricsAccumulator> blocks(blocks_of(total), MetricsAccumulator(op));
    each_block(op, total, threads, progress, isa,
               [&](Evaluator& evaluator, size_t block, uint64_t first, size_t pairs) {
                   std::vector<uint64_t> a(pairs), b(pairs), y(pairs);
                   fill(block, first, a, b);
                   for (size_t done = 0; done < pairs; done += kStepLanes) {
                       const size_t count = std::min(pairs - done, kStepLanes);
                       evaluator.look_up(std::span(a).subspan(done, count), std::span(b).subspan(done, count),
                                         std::span(y).subspan(done, count));
                   }
                   for (size_t i = 0; i < pairs; ++i) blocks[block].add(a[i], b[i], y[i]);
               });
    MetricsAccumulator all(op);
    for (const MetricsAccumulator& block : blocks) all.append(block);
    return all;
}

using Codes = std::vector<uint64_t>;

MetricsAccumulator count_pair_by_pair(const Operator& op, uint64_t total, int threads, const MetricsProgress& progress,
                                      sim::Isa isa) {
    return accumulate(op, total, threads, progress, isa, [&](size_t, uint64_t first, Codes& a, Codes& b) {
        for (size_t i = 0; i < a.size(); ++i) {
            a[i] = (first + i) >> op.b.bits;
            b[i] = (first + i) & mask_of(op.b.bits);
        }
    });
}

MetricsAccumulator sample(const Operator& op, const MetricsSpec& spec, int threads, const MetricsProgress& progress,
                          sim::Isa isa) {
    return accumulate(op, spec.samples, threads, progress, isa, [&](size_t block, uint64_t, Codes& a, Codes& b) {
        sim::Random random(spec.seed, block);
        for (size_t i = 0; i < a.size(); ++i) {
            a[i] = random.bits() >> (64 - op.a.bits);
            b[i] = random.bits() >> (64 - op.b.bits);
        }
    });
}

MetricsAccumulator corner_pairs(const Operator& op, int threads, sim::Isa isa) {
    const Codes a_corners = corner_patterns(op.a.bits), b_corners = corner_patterns(op.b.bits);
    const size_t total = a_corners.size() * b_corners.size();
    return accumulate(op, total, threads, {}, isa, [&](size_t, uint64_t first, Codes& a, Codes& b) {
        for (size_t i = 0; i < a.size(); ++i) {
            a[i] = a_corners[(first + i) / b_corners.size()];
            b[i] = b_corners[(first + i) % b_corners.size()];
        }
    });
}

struct Range {
    Int128 lowest, highest;
};
Range range_of(const Port& port) {
    const Int128 one = 1;
    return port.is_signed ? Range{-(one << (port.bits - 1)), (one << (port.bits - 1)) - 1}
                          : Range{0, (one << port.bits) - 1};
}

}  // namespace

namespace detail {

bool takes_figure_kernel(const Operator& op) {
    const int bits = op.a.bits + op.b.bits;
    if (bits < 9 || bits > 32 || op.y.bits > 32 || op.y_lsb < 0 || op.y.bits + op.y_lsb > 40) return false;
    const Int128 most = (Int128{1} << 32) - 1;
    Range y = range_of(op.y), exact = y;
    if (op.kind == OperatorKind::multiplier) {
        const Range a = range_of(op.a), b = range_of(op.b);
        const auto products = {a.lowest * b.lowest, a.lowest * b.highest, a.highest * b.lowest, a.highest * b.highest};
        exact = {std::min(products), std::max(products)};
    }
    y = {y.lowest << op.y_lsb, y.highest << op.y_lsb};
    return y.highest - exact.lowest <= most && exact.highest - y.lowest <= most;
}

}  // namespace detail

NetlistMetrics netlist_metrics(const Operator& op, const MetricsSpec& spec, int threads,
                               const MetricsProgress& progress, sim::Isa isa) {
    check(op, spec);
    NetlistMetrics result;
    const int bits = op.a.bits + op.b.bits;
    result.exhaustive = bits <= spec.exhaustive_bits;
    if (result.exhaustive) {
        result.pairs = uint64_t{1} << bits;
        const auto count = detail::takes_figure_kernel(op) ? count_with_kernel : count_pair_by_pair;
        result.metrics = count(op, result.pairs, threads, progress, isa).result();
        return result;
    }
    result.pairs = spec.samples;
    MetricsAccumulator pairs = sample(op, spec, threads, progress, isa);
    result.confidence = pairs.confidence();
    pairs.add_worst_cases(corner_pairs(op, threads, isa));
    result.metrics = pairs.result();
    return result;
}

}  // namespace concrete::gen
