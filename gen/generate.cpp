#include "gen/generate.h"

#include <algorithm>
#include <fmt/format.h>
#include <random>
#include <set>

#include "gen/elaborate.h"
#include "gen/metrics.h"
#include "gen/operator_cache.h"
#include "gen/reading.h"
#include "gen/sweep.h"
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

/// Takes pairs in order: checks the closed form, collects metrics, fills the table.
class Judge {
  public:
    explicit Judge(Operator& op) : op_(op), metrics_(op) {
        if (sim::fits_table(op)) op.lut.reserve(size_t{1} << input_bits(op));
    }

    void add(uint64_t a, uint64_t b, uint64_t y) {
        if (op_.closed_form != ClosedForm::none && closed_form_pattern(op_, a, b) != y) {
            throw InputError(fmt::format("{}: is said to be {}, but gives {:#x} at {}={:#x} {}={:#x}, expected {:#x}",
                                         op_.name, sim::to_string(op_.closed_form), y, op_.a.name, a, op_.b.name, b,
                                         closed_form_pattern(op_, a, b)));
        }
        metrics_.add(a, b, y);
        if (sim::fits_table(op_)) op_.lut.push_back(static_cast<int32_t>(sim::decode(y, op_.y.bits, op_.y.is_signed)));
    }

    void finish(bool exhaustive, uint64_t seed) {
        op_.metrics = metrics_.result();
        op_.exhaustive = exhaustive;
        op_.swept_pairs = metrics_.pairs();
        op_.sample_seed = exhaustive ? 0 : seed;
    }

  private:
    Operator& op_;
    MetricsAccumulator metrics_;
};

/// Operands at which circuits tend to go wrong: 2^i, 2^i - 1 and their complements.
std::vector<uint64_t> corners(int bits) {
    std::set<uint64_t> values{0};
    for (int i = 0; i < bits; ++i)
        for (const uint64_t value : {uint64_t{1} << i, (uint64_t{1} << i) - 1})
            values.insert({value, ~value & mask(bits)});
    return {values.begin(), values.end()};
}

/// The declared sample: all corner pairs, then pairs from a 64-bit Mersenne twister.
class Sample {
  public:
    Sample(const Operator& op, uint64_t seed)
        : op_(op), random_(seed), a_corners_(corners(op.a.bits)), b_corners_(corners(op.b.bits)) {}

    uint64_t corner_pairs() const { return a_corners_.size() * b_corners_.size(); }

    /// The next `count` pairs, without y.
    Evaluations next(uint64_t count) {
        Evaluations pairs;
        pairs.a.reserve(count);
        pairs.b.reserve(count);
        for (; count > 0; --count, ++at_) {
            const bool corner = at_ < corner_pairs();
            pairs.a.push_back(corner ? a_corners_[at_ / b_corners_.size()] : random_() & mask(op_.a.bits));
            pairs.b.push_back(corner ? b_corners_[at_ % b_corners_.size()] : random_() & mask(op_.b.bits));
        }
        return pairs;
    }

  private:
    const Operator& op_;
    std::mt19937_64 random_;
    std::vector<uint64_t> a_corners_, b_corners_;
    uint64_t at_ = 0;
};

/// An operator on its way, with what is known before anything is built.
struct Work {
    const Request* request = nullptr;
    Generated made;
    std::vector<Reading> readings;
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
        Sample sample(op, seed);
        const uint64_t corner_pairs = sample.corner_pairs();
        sample.next(corner_pairs);
        result = sample.next(kReadingPairs);
    }
    result.y = rtl.evaluate(i, result.a, result.b);
    return result;
}

void sweep_all(Judge& judge, const Operator& op, const RtlOperators& rtl, size_t i) {
    const uint64_t total = uint64_t{1} << input_bits(op);
    for (uint64_t first = 0; first < total; first += kChunkPairs) {
        const std::vector<uint64_t> y = rtl.sweep_range(i, first, std::min(kChunkPairs, total - first));
        for (uint64_t k = 0; k < y.size(); ++k)
            judge.add((first + k) >> op.b.bits, (first + k) & mask(op.b.bits), y[k]);
    }
}

void sweep_sample(Judge& judge, const Operator& op, const Request& request, const RtlOperators& rtl, size_t i) {
    Sample sample(op, request.seed);
    const uint64_t total = std::max(request.samples, sample.corner_pairs());
    for (uint64_t done = 0; done < total; done += kChunkPairs) {
        const Evaluations pairs = sample.next(std::min(kChunkPairs, total - done));
        const std::vector<uint64_t> y = rtl.evaluate(i, pairs.a, pairs.b);
        for (size_t k = 0; k < y.size(); ++k) judge.add(pairs.a[k], pairs.b[k], y[k]);
    }
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
    op.or_bits = request.closed_form == ClosedForm::lower_part_or ? std::min(request.or_bits, op.a.bits) : 0;
}

/// From the built model to the finished operator.
void finish(Work& work, const RtlOperators& rtl, size_t i) {
    Operator& op = work.made.op;
    const Request& request = *work.request;
    const bool open = work.readings.size() > 1 || !request.kind;
    const Evaluations evaluations = open ? evaluate_for_reading(op, rtl, i, request.seed) : Evaluations{};
    if (const auto note = choose_reading(op, work.readings, request, evaluations)) work.made.notes.push_back(*note);
    check_closed_form(request, op);
    const bool exhaustive = input_bits(op) <= request.exhaustive_bits;
    Judge judge(op);
    exhaustive ? sweep_all(judge, op, rtl, i) : sweep_sample(judge, op, request, rtl, i);
    judge.finish(exhaustive, request.seed);
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
            if (is_small(i)) finish(batch[i], rtl, i);
    });
    for (size_t i = 0; i < batch.size(); ++i)
        if (!is_small(i)) finish(batch[i], rtl, i);
}

}  // namespace

std::vector<Operator> generate(std::span<const Request> requests, int threads, const Progress& progress,
                               const Notes& notes) {
    std::vector<Generated> made(requests.size());
    std::vector<size_t> missing;
    for (size_t i = 0; i < requests.size(); ++i) {
        if (auto cached = load_cached(requests[i])) {
            made[i] = std::move(*cached);
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
