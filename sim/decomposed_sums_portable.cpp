// The kernels of sim/decomposed_sums.h in loops that compilers vectorize: 16-bit words, one k at a time.
#include <algorithm>

#include "sim/decomposed_sums_kernels.h"
#include "sim/table_sums.h"

namespace concrete::sim::detail {
namespace {

struct PortableDecomposed {
    static void regroup(const uint8_t* positions, size_t k, uint8_t* raw) {
        const size_t depth = (k + kDepthStep - 1) / kDepthStep * kDepthStep;
        for (size_t at = 0; at < k; ++at) std::copy_n(positions + at * kTileLanes, kBlockLanes, raw + at * kBlockLanes);
        std::fill(raw + k * kBlockLanes, raw + depth * kBlockLanes, uint8_t{0});
    }

    static void look_up(const uint8_t* table, size_t /*size*/, const uint8_t* raw, size_t depth, void* panel) {
        auto* const words = static_cast<int16_t*>(panel);
        for (size_t i = 0; i < depth * kBlockLanes; ++i) words[i] = table[raw[i]];
    }

    static void sum(const void* panel, size_t k, uint32_t factor, uint32_t* sums) {
        const auto* words = static_cast<const int16_t*>(panel);
        for (size_t at = 0; at < k; ++at, words += kBlockLanes) {
            for (size_t lane = 0; lane < kBlockLanes; ++lane) sums[lane] += factor * static_cast<uint32_t>(words[lane]);
        }
    }

    static void sum_looked_up(const uint8_t* table, size_t /*size*/, const uint8_t* raw, size_t k, uint32_t factor,
                              uint32_t* sums) {
        for (size_t at = 0; at < k; ++at, raw += kBlockLanes) {
            for (size_t lane = 0; lane < kBlockLanes; ++lane) sums[lane] += factor * table[raw[lane]];
        }
    }

    /// total[lane] += the products of one other, four steps of k a round, so that totals are loaded and stored less
    /// often.
    static void multiply_term(const int16_t* panel, const int16_t* v, size_t depth, uint32_t* total) {
        for (size_t k = 0; k < depth; k += kDepthStep, v += kDepthStep, panel += kDepthStep * kBlockLanes) {
            const int16_t v0 = v[0], v1 = v[1], v2 = v[2], v3 = v[3];
            const int16_t *u0 = panel, *u1 = u0 + kBlockLanes, *u2 = u1 + kBlockLanes, *u3 = u2 + kBlockLanes;
            for (size_t lane = 0; lane < kBlockLanes; ++lane)
                total[lane] += static_cast<uint32_t>(u0[lane] * v0 + u1[lane] * v1 + u2[lane] * v2 + u3[lane] * v3);
        }
    }

    static void multiply(const PanelProduct& p) {
        const auto* v = static_cast<const uint8_t*>(p.v);
        for (size_t n = 0; n < p.n; ++n, v += p.block_bytes) {
            uint32_t total[kBlockLanes] = {};
            for (size_t term = 0; term < p.terms; ++term) {
                multiply_term(static_cast<const int16_t*>(p.panel) + term * p.depth * kBlockLanes,
                              reinterpret_cast<const int16_t*>(v + term * p.term_bytes), p.depth, total);
            }
            uint32_t* const sums = p.sums + n * kTileLanes;
            for (size_t lane = 0; lane < kBlockLanes; ++lane)
                sums[lane] += (total[lane] << p.shift) + p.of_lanes[lane] + p.of_others[n];
        }
    }

    static constexpr DecomposedKernels kernels() {
        return {{sizeof(int16_t), 1, 1}, regroup, look_up, sum, sum_looked_up, multiply};
    }
};

}  // namespace

constinit const DecomposedKernels kDecomposedPortable = PortableDecomposed::kernels();

}  // namespace concrete::sim::detail
