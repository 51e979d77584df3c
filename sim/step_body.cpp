#include "sim/step_body.h"

#include <algorithm>
#include <array>
#include <deque>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "sim/netlist_function.h"
#include "sim/step_order.h"

namespace concrete::sim::detail {
namespace {

using Source = X86Assembler::Source;
using Zmm = X86Assembler::Zmm;

constexpr size_t kRegisters = 32;
constexpr size_t kNever = std::numeric_limits<size_t>::max();
constexpr uint32_t kNone = std::numeric_limits<uint32_t>::max();
constexpr size_t kPlaneBytes = 64, kMaskBytes = 4;
// Found by trying them on multipliers of 8 to 16 bits.
constexpr size_t kPatience = 3, kSpare = 2;

int32_t bytes(size_t index, size_t unit) {
    return static_cast<int32_t>(index * unit);
}

/// When each signal is read: by which nodes, counted in the order in which they are written.
class Readers {
  public:
    Readers(size_t signals, const std::vector<NodeFunction>& functions) : of_(signals), next_(signals) {
        for (size_t at = 0; at < functions.size(); ++at)
            for (size_t k = 0; k < functions[at].count; ++k) of_[functions[at].signals[k]].push_back(at);
    }

    /// The first reader after node `at`, which never goes back; kNever for none.
    size_t after(uint32_t signal, size_t at) {
        size_t& next = next_[signal];
        while (next < of_[signal].size() && of_[signal][next] <= at) ++next;
        return next < of_[signal].size() ? of_[signal][next] : kNever;
    }

  private:
    std::vector<std::vector<size_t>> of_;
    std::vector<size_t> next_;
};

/// Signals, registers and memory while code is written.
///
/// A value is in a register, in memory (its *home*), or both. Inputs have a home from the start, outputs once they are
/// stored; others get one, a slot, when their register is needed for something else.
class Body {
  public:
    Body(const StepCircuit& circuit, const StepBases& bases, X86Assembler& code, StepCode::Figures& figures)
        : netlist_(circuit.netlist),
          bases_(bases),
          code_(code),
          figures_(figures),
          order_(order_for_latency(netlist_)),
          functions_(functions_in(netlist_, order_)),
          readers_(netlist_.signals(), functions_),
          values_(netlist_.signals()) {
        held_.fill(kNone);
        for (Zmm zmm = 0; zmm < kRegisters; ++zmm) free_.push_back(zmm);
        for (uint32_t i = 0; i < netlist_.inputs; ++i) values_[netlist_.input(i)].home = place(circuit.inputs[i]);
        for (uint32_t i = 0; i < netlist_.outputs.size(); ++i) values_[netlist_.outputs[i]].outputs.push_back(i);
    }

    void write() {
        for (at_ = 0; at_ < order_.size(); ++at_) write_node();
        for (uint32_t signal = 0; signal < netlist_.first_node(); ++signal)
            if (!values_[signal].outputs.empty()) write_plain_output(signal);
        figures_.nodes = order_.size();
    }

    size_t slots() const { return slots_; }

  private:
    struct Value {
        std::optional<Zmm> zmm;
        std::optional<Source> home;
        std::optional<size_t> slot;
        std::vector<uint32_t> outputs;
    };

    static std::vector<NodeFunction> functions_in(const Netlist& netlist, const std::vector<uint32_t>& order) {
        std::vector<NodeFunction> functions;
        for (const uint32_t node : order) functions.push_back(function_of(netlist.nodes[node]));
        return functions;
    }

    Source place(const StepCircuit::Place& place) const {
        switch (place.from) {
            case StepCircuit::From::lane:
                return Source::at({bases_.lanes, bytes(place.index, kPlaneBytes)});
            case StepCircuit::From::accumulator:
                return Source::at({bases_.now, bytes(place.index, kPlaneBytes)});
            default:
                return Source::broadcast({bases_.masks, bytes(place.index, kMaskBytes)});
        }
    }

    size_t next_reader(uint32_t signal) { return readers_.after(signal, at_); }
    bool is_last_read(uint32_t signal) { return next_reader(signal) == kNever; }
    bool in_register(uint32_t signal) const { return values_[signal].zmm.has_value(); }
    Source source(uint32_t signal) const {
        const Value& value = values_[signal];
        return value.zmm ? Source::of(*value.zmm) : *value.home;
    }

    /// A register for a new value.
    Zmm take() {
        if (free_.empty()) evict();
        const Zmm zmm = free_.front();
        free_.pop_front();
        busy_ |= 1u << zmm;
        return zmm;
    }

