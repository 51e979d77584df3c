#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>

#include "sim/isa.h"
#include "sim/step_circuit.h"

namespace concrete::sim {

/// Runs MACs of one block of lanes, k after k. Does not change; threads may share it.
///
///     acc[lane] = step(acc[lane], lanes[k, lane], codes[k])      k = 0, 1, ...
class StepRunner {
  public:
    virtual ~StepRunner() = default;

    /// Words of a plane in a block that holds so many lanes, or else as many as it can.
    virtual size_t block_words(size_t lanes) const = 0;

    /// Args: words: what block_words() gave. lanes: [k][lane_planes][words], as StepCircuit has them. codes: [k], raw
    /// patterns. acc: [acc_bits][words]. Lanes and acc are aligned to 64 bytes.
    virtual void run(size_t words, const uint64_t* lanes, std::span<const uint32_t> codes, uint64_t* acc) const = 0;
};

/// The MACs of a layer as circuits, made ready for this machine: what netlist_matmul() prepares, so that layers which
/// multiply often need not prepare it again. A circuit is made when it is first asked for, in a few milliseconds.
///
/// With AVX-512 circuits become machine code (sim/step_code.h); elsewhere, and where a system has no memory for code,
/// they are interpreted (sim/bitslice.h).
class NetlistMac {
  public:
    enum class Method : uint8_t { fastest, interpreted };

    /// Throws: InputError with mac_netlist_problem().
    NetlistMac(std::shared_ptr<const ProductModel> products, const AccumulatorSpec& acc, Isa isa = default_isa(),
               Method method = Method::fastest);
    ~NetlistMac();

    /// Args: may_skip: lane codes have a last plane, 1 where the MAC happens.
    const StepRunner& runner(LaneSide side, bool may_skip) const;

    const ProductModel& products() const { return *products_; }
    const AccumulatorSpec& accumulator() const { return acc_; }
    int a_bits() const { return a_bits_; }
    int w_bits() const { return w_bits_; }

  private:
    struct Variant {
        std::once_flag once;
        std::unique_ptr<const StepRunner> runner;
    };

    std::shared_ptr<const ProductModel> products_;
    AccumulatorSpec acc_;
    Isa isa_;
    Method method_;
    int a_bits_, w_bits_;
    mutable Variant variants_[2][2];  // [side][may_skip]
};

}  // namespace concrete::sim
