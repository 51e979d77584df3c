#include "sim/netlist_mac.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <optional>
#include <utility>
#include <vector>

#include "sim/bitslice.h"
#include "sim/error.h"
#include "sim/step_code.h"

namespace concrete::sim {
namespace {

// Circuits up to this size leave the processor waiting at their ends, so that two steps go into one; of larger ones
// two would keep more values than there are registers.
constexpr size_t kNodesForTwoSteps = 320;

/// 32 copies of each bit of a byte.
struct ByteMasks {
    alignas(32) uint32_t of[256][8];
};

constexpr ByteMasks byte_masks() {
    ByteMasks masks{};
    for (size_t code = 0; code < 256; ++code)
        for (size_t bit = 0; bit < 8; ++bit) masks.of[code][bit] = (code >> bit & 1) != 0 ? ~uint32_t{0} : 0;
    return masks;
}

constexpr ByteMasks kByteMasks = byte_masks();

/// Steps as machine code, one by one or in pairs.
class CodeRunner : public StepRunner {
  public:
    CodeRunner(StepCode single, std::optional<StepCode> pair, const StepCircuit& circuit)
        : single_(std::move(single)),
          pair_(std::move(pair)),
          lane_words_(circuit.lane_planes * StepCode::kWords),
          other_bits_(circuit.other_bits) {}

    size_t block_words(size_t) const override { return StepCode::kWords; }

    void run(size_t, const uint64_t* lanes, std::span<const uint32_t> codes, uint64_t* acc) const override {
        constexpr size_t kChunk = 256;                // steps whose masks stay in the nearest cache
        std::array<uint32_t, kChunk * 32 + 8> masks;  // written in groups of 8, the last of which may be too long
        while (!codes.empty()) {
            const size_t count = std::min(kChunk, codes.size());
            expand(codes.first(count), masks.data());
            const size_t paired = pair_ ? count / 2 * 2 : 0;
            if (pair_) pair_->run(lanes, masks.data(), paired, acc);
            single_.run(lanes + paired * lane_words_, masks.data() + paired * other_bits_, count - paired, acc);
            lanes += count * lane_words_;
            codes = codes.subspan(count);
        }
    }

  private:
    void expand(std::span<const uint32_t> codes, uint32_t* masks) const {
        for (const uint32_t code : codes) {
            std::copy_n(kByteMasks.of[code & 255], 8, masks);
            for (size_t bit = 8; bit < other_bits_; bit += 8)
                std::copy_n(kByteMasks.of[code >> bit & 255], 8, masks + bit);
            masks += other_bits_;
        }
    }

    StepCode single_;
    std::optional<StepCode> pair_;
    size_t lane_words_, other_bits_;
};

/// Steps by interpretation. Inputs of the program stand together, in two copies: a step reads one and writes the
/// accumulator of the other.
class ProgramRunner : public StepRunner {
  public:
    ProgramRunner(StepCircuit circuit, Isa isa) : circuit_(std::move(circuit)), program_(circuit_.netlist, isa) {
        circuit_.netlist = {};
    }

    size_t block_words(size_t lanes) const override { return std::min((lanes + 63) / 64, program_.block_words()); }

    void run(size_t words, const uint64_t* lanes, std::span<const uint32_t> codes, uint64_t* acc) const override {
        static thread_local std::vector<uint64_t> now, next;
        now.resize(program_.inputs() * words);
        next.resize(now.size());
        const size_t acc_words = circuit_.acc_bits * words;
        const auto accumulator = [&](std::vector<uint64_t>& inputs) { return std::span(inputs).last(acc_words); };
        std::copy_n(acc, acc_words, accumulator(now).data());
        for (const uint32_t code : codes) {
            fill(words, lanes, code, now.data());
            program_.evaluate(words, now, accumulator(next));
            std::swap(now, next);
            lanes += circuit_.lane_planes * words;
        }
        std::copy_n(accumulator(now).data(), acc_words, acc);
    }

  private:
    /// The inputs before the accumulator.
    void fill(size_t words, const uint64_t* lanes, uint32_t code, uint64_t* inputs) const {
        for (const StepCircuit::Place& place : circuit_.inputs) {
            if (place.from == StepCircuit::From::lane) std::copy_n(lanes + place.index * words, words, inputs);
            if (place.from == StepCircuit::From::other)
                std::fill_n(inputs, words, uint64_t{0} - (code >> place.index & 1));
            inputs += words;
        }
    }

    StepCircuit circuit_;
    NetlistProgram program_;
};

std::unique_ptr<const StepRunner> make_runner(const ProductModel& products, const AccumulatorSpec& acc, LaneSide side,
                                              bool may_skip, Isa isa, NetlistMac::Method method) {
    StepCircuit single = step_circuit(products, acc, side, {1, may_skip});
    if (isa >= Isa::avx512 && method == NetlistMac::Method::fastest) {
        if (std::optional<StepCode> code = StepCode::make(single)) {
            std::optional<StepCode> pair = code->figures().nodes <= kNodesForTwoSteps
                                               ? StepCode::make(step_circuit(products, acc, side, {2, may_skip}))
                                               : std::nullopt;
            return std::make_unique<CodeRunner>(std::move(*code), std::move(pair), single);
        }
    }
    return std::make_unique<ProgramRunner>(std::move(single), isa);
}

}  // namespace

NetlistMac::NetlistMac(std::shared_ptr<const ProductModel> products, const AccumulatorSpec& acc, Isa isa, Method method)
    : products_(std::move(products)),
      acc_(acc),
      isa_(isa),
      method_(method),
      a_bits_(code_bits(products_->a_range())),
      w_bits_(code_bits(products_->w_range())) {
    if (const auto problem = mac_netlist_problem(*products_, acc)) throw InputError(*problem);
    if (std::max(a_bits_, w_bits_) > 32)
        throw RangeError(fmt::format("netlist: codes of {} and {} bits, expected at most 32", a_bits_, w_bits_));
}

NetlistMac::~NetlistMac() = default;

const StepRunner& NetlistMac::runner(LaneSide side, bool may_skip) const {
    Variant& variant = variants_[side == LaneSide::a ? 0 : 1][may_skip ? 1 : 0];
    std::call_once(variant.once,
                   [&] { variant.runner = make_runner(*products_, acc_, side, may_skip, isa_, method_); });
    return *variant.runner;
}

}  // namespace concrete::sim
