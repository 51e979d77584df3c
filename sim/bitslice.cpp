#include "sim/bitslice.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <optional>

#include "sim/aligned.h"
#include "sim/error.h"
#include "sim/netlist_function.h"

namespace concrete::sim {
namespace {

constexpr uint16_t kZeroSlot = 0, kOneSlot = 1;
constexpr size_t kMaxSlots = 1 << 16;

const detail::BitsliceKernels& kernels_of(Isa isa) {
    switch (isa) {
#if defined(__x86_64__)
        case Isa::avx2:
            return detail::kBitsliceAvx2;
        case Isa::avx512:
        case Isa::avx512_vnni:
            return detail::kBitsliceAvx512;
#endif
        default:
            return detail::kBitslicePortable;
    }
}

/// For each signal, the last node that reads it: its index + 1, 0 for none, ~0 if an output does. Nodes from which no
/// output can be reached do not count.
std::vector<uint32_t> last_readers(const Netlist& netlist) {
    std::vector<uint32_t> last(netlist.signals(), 0);
    for (const uint32_t signal : netlist.outputs) last[signal] = ~uint32_t{0};
    for (size_t i = netlist.nodes.size(); i-- > 0;) {
        if (last[netlist.first_node() + i] == 0) continue;
        for (const uint32_t fanin : netlist.nodes[i].fanin)
            last[fanin] = std::max(last[fanin], static_cast<uint32_t>(i + 1));
    }
    return last;
}

/// Slots by number, the one freed last first: it is the one most likely in the nearest cache.
class SlotPool {
  public:
    uint16_t take() {
        if (!free_.empty()) {
            const uint16_t slot = free_.back();
            free_.pop_back();
            return slot;
        }
        if (used_ == kMaxSlots) {
            throw RangeError(
                fmt::format("netlist: more than {} values are in use at a time; order its nodes so that each stands "
                            "near its readers",
                            kMaxSlots));
        }
        return static_cast<uint16_t>(used_++);
    }
    void give(uint16_t slot) { free_.push_back(slot); }
    size_t used() const { return used_; }

