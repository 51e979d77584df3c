#include "gen/netlist_check.h"

#include <algorithm>
#include <fmt/format.h>

#include "sim/error.h"
#include "sim/parallel.h"
#include "sim/planes.h"

namespace concrete::gen {
namespace {

/// Pairs evaluated at a time: their planes stay in the second-level cache.
constexpr size_t kPairs = size_t{1} << 14;

/// Planes and codes of one thread.
struct Buffers {
    std::vector<uint64_t> inputs, outputs, y;
    size_t words = 0;

    void resize(const sim::NetlistProgram& program, size_t pairs) {
        words = (pairs + 63) / 64;
        inputs.resize(program.inputs() * words);
        outputs.resize(program.outputs() * words);
        y.resize(pairs);
    }
    std::span<uint64_t> input_planes(int first, int count) {
        return std::span(inputs).subspan(static_cast<size_t>(first) * words, static_cast<size_t>(count) * words);
    }
};

}  // namespace

NetlistCheck::NetlistCheck(const sim::Operator& op, int threads) : op_(op), program_(*op.netlist), threads_(threads) {}

void NetlistCheck::fail(uint64_t a, uint64_t b, uint64_t y, uint64_t expected) const {
    throw InputError(
        fmt::format("{}: Yosys and Verilator read this Verilog differently: at {}={:#x} {}={:#x} the netlist gives "
                    "{:#x}, the simulation {:#x}; use a construct that both tools treat alike",
                    op_.name, op_.a.name, a, op_.b.name, b, y, expected));
}

template <typename Fill, typename Operands>
void NetlistCheck::compare_blocks(std::span<const uint64_t> y_raw, const Fill& fill, const Operands& operands) const {
    sim::parallel_for((y_raw.size() + kPairs - 1) / kPairs, threads_, [&](size_t begin, size_t end) {
        Buffers buffers;
        for (size_t block = begin; block < end; ++block) {
            const size_t first = block * kPairs, pairs = std::min(kPairs, y_raw.size() - first);
            buffers.resize(program_, pairs);
            fill(buffers, first, pairs);
            program_.evaluate(buffers.words, buffers.inputs, buffers.outputs);
            sim::planes_to_codes(buffers.outputs, op_.y.bits, buffers.words, std::span(buffers.y));
            for (size_t k = 0; k < pairs; ++k) {
                if (buffers.y[k] == y_raw[first + k]) continue;
                const auto [a, b] = operands(first + k);
                fail(a, b, buffers.y[k], y_raw[first + k]);
            }
        }
    });
}

void NetlistCheck::compare(std::span<const uint64_t> a_raw, std::span<const uint64_t> b_raw,
                           std::span<const uint64_t> y_raw) const {
    if (a_raw.size() != b_raw.size() || a_raw.size() != y_raw.size())
        throw ShapeError(
            fmt::format("{}: {} values of a, {} of b and {} of y", op_.name, a_raw.size(), b_raw.size(), y_raw.size()));
    const auto fill = [&](Buffers& buffers, size_t first, size_t pairs) {
        sim::codes_to_planes(a_raw.subspan(first, pairs), op_.a.bits, buffers.words,
                             buffers.input_planes(0, op_.a.bits));
        sim::codes_to_planes(b_raw.subspan(first, pairs), op_.b.bits, buffers.words,
                             buffers.input_planes(op_.a.bits, op_.b.bits));
    };
    compare_blocks(y_raw, fill, [&](size_t k) { return std::pair(a_raw[k], b_raw[k]); });
}

void NetlistCheck::compare_range(uint64_t first_pair, std::span<const uint64_t> y_raw) const {
    // The number of a pair holds b in its low bits; the netlist's inputs begin with a.
    const auto fill = [&](Buffers& buffers, size_t first, size_t) {
        for (int bit = 0; bit < op_.a.bits; ++bit)
            sim::counting_plane(op_.b.bits + bit, first_pair + first, buffers.input_planes(bit, 1));
        for (int bit = 0; bit < op_.b.bits; ++bit)
            sim::counting_plane(bit, first_pair + first, buffers.input_planes(op_.a.bits + bit, 1));
    };
    compare_blocks(y_raw, fill, [&](size_t k) {
        const uint64_t pair = first_pair + k;
        return std::pair(pair >> op_.b.bits, sim::encode(static_cast<int64_t>(pair), op_.b.bits));
    });
}

}  // namespace concrete::gen
