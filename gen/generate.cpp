#include "gen/generate.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <fmt/format.h>
#include <functional>
#include <optional>

#include "gen/cost.h"
#include "gen/elaborate.h"
#include "gen/formal.h"
#include "gen/mac_unit.h"
#include "gen/metrics.h"
#include "gen/netlist_check.h"
#include "gen/netlist_metrics.h"
#include "gen/operand_sample.h"
#include "gen/operator_cache.h"
#include "gen/reading.h"
#include "gen/sweep.h"
#include "gen/synthesis.h"
#include "gen/table_decomposition.h"
#include "gen/table_import.h"
#include "sim/error.h"
#include "sim/parallel.h"
#include "sim/sources_check.h"

namespace concrete::gen {
namespace {

using sim::ClosedForm;
using sim::Operator;

/// Pairs evaluated and judged at a time, so that large sweeps need little memory.
constexpr uint64_t kChunkPairs = uint64_t{1} << 22;

/// Up to so many input bits, operators are swept side by side; wider ones one after the other, by all threads each.
constexpr int kSmallBits = 18;

/// Widest operator that is simulated on all pairs.
constexpr int kSweepBits = 32;

/// Operators a thread whose models are built together before any is swept.
constexpr size_t kBatchPerThread = 16;

/// Pairs on which readings are compared.
constexpr uint64_t kReadingPairs = uint64_t{1} << 16;

int input_bits(const Operator& op) {
    return op.a.bits + op.b.bits;
}

uint64_t mask(int bits) {
    return ~uint64_t{0} >> (64 - bits);
}

/// Throws where an operator does not give what it is said to be.
void check_claim(const Operator& op, uint64_t a, uint64_t b, uint64_t y) {
    if (op.closed_form == ClosedForm::none || closed_form_pattern(op, a, b) == y) return;
    throw InputError(fmt::format("{}: is said to be {}, but gives {:#x} at {}={:#x} {}={:#x}, expected {:#x}", op.name,
                                 sim::to_string(op.closed_form), y, op.a.name, a, op.b.name, b,
                                 closed_form_pattern(op, a, b)));
}

/// An operator on its way, with what is known before anything is built.
struct Work {
    const Request* request = nullptr;
    Generated made;
    std::vector<Reading> readings;
    double gates = 0;          // of the netlist
    std::string source_aiger;  // what the netlist is proven against
};

/// y on pairs that tell readings apart: all of a small operator, else a part of the sample.
Evaluations evaluate_for_reading(const Operator& op, const RtlOperators& rtl, size_t i, uint64_t seed) {
    Evaluations result;
    if (const int bits = input_bits(op); bits < 64 && (uint64_t{1} << bits) <= kReadingPairs) {
        for (uint64_t pair = 0; pair < uint64_t{1} << bits; ++pair) {
            result.a.push_back(pair >> op.b.bits);
            result.b.push_back(pair & mask(op.b.bits));
        }
    } else {
        // Corners alone would weigh extremes too much.
        OperandSample sample(op, seed);
        sample.next(sample.corner_pairs());
        OperandPairs pairs = sample.next(kReadingPairs);
        result.a = std::move(pairs.a);
        result.b = std::move(pairs.b);
    }
    result.y = rtl.evaluate(i, result.a, result.b);
    return result;
}

/// Calls use(first pair, y of the pairs from there on) for all pairs, part by part.
void for_all_pairs(const Operator& op, const RtlOperators& rtl, size_t i,
                   const std::function<void(uint64_t, const std::vector<uint64_t>&)>& use) {
    const uint64_t total = uint64_t{1} << input_bits(op);
    for (uint64_t first = 0; first < total; first += kChunkPairs)
        use(first, rtl.sweep_range(i, first, std::min(kChunkPairs, total - first)));
}

/// All pairs, simulated: table, figures, and the netlist on each of them.
void sweep_table(Operator& op, const RtlOperators& rtl, size_t i) {
    MetricsAccumulator metrics(op);
    std::optional<NetlistCheck> check;
    if (op.netlist) check.emplace(op, 1);
    const bool has_table = sim::fits_table(op);
    if (has_table) op.lut.reserve(size_t{1} << input_bits(op));
    for_all_pairs(op, rtl, i, [&](uint64_t first, const std::vector<uint64_t>& y) {
        for (uint64_t k = 0; k < y.size(); ++k) {
            const uint64_t a = (first + k) >> op.b.bits, b = (first + k) & mask(op.b.bits);
            check_claim(op, a, b, y[k]);
            metrics.add(a, b, y[k]);
            if (has_table) op.lut.push_back(static_cast<int32_t>(sim::decode(y[k], op.y.bits, op.y.is_signed)));
        }
        if (check) check->compare_range(first, y);
    });
    op.metrics = metrics.result();
    op.exhaustive = true;
    op.swept_pairs = metrics.pairs();
    if (op.netlist) op.equivalence = {true, false, metrics.pairs(), 0};
}

/// Simulates the declared sample and compares the netlist. Returns: the pairs simulated.
uint64_t simulate_sample(const Operator& op, const Request& request, const RtlOperators& rtl, size_t i,
                         const NetlistCheck& check) {
    OperandSample sample(op, request.seed);
    const uint64_t total = std::max(request.samples, sample.corner_pairs());
    for (uint64_t done = 0; done < total; done += kChunkPairs) {
        const OperandPairs pairs = sample.next(std::min(kChunkPairs, total - done));
        const std::vector<uint64_t> y = rtl.evaluate(i, pairs.a, pairs.b);
        for (size_t k = 0; k < y.size(); ++k) check_claim(op, pairs.a[k], pairs.b[k], y[k]);
        check.compare(pairs.a, pairs.b, y);
    }
    return total;
}

/// Formal equivalence of the netlist and the elaborated source.
void prove(Work& work) {
    Operator& op = work.made.op;
    const FormalResult proof = prove_equal(work.source_aiger, *op.netlist, op);
    if (proof.outcome == FormalResult::Outcome::different)
        throw InputError(
            fmt::format("{}: the netlist differs from the Verilog at {}={:#x} {}={:#x}: a fault of the "
                        "synthesis, please report it",
                        op.name, op.a.name, proof.a, op.b.name, proof.b));
    op.equivalence.formal = proof.outcome == FormalResult::Outcome::proven;
    if (!op.equivalence.formal)
        work.made.notes.push_back(
            fmt::format("{}: the netlist was not proven equal to the Verilog ({}); it was "
                        "compared with the simulation on {} operand pairs",
                        op.name, proof.reason, op.equivalence.vectors));
}

/// An operator too wide for a table: the netlist is compared with the simulation, proven, and gives the figures.
void establish_wide(Work& work, const RtlOperators& rtl, size_t i, int threads) {
    Operator& op = work.made.op;
    const Request& request = *work.request;
    if (!op.netlist)
        throw InputError(
            fmt::format("{}: {} input bits are too many for a table (at most {}), and there is no "
                        "netlist: {}",
                        op.name, input_bits(op), sim::kMaxTableBits, op.netlist_absence));
    const NetlistCheck check(op, threads);
    const auto start = std::chrono::steady_clock::now();
    op.equivalence = {false, false, simulate_sample(op, request, rtl, i, check), request.seed};
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    const double predicted_s = seconds * std::ldexp(1.0, input_bits(op)) / static_cast<double>(op.equivalence.vectors);
    if (input_bits(op) <= kSweepBits && predicted_s <= request.sweep_s) {
        for_all_pairs(op, rtl, i, [&](uint64_t first, const std::vector<uint64_t>& y) {
            for (uint64_t k = 0; op.closed_form != ClosedForm::none && k < y.size(); ++k)
                check_claim(op, (first + k) >> op.b.bits, (first + k) & mask(op.b.bits), y[k]);
            check.compare_range(first, y);
        });
        op.equivalence = {true, false, uint64_t{1} << input_bits(op), 0};
    }
    prove(work);
    const NetlistMetrics figures =
        netlist_metrics(op, {request.exhaustive_bits, request.samples, request.seed}, threads);
    op.metrics = figures.metrics;
    op.confidence = figures.confidence;
    op.exhaustive = figures.exhaustive;
    op.swept_pairs = figures.pairs;
    op.sample_seed = figures.exhaustive ? 0 : request.seed;
}

void check_closed_form(const Request& request, Operator& op) {
    if (request.closed_form == ClosedForm::none) return;
    const sim::OperatorKind needed =
        request.closed_form == ClosedForm::product ? sim::OperatorKind::multiplier : sim::OperatorKind::adder;
    if (op.kind != needed)
        throw InputError(fmt::format("{}: the closed form {} is for a {}, but this is a {}", request.name,
                                     sim::to_string(request.closed_form), sim::to_string(needed),
                                     sim::to_string(op.kind)));
    op.closed_form = request.closed_form;
    op.or_bits = sim::has_lower_part(request.closed_form)
                     ? std::max(0, std::min(request.or_bits, op.a.bits) - request.or_bits_less)
                     : 0;
}

/// Sets the netlist, or says why Yosys alone refuses the circuit.
void add_netlist(Work& work) {
    Operator& op = work.made.op;
    if (is_imported_table(op.sources)) {
        op.netlist_absence = "the operator was imported as a table, which is no circuit";
        return;
    }
    try {
        Synthesis made = synthesize(op);
        op.netlist = std::move(made.netlist);
        work.gates = made.gates;
        work.source_aiger = std::move(made.source_aiger);
    } catch (const SynthesisRefused& refused) {
        op.netlist_absence = std::string(refused.what()).substr(0, sim::kMaxNameLength);
        if (input_bits(op) <= sim::kMaxTableBits)
            work.made.notes.push_back(fmt::format("{}: no netlist: {}", op.name, op.netlist_absence));
    }
}

/// From the built model to the finished operator.
void finish(Work& work, const RtlOperators& rtl, size_t i, int threads) {
    Operator& op = work.made.op;
    const Request& request = *work.request;
    const bool open = work.readings.size() > 1 || !request.kind;
    const Evaluations evaluations = open ? evaluate_for_reading(op, rtl, i, request.seed) : Evaluations{};
    if (const auto note = choose_reading(op, work.readings, request, evaluations)) work.made.notes.push_back(*note);
    check_closed_form(request, op);
    add_netlist(work);
    if (input_bits(op) <= sim::kMaxTableBits) {
        sweep_table(op, rtl, i);
    } else {
        establish_wide(work, rtl, i, threads);
    }
    if (op.netlist) {
        op.cost = netlist_cost(*op.netlist, work.gates);
        op.exact_cost = exact_cost(op);
    }
    add_decomposition(op);
    store_cached(request, work.made);
}

Work prepare(const Request& request) {
    if (const auto problem = sim::name_problem(request.name)) throw InputError("operator: " + *problem);
    if (request.exhaustive_bits < sim::kMaxTableBits || request.exhaustive_bits > 32)
        throw RangeError(fmt::format("{}: exhaustive up to {} input bits was asked for, expected {} to 32",
                                     request.name, request.exhaustive_bits, sim::kMaxTableBits));
    if (request.y_lsb < 0 || request.y_lsb > 63)
        throw RangeError(fmt::format("{}: y_lsb is {}, expected 0 to 63", request.name, request.y_lsb));
    if (request.closed_form == ClosedForm::product && request.y_lsb != 0)
        throw InputError(fmt::format("{}: the closed form product is for all bits of a product, but y_lsb is {}",
                                     request.name, request.y_lsb));
    Work work;
    work.request = &request;
    const Design design = elaborate(request.sources);
    Operator& op = work.made.op;
    op.name = request.name;
    op.sources = request.sources;
    op.sources_sha256 = sources_hash(request.sources);
    op.tools = generator_tools();
    op.y_lsb = request.y_lsb;
    assign_ports(op, request, design);
    work.readings = possible_readings(op, request, design);
    return work;
}

/// Builds and sweeps some operators together.
void make_batch(std::span<Work> batch, int threads) {
    std::vector<Operator> operators;
    for (const Work& work : batch) operators.push_back(work.made.op);
    const RtlOperators rtl(operators, threads);
    const auto is_small = [&](size_t i) { return input_bits(operators[i]) <= kSmallBits; };
    sim::parallel_for(batch.size(), threads, [&](size_t begin, size_t end) {
        for (size_t i = begin; i < end; ++i)
            if (is_small(i)) finish(batch[i], rtl, i, 1);
    });
    for (size_t i = 0; i < batch.size(); ++i)
        if (!is_small(i)) finish(batch[i], rtl, i, threads);
}

}  // namespace

std::vector<Operator> generate(std::span<const Request> requests, int threads, const Progress& progress,
                               const Notes& notes) {
    std::vector<Generated> made(requests.size());
    std::vector<size_t> missing;
    for (size_t i = 0; i < requests.size(); ++i) {
        if (auto cached = load_cached(requests[i])) {
            made[i] = std::move(*cached);
        } else if (requests[i].kind == sim::OperatorKind::mac) {
            made[i] = make_mac_unit(requests[i]);
            store_cached(requests[i], made[i]);
        } else {
            missing.push_back(i);
        }
    }
    size_t done = requests.size() - missing.size();
    if (progress) progress(done, requests.size());
    const size_t batch_size = kBatchPerThread * static_cast<size_t>(std::max(threads, 1));
    for (size_t first = 0; first < missing.size(); first += batch_size) {
        const size_t count = std::min(batch_size, missing.size() - first);
        std::vector<Work> batch(count);
        sim::parallel_for(count, threads, [&](size_t begin, size_t end) {
            for (size_t k = begin; k < end; ++k) batch[k] = prepare(requests[missing[first + k]]);
        });
        make_batch(batch, threads);
        for (size_t k = 0; k < count; ++k) made[missing[first + k]] = std::move(batch[k].made);
        if (progress) progress(done += count, requests.size());
    }
    std::vector<Operator> result;
    for (Generated& generated : made) {
        if (notes)
            for (const std::string& note : generated.notes) notes(note);
        result.push_back(std::move(generated.op));
    }
    return result;
}

}  // namespace concrete::gen
