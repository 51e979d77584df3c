#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "sim/bitslice_kernels.h"

/// The kernels of sim/bitslice_kernels.h for a vector type, included by the source of each instruction set. Everything
/// is in an unnamed namespace, so that no other source can be linked to code compiled for that set.
namespace concrete::sim::detail {
namespace {

/// A function of two variables; bit 2 x + y of the table is its value.
template <int kTable, typename Vector>
[[gnu::always_inline]] inline Vector lut2_of(Vector x, Vector y) {
    if constexpr (kTable == 0b0000) return x ^ x;
    if constexpr (kTable == 0b0001) return ~(x | y);
    if constexpr (kTable == 0b0010) return ~x & y;
    if constexpr (kTable == 0b0011) return ~x;
    if constexpr (kTable == 0b0100) return x & ~y;
    if constexpr (kTable == 0b0101) return ~y;
    if constexpr (kTable == 0b0110) return x ^ y;
    if constexpr (kTable == 0b0111) return ~(x & y);
    if constexpr (kTable == 0b1000) return x & y;
    if constexpr (kTable == 0b1001) return ~(x ^ y);
    if constexpr (kTable == 0b1010) return y;
    if constexpr (kTable == 0b1011) return ~x | y;
    if constexpr (kTable == 0b1100) return x;
    if constexpr (kTable == 0b1101) return x | ~y;
    if constexpr (kTable == 0b1110) return x | y;
    return ~(x ^ x);
}

/// How f(x, p, q) is put together from its cofactors g0 = f(0, p, q) and g1 = f(1, p, q).
enum class Form { same, opposite, g0_is_0, g1_is_0, g0_is_1, g1_is_1, davio, negative_davio };

struct Expansion {
    int variable;  ///< 0 to 2: which fanin is x
    Form form;
    int operations;
};

/// A cofactor's table: bit 2 p + q, the other fanins in order.
constexpr int cofactor(int table, int variable, int value) {
    int result = 0;
    for (int p = 0; p < 2; ++p)
        for (int q = 0; q < 2; ++q) {
            const int index = variable == 0   ? 4 * value + 2 * p + q
                              : variable == 1 ? 4 * p + 2 * value + q
                                              : 4 * p + 2 * q + value;
            result |= (table >> index & 1) << (2 * p + q);
        }
    return result;
}

/// The cheapest expansion about one variable (Shannon's and Davio's), counted in and, or, xor, not.
constexpr Expansion expansion(int table) {
    constexpr int cost[16] = {0, 2, 1, 1, 1, 1, 1, 2, 1, 2, 0, 2, 0, 2, 1, 0};
    Expansion best{0, Form::same, 100};
    for (int variable = 0; variable < 3; ++variable) {
        const int g0 = cofactor(table, variable, 0), g1 = cofactor(table, variable, 1);
        Expansion found{variable, Form::davio, 2 + cost[g0] + cost[g0 ^ g1]};
        if (g0 == g1) {
            found = {variable, Form::same, cost[g0]};
        } else if (g0 == (g1 ^ 15)) {
            found = {variable, Form::opposite, 1 + cost[g0]};
        } else if (g0 == 0) {
            found = {variable, Form::g0_is_0, 1 + cost[g1]};
        } else if (g1 == 0) {
            found = {variable, Form::g1_is_0, 1 + cost[g0]};
        } else if (g0 == 15) {
            found = {variable, Form::g0_is_1, 2 + cost[g1]};
        } else if (g1 == 15) {
            found = {variable, Form::g1_is_1, 1 + cost[g0]};
        } else if (cost[g1] < cost[g0]) {
            found = {variable, Form::negative_davio, 2 + cost[g1] + cost[g0 ^ g1]};
        }
        if (found.operations < best.operations) best = found;
    }
    return best;
}

/// A function of three variables in a few bitwise operations: at most six, four for the majority.
struct BitwiseLut {
    template <int kTable, typename Vector>
    [[gnu::always_inline]] static inline Vector lut(Vector f0, Vector f1, Vector f2) {
        constexpr Expansion kBest = expansion(kTable);
        constexpr int g0 = cofactor(kTable, kBest.variable, 0), g1 = cofactor(kTable, kBest.variable, 1);
        const Vector x = kBest.variable == 0 ? f0 : kBest.variable == 1 ? f1 : f2;
        const Vector p = kBest.variable == 0 ? f1 : f0, q = kBest.variable == 2 ? f1 : f2;
        if constexpr (kBest.form == Form::same) return lut2_of<g0>(p, q);
        if constexpr (kBest.form == Form::opposite) return x ^ lut2_of<g0>(p, q);
        if constexpr (kBest.form == Form::g0_is_0) return x & lut2_of<g1>(p, q);
        if constexpr (kBest.form == Form::g1_is_0) return ~x & lut2_of<g0>(p, q);
        if constexpr (kBest.form == Form::g0_is_1) return ~x | lut2_of<g1>(p, q);
        if constexpr (kBest.form == Form::g1_is_1) return x | lut2_of<g0>(p, q);
        if constexpr (kBest.form == Form::negative_davio) return lut2_of<g1>(p, q) ^ (~x & lut2_of<g0 ^ g1>(p, q));
        return lut2_of<g0>(p, q) ^ (x & lut2_of<g0 ^ g1>(p, q));
    }
};

// Sanitizers check every access: 816 operations unrolled would take minutes to compile.
#if defined(__SANITIZE_ADDRESS__)
constexpr int kUnroll = 1;
#else
constexpr int kUnroll = 16;
#endif

/// A kernel on slots of kVectors vectors: one indirect call a step, paid once for all of them. Machine: a type Vector,
/// which may alias others, and lut<table>(f0, f1, f2) on it.
template <typename Machine, size_t kVectors>
struct StepKernel {
    using Vector = typename Machine::Vector;
    static constexpr size_t kWords = kVectors * sizeof(Vector) / sizeof(uint64_t);
    using Step = void (*)(const BitsliceStep& step, uint64_t* slots);

