#include "sim/step_code.h"

#include <algorithm>

#include "sim/aligned.h"
#include "sim/isa.h"
#include "sim/step_body.h"

namespace concrete::sim {
namespace {

using Register = X86Assembler::Register;

/// The only argument of a loop; it returns the last accumulator, which is `now` or `next`.
struct LoopArgs {
    const uint64_t* lanes;
    const uint32_t* masks;
    size_t passes;  // at least 1
    uint64_t *now, *next, *spilled;
};
using Loop = const uint64_t*(const LoopArgs*);

constexpr Register kArgs = Register::rdi, kPasses = Register::rcx;
constexpr detail::StepBases kBases{Register::rsi, Register::rdx, Register::r8, Register::r9, Register::r10};

/// Machine code has the calling convention of System V.
bool can_run() {
#if defined(__x86_64__) && defined(__unix__)
    return available_isas().back() >= Isa::avx512;
#else
    return false;
#endif
}

/// A loop over passes: each reads the accumulator from one place and writes it to another, and the two change roles.
size_t write_loop(const StepCircuit& circuit, X86Assembler& code, StepCode::Figures& figures) {
    int32_t offset = 0;
    for (const Register to : {kBases.lanes, kBases.masks, kPasses, kBases.now, kBases.next, kBases.spilled}) {
        code.load(to, {kArgs, offset});
        offset += 8;
    }
    const size_t begin = code.position();
    const size_t spill_slots = detail::write_step_body(circuit, kBases, code, figures);
    code.add(kBases.lanes,
             static_cast<int32_t>(size_t{circuit.steps} * circuit.lane_planes * StepCode::kWords * sizeof(uint64_t)));
    code.add(kBases.masks, static_cast<int32_t>(size_t{circuit.steps} * circuit.other_bits * sizeof(uint32_t)));
    code.exchange(kBases.now, kBases.next);
    code.decrement(kPasses);
    code.jump_back_unless_zero(begin);
    code.move(Register::rax, kBases.now);
    code.clear_upper_vectors();
    code.give_back();
    return spill_slots;
}

}  // namespace

StepCode::StepCode(ExecutableMemory memory, const StepCircuit& circuit, size_t spill_slots, const Figures& figures)
    : memory_(std::move(memory)),
      steps_(circuit.steps),
      acc_words_(circuit.acc_bits * kWords),
      spill_words_(spill_slots * kWords),
      figures_(figures) {}

std::optional<StepCode> StepCode::make(const StepCircuit& circuit) {
    if (!can_run() || circuit.netlist.nodes.size() > kMaxNodes) return std::nullopt;
    X86Assembler code;
    Figures figures;
    const size_t spill_slots = write_loop(circuit, code, figures);
    figures.bytes = code.code().size();
    std::optional<ExecutableMemory> memory = ExecutableMemory::of(code.code());
    if (!memory) return std::nullopt;
    return StepCode(std::move(*memory), circuit, spill_slots, figures);
}

void StepCode::run(const uint64_t* lanes, const uint32_t* masks, size_t count, uint64_t* acc) const {
    if (count == 0) return;
    thread_local AlignedWords workspace;
    workspace.reserve(2 * acc_words_ + spill_words_);
    uint64_t* const now = workspace.data();
    std::copy_n(acc, acc_words_, now);
    const LoopArgs args{lanes, masks, count / steps_, now, now + acc_words_, now + 2 * acc_words_};
    std::copy_n(memory_.function<Loop>()(&args), acc_words_, acc);
}

}  // namespace concrete::sim
