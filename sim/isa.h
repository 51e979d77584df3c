#pragma once

#include <string>
#include <vector>

namespace concrete::sim {

/// Instruction sets for which some sources are compiled separately. Results never depend on the choice.
enum class Isa {
    portable,  ///< what the compiler assumes anyway
    avx2,
    avx512,       ///< AVX-512 F, BW, DQ and VL: every server processor since 2017
    avx512_vnni,  ///< and VNNI, VBMI and VBMI2: Intel since Ice Lake, AMD since Zen 4
};

/// "portable", "avx2", "avx512" or "avx512_vnni".
std::string to_string(Isa isa);

/// Those that this build has and this processor runs, the slowest first.
const std::vector<Isa>& available_isas();

/// The fastest available one, or the one that the environment variable CONCRETE_ISA names; read once a process.
/// Throws: UsageError if it names one that is unknown or not available.
Isa default_isa();

namespace detail {

/// default_isa() for a value of CONCRETE_ISA; nullptr or "" for none.
Isa chosen_isa(const char* name);

}  // namespace detail
}  // namespace concrete::sim