    static constexpr int kSumTable = 0x96;

    /// A table of f0 and f1 as one of three fanins that ignores the last.
    static constexpr int widened(int table) {
        int result = 0;
        for (int index = 0; index < 8; ++index) result |= (table >> (index / 2) & 1) << index;
        return result;
    }

    template <int kOperation>
    static void apply(const BitsliceStep& step, uint64_t* slots) {
        constexpr bool kThreeSlots = kOperation < kTwo || (kOperation >= kThreeAndSum && kOperation < kTwoAndSum);
        constexpr bool kAndSum = kOperation >= kThreeAndSum;
        constexpr int kOffset = kOperation - (kThreeSlots ? kAndSum ? kThreeAndSum : kThree
                                              : kAndSum   ? kTwoAndSum
                                                          : kTwo);
        constexpr int kTables = kThreeSlots ? kThreeComplement : kTwoComplement;
        constexpr int kTable = kThreeSlots ? kOffset % kTables : widened(kOffset % kTables);
        constexpr int kSum = (kThreeSlots ? kSumTable : widened(0b0110)) ^ (kOffset >= kTables ? 255 : 0);
        const auto slot = [slots](uint16_t index) { return reinterpret_cast<Vector*>(slots + index * kWords); };
        Vector *const out = slot(step.out), *const sum = slot(step.sum);
        const Vector *const f0 = slot(step.f0), *const f1 = slot(step.f1), *const f2 = slot(step.f2);
#pragma GCC unroll kUnroll
        for (size_t v = 0; v < kVectors; ++v) {
            const Vector x = f0[v], y = f1[v], z = kThreeSlots ? f2[v] : y;
            const Vector result = Machine::template lut<kTable>(x, y, z);
            if constexpr (kAndSum) sum[v] = Machine::template lut<kSum>(x, y, z);
            out[v] = result;
        }
    }

    struct Steps {
        Step of[kBitsliceOperations];
    };
    template <int... kOperations>
    static constexpr Steps all(std::integer_sequence<int, kOperations...>) {
        return {{&apply<kOperations>...}};
    }

    static void run(const BitsliceStep* steps, size_t count, uint64_t* slots) {
        static constexpr Steps kSteps = all(std::make_integer_sequence<int, kBitsliceOperations>{});
        for (const BitsliceStep* step = steps; step != steps + count; ++step) kSteps.of[step->operation](*step, slots);
    }

    static constexpr BitsliceKernel kernel() {
        return {kWords, run};
    }
};

}  // namespace
}  // namespace concrete::sim::detail