    void put(uint32_t signal, Zmm zmm) {
        values_[signal].zmm = zmm;
        held_[zmm] = signal;
    }

    /// Takes the register away from a value, which is given back as free by the caller if need be.
    Zmm withdraw(uint32_t signal) {
        const Zmm zmm = *values_[signal].zmm;
        values_[signal].zmm.reset();
        held_[zmm] = kNone;
        return zmm;
    }

    /// Frees the register, not of this node's, of the value needed last. One with a home costs no store: it goes even
    /// if it is needed kPatience times as soon.
    void evict() {
        const auto distance = [&](Zmm zmm) {
            const size_t nodes = next_reader(held_[zmm]) - at_;
            return values_[held_[zmm]].home ? kPatience * nodes : nodes;
        };
        std::optional<Zmm> best;
        for (Zmm zmm = 0; zmm < kRegisters; ++zmm) {
            if ((busy_ >> zmm & 1) != 0) continue;
            if (!best || distance(zmm) > distance(*best)) best = zmm;
        }
        if (!values_[held_[*best]].home) spill(held_[*best]);
        free_.push_back(withdraw(held_[*best]));
    }

    void spill(uint32_t signal) {
        Value& value = values_[signal];
        if (free_slots_.empty()) free_slots_.push_back(slots_++);
        value.slot = free_slots_.back();
        free_slots_.pop_back();
        const X86Assembler::Memory slot{bases_.spilled, bytes(*value.slot, kPlaneBytes)};
        value.home = Source::at(slot);
        code_.store(slot, *value.zmm);
        ++figures_.spills;
    }

    void load(uint32_t signal) {
        const Zmm zmm = take();
        code_.move(zmm, *values_[signal].home);
        put(signal, zmm);
        ++figures_.loads;
    }

    void release(uint32_t signal) {
        Value& value = values_[signal];
        if (value.zmm) free_.push_back(withdraw(signal));
        if (value.slot) free_slots_.push_back(*value.slot);
        value.slot.reset();
    }

    /// A register with a value that the node may overwrite: the value's own if nobody else reads it.
    Zmm overwritable(uint32_t signal) {
        if (in_register(signal) && is_last_read(signal)) return withdraw(signal);
        const Zmm zmm = take();
        code_.move(zmm, source(signal));
        in_register(signal) ? ++figures_.moves : ++figures_.loads;
        return zmm;
    }

    /// The roles of a node's signals in a ternary instruction, all kNone for a constant. Nothing is overwritten without
    /// need: an instruction waits for the old value even if its table ignores it.
    struct Roles {
        uint32_t overwritten = kNone, second = kNone, third = kNone;
    };

    /// The signals of a node so that few instructions are needed before it: first those whose register can be
    /// overwritten, then those in memory, the latest needed first, then the others.
    std::array<uint32_t, 3> by_cost(const NodeFunction& function) {
        const auto rank = [&](uint32_t signal) {
            if (!in_register(signal)) return std::pair<size_t, size_t>{1, kNever - next_reader(signal)};
            return std::pair<size_t, size_t>{is_last_read(signal) ? 0 : 2, 0};
        };
        std::array<uint32_t, 3> signals = function.signals;
        std::stable_sort(signals.begin(), signals.begin() + static_cast<ptrdiff_t>(function.count),
                         [&](uint32_t x, uint32_t y) { return rank(x) < rank(y); });
        return signals;
    }

    Roles roles_of(const NodeFunction& function) {
        const std::array<uint32_t, 3> signals = by_cost(function);
        switch (function.count) {
            case 0:
                return {};
            case 1:
                return {signals[0], signals[0], signals[0]};
            case 2:
                return {signals[0], signals[0], signals[1]};
            default:
                if (!in_register(signals[1])) {
                    if (!in_register(signals[2])) load(signals[2]);
                    return {signals[0], signals[2], signals[1]};
                }
                return {signals[0], signals[1], signals[2]};
        }
    }

    /// The table of an instruction: bit 4 overwritten + 2 second + third.
    static uint8_t table_of(const NodeFunction& function, const Roles& roles) {
        unsigned table = 0;
        for (unsigned index = 0; index < 8; ++index) {
            unsigned values = 0;
            for (size_t k = 0; k < function.count; ++k) {
                const uint32_t signal = function.signals[k];
                const unsigned shift = signal == roles.overwritten ? 2 : signal == roles.second ? 1 : 0;
                values = 2 * values + (index >> shift & 1);
            }
            table |= (function.table >> values & 1) << index;
        }
        return static_cast<uint8_t>(table);
    }

