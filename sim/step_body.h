#pragma once

#include <cstdint>

#include "sim/step_circuit.h"
#include "sim/step_code.h"
#include "sim/x86_assembler.h"

namespace concrete::sim::detail {

/// Where the code of a step finds its data. Planes of 64 bytes stand one after the other.
struct StepBases {
    X86Assembler::Register lanes;    ///< planes of the lanes' codes
    X86Assembler::Register masks;    ///< 32 copies of each bit of the other codes
    X86Assembler::Register now;      ///< the accumulator before the steps
    X86Assembler::Register next;     ///< and after them; written only
    X86Assembler::Register spilled;  ///< room for values that find no register
};

/// Writes the code of one pass through a circuit, which uses all of zmm0 to zmm31.
/// Args: figures: all but bytes are set. Returns: planes needed at bases.spilled.
size_t write_step_body(const StepCircuit& circuit, const StepBases& bases, X86Assembler& code,
                       StepCode::Figures& figures);

}  // namespace concrete::sim::detail