  private:
    std::vector<uint16_t> free_;
    size_t used_ = 2;  // the constants
};

/// A step for one node. Functions of one signal or none ignore the second slot, those of none the first as well.
detail::BitsliceStep step_of(const NodeFunction& function, uint16_t out, const std::vector<uint16_t>& slot_of) {
    const auto slot = [&](size_t k) { return k < function.count ? slot_of[function.signals[k]] : kZeroSlot; };
    unsigned operation = detail::kThree + function.table;
    if (function.count == 2) operation = detail::kTwo + function.table;
    if (function.count == 1) operation = detail::kTwo + (function.table & 1) * 0b0011 + (function.table >> 1) * 0b1100;
    if (function.count == 0) operation = detail::kTwo + function.table * 0b1111;
    return {static_cast<uint16_t>(operation), out, slot(0), slot(1), slot(2), kZeroSlot};
}

/// One step for two functions of the same two or three signals, one of which is their sum; nothing if none is. Args:
/// first_out: slot of the first one's value. step: that for the second one alone.
std::optional<detail::BitsliceStep> merged(const NodeFunction& first, uint16_t first_out, const NodeFunction& second,
                                           const detail::BitsliceStep& step) {
    if (!first.same_signals(second) || first.count < 2) return std::nullopt;
    const bool three = first.count == 3;
    const unsigned sum = three ? 0x96 : 0b0110, complement = three ? 0x69 : 0b1001;
    const auto with_sum = [&](const NodeFunction& total, uint16_t total_out, const NodeFunction& other, uint16_t out) {
        unsigned operation = (three ? detail::kThreeAndSum : detail::kTwoAndSum) + other.table;
        if (total.table == complement) operation += three ? detail::kThreeComplement : detail::kTwoComplement;
        return detail::BitsliceStep{static_cast<uint16_t>(operation), out, step.f0, step.f1, step.f2, total_out};
    };
    const auto is_sum = [&](const NodeFunction& function) {
        return function.table == sum || function.table == complement;
    };
    if (is_sum(first)) return with_sum(first, first_out, second, step.out);
    if (is_sum(second)) return with_sum(second, step.out, first, first_out);
    return std::nullopt;
}

}  // namespace

NetlistProgram::NetlistProgram(const Netlist& netlist, Isa isa)
    : isa_(isa), kernels_(&kernels_of(isa)), inputs_(netlist.inputs) {
    if (const auto problem = netlist_problem(netlist)) throw InputError("netlist: " + *problem);
    allocate(netlist);
}

void NetlistProgram::allocate(const Netlist& netlist) {
    const std::vector<uint32_t> last = last_readers(netlist);
    std::vector<uint16_t> slot_of(netlist.signals(), kZeroSlot);
    slot_of[Netlist::kOne] = kOneSlot;
    SlotPool pool;
    std::optional<NodeFunction> previous;  // of the last step, unless it is two nodes already
    for (uint32_t i = 0; i < netlist.inputs; ++i) {
        const uint32_t signal = netlist.input(i);
        if (last[signal] == 0) continue;
        slot_of[signal] = pool.take();
        used_inputs_.push_back({i, slot_of[signal]});
    }
    for (uint32_t i = 0; i < netlist.nodes.size(); ++i) {
        const uint32_t signal = netlist.first_node() + i;
        if (last[signal] == 0) continue;
        const Netlist::Node& node = netlist.nodes[i];
        for (size_t k = 0; k < 3; ++k) {
            const uint32_t fanin = node.fanin[k];
            const bool repeated =
                std::find(node.fanin.begin(), node.fanin.begin() + k, fanin) != node.fanin.begin() + k;
            if (fanin >= Netlist::kFirstInput && last[fanin] == i + 1 && !repeated) pool.give(slot_of[fanin]);
        }
        const NodeFunction function = function_of(node);
        slot_of[signal] = pool.take();  // may be a fanin's: kernels read before they write
        const detail::BitsliceStep step = step_of(function, slot_of[signal], slot_of);
        // Neighbors only: the slots of the fanins are then still what they were.
        const auto both = previous ? merged(*previous, steps_.back().out, function, step) : std::nullopt;
        if (both) {
            steps_.back() = *both;
            previous.reset();
        } else {
            steps_.push_back(step);
            previous = function;
        }
        ++nodes_;
    }
    for (const uint32_t signal : netlist.outputs) outputs_.push_back(slot_of[signal]);
    slots_ = pool.used();
}

void NetlistProgram::evaluate(size_t words, std::span<const uint64_t> inputs, std::span<uint64_t> outputs) const {
    if (inputs.size() != inputs_ * words || outputs.size() != outputs_.size() * words) {
        throw ShapeError(
            fmt::format("netlist: {} input words and {} output words, expected {} and {} planes of {} words each",
                        inputs.size(), outputs.size(), inputs_, outputs_.size(), words));
    }
    size_t done = 0;
    for (const detail::BitsliceKernel* kernel : {&kernels_->wide, &kernels_->narrow}) {
        for (; words - done >= kernel->words; done += kernel->words)
            run(*kernel, words, done, kernel->words, inputs.data(), outputs.data());
    }
    if (done < words) run(kernels_->narrow, words, done, words - done, inputs.data(), outputs.data());
}

void NetlistProgram::run(const detail::BitsliceKernel& kernel, size_t words, size_t first, size_t count,
                         const uint64_t* inputs, uint64_t* outputs) const {
    // Kept between calls: a program is often called for few lanes at a time.
    thread_local AlignedWords workspace;
    workspace.reserve(slots_ * kernel.words);
    uint64_t* const slots = workspace.data();
    const auto slot = [&](uint16_t index) { return slots + index * kernel.words; };
    std::fill_n(slot(kZeroSlot), kernel.words, 0);
    std::fill_n(slot(kOneSlot), kernel.words, ~uint64_t{0});
    for (const Pin& pin : used_inputs_) {
        uint64_t* const to = std::copy_n(inputs + pin.plane * words + first, count, slot(pin.slot));
        std::fill(to, slot(pin.slot) + kernel.words, 0);
    }
    kernel.run(steps_.data(), steps_.size(), slots);
    for (size_t i = 0; i < outputs_.size(); ++i) std::copy_n(slot(outputs_[i]), count, outputs + i * words + first);
}

}  // namespace concrete::sim