    /// A function of two signals that has an instruction of its own.
    struct Binary {
        X86Assembler::Logic logic;
        uint32_t second, third;
    };
    static std::optional<Binary> binary_of(const NodeFunction& function) {
        using Logic = X86Assembler::Logic;
        const auto& [x, y, unused] = function.signals;
        if (function.count != 2) return std::nullopt;
        switch (function.table) {
            case 0b1000:
                return Binary{Logic::conjunction, x, y};
            case 0b0100:
                return Binary{Logic::inhibition, y, x};
            case 0b0010:
                return Binary{Logic::inhibition, x, y};
            case 0b0110:
                return Binary{Logic::exclusive_or, x, y};
            case 0b1110:
                return Binary{Logic::disjunction, x, y};
            default:
                return std::nullopt;
        }
    }

    Zmm write_binary(Binary binary) {
        if (!in_register(binary.second) && binary.logic != X86Assembler::Logic::inhibition)
            std::swap(binary.second, binary.third);
        if (!in_register(binary.second)) load(binary.second);
        const Zmm second = *values_[binary.second].zmm;
        const Source third = source(binary.third);
        const Zmm to = is_last_read(binary.second) ? withdraw(binary.second) : take();
        code_.binary_logic(binary.logic, to, second, third);
        if (third.kind != Source::Kind::zmm) ++figures_.memory_operands;
        return to;
    }

    Zmm write_ternary(const NodeFunction& function) {
        const Roles roles = roles_of(function);
        const Zmm to = roles.overwritten == kNone ? take() : overwritable(roles.overwritten);
        const Zmm second = roles.second == roles.overwritten ? to : values_[roles.second].zmm.value_or(to);
        const bool third_is_to = roles.third == roles.overwritten;
        const Source third = third_is_to ? Source::of(to) : source(roles.third);
        code_.ternary_logic(table_of(function, roles), to, second, third);
        if (third.kind != Source::Kind::zmm) ++figures_.memory_operands;
        return to;
    }

    void write_node() {
        const NodeFunction& function = functions_[at_];
        const auto signals = std::span(function.signals).first(function.count);
        busy_ = 0;
        for (const uint32_t signal : signals)
            if (in_register(signal)) busy_ |= 1u << *values_[signal].zmm;
        // What is read again comes into a register if there is one to spare.
        for (const uint32_t signal : signals)
            if (!in_register(signal) && !is_last_read(signal) && free_.size() > kSpare) load(signal);

        const std::optional<Binary> binary = binary_of(function);
        const Zmm to = binary ? write_binary(*binary) : write_ternary(function);

        for (const uint32_t signal : signals)
            if (is_last_read(signal)) release(signal);
        const uint32_t made = netlist_.first_node() + order_[at_];
        put(made, to);
        store_outputs(made, to);
        if (is_last_read(made)) release(made);
    }

    void store_outputs(uint32_t signal, Zmm zmm) {
        for (const uint32_t output : values_[signal].outputs) {
            const X86Assembler::Memory place{bases_.next, bytes(output, kPlaneBytes)};
            code_.store(place, zmm);
            values_[signal].home = Source::at(place);
        }
    }

    /// An output that is an input or a constant.
    void write_plain_output(uint32_t signal) {
        busy_ = 0;
        const Zmm zmm = take();
        if (signal >= Netlist::kFirstInput) {
            code_.move(zmm, source(signal));
        } else {
            code_.ternary_logic(signal == Netlist::kOne ? 0xff : 0x00, zmm, zmm, Source::of(zmm));
        }
        store_outputs(signal, zmm);
        free_.push_back(zmm);
    }

    const Netlist& netlist_;
    StepBases bases_;
    X86Assembler& code_;
    StepCode::Figures& figures_;
    std::vector<uint32_t> order_;  // nodes
    std::vector<NodeFunction> functions_;
    Readers readers_;
    std::vector<Value> values_;              // of each signal
    std::array<uint32_t, kRegisters> held_;  // the signal in each register
    std::deque<Zmm> free_;                   // the one longest free first
    std::vector<size_t> free_slots_;
    size_t slots_ = 0, at_ = 0;
    uint32_t busy_ = 0;  // registers of the node being written, bit by bit
};

}  // namespace

size_t write_step_body(const StepCircuit& circuit, const StepBases& bases, X86Assembler& code,
                       StepCode::Figures& figures) {
    Body body(circuit, bases, code, figures);
    body.write();
    return body.slots();
}

}  // namespace concrete::sim::detail
