#include "sim/isa.h"

#include <cstdlib>
#include <fmt/format.h>

#include "sim/error.h"

namespace concrete::sim {

std::string to_string(Isa isa) {
    switch (isa) {
        case Isa::portable:
            return "portable";
        case Isa::avx2:
            return "avx2";
        case Isa::avx512:
            return "avx512";
        case Isa::avx512_vnni:
            return "avx512_vnni";
    }
    return "unknown";
}

const std::vector<Isa>& available_isas() {
    static const std::vector<Isa> isas = [] {
        std::vector<Isa> found{Isa::portable};
#if defined(__x86_64__)
        __builtin_cpu_init();
        if (__builtin_cpu_supports("avx2")) found.push_back(Isa::avx2);
        if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
            __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) {
            found.push_back(Isa::avx512);
            if (__builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512vbmi") &&
                __builtin_cpu_supports("avx512vbmi2")) {
                found.push_back(Isa::avx512_vnni);
            }
        }
#endif
        return found;
    }();
    return isas;
}

Isa default_isa() {
    static const Isa isa = detail::chosen_isa(std::getenv("CONCRETE_ISA"));
    return isa;
}

namespace detail {

Isa chosen_isa(const char* name) {
    if (name == nullptr || *name == '\0') return available_isas().back();
    std::string known;
    for (const Isa isa : available_isas()) {
        if (to_string(isa) == name) return isa;
        known += (known.empty() ? "" : ", ") + to_string(isa);
    }
    throw UsageError(fmt::format("CONCRETE_ISA: '{}' is not available here, expected one of: {}", name, known));
}

}  // namespace detail
}  // namespace concrete::sim
