#pragma once

#include <gtest/gtest.h>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "verify/hardware.h"
#include "verify/neuron_program.h"
#include "verify/testing.h"

/// rtl/neuron.v and what is in it, against the simulator's arithmetic, on random and on extreme values that no run of a
/// network would reach.
namespace concrete::verify::testing {

struct Setting {
    /// Name in the catalogue, where the operator comes from there.
    std::string multiplier;
    bool sign_magnitude;
    sim::AccumulatorSpec acc;
};

class Values {
  public:
    explicit Values(uint64_t seed) : random_(seed) {}

    uint64_t below(uint64_t count) { return random_() % count; }

    /// A code of `bits` bits: extreme, near zero, or of any magnitude.
    int64_t code(int bits) {
        switch (below(6)) {
            case 0:
                return sim::lowest_accumulator(bits) + static_cast<int64_t>(below(2));
            case 1:
                return sim::highest_accumulator(bits) - static_cast<int64_t>(below(2));
            case 2:
                return sim::decode(below(4) - 2, bits, true);
            default:
                return sim::decode(random_() >> below(64), bits, true);
        }
    }

  private:
    std::mt19937_64 random_;
};

inline int64_t product_of(const Setting& setting, const sim::Operator& op, int64_t a, int64_t b) {
    const bool negate = setting.sign_magnitude && (a < 0) != (b < 0);
    if (setting.sign_magnitude) a = std::abs(a), b = std::abs(b);
    const int64_t y = sim::lookup(op, sim::encode(a, op.a.bits), sim::encode(b, op.b.bits));
    return (negate ? -y : y) * (int64_t{1} << op.y_lsb);
}

inline int64_t operand(Values& values, const Setting& setting, const sim::Port& port) {
    if (!setting.sign_magnitude) return sim::decode(values.below(uint64_t{1} << port.bits), port.bits, port.is_signed);
    const int64_t magnitude = static_cast<int64_t>(values.below(static_cast<uint64_t>(sim::highest_code(port)) + 1));
    return values.below(2) != 0 ? -magnitude : magnitude;
}

inline void expect_equals_simulator(const Setting& setting, std::shared_ptr<const sim::Operator> op, uint64_t seed) {
    const NeuronHardware hardware{op, setting.sign_magnitude, setting.acc, setting.acc.adder};
    SCOPED_TRACE(fmt::format("{}, seed {}", hardware.label(), seed));
    const int bits = setting.acc.bits;
    Values values(seed);
    std::vector<NeuronStimulus> stimuli;
    std::vector<NeuronResponse> expected;
    for (int neuron = 0; neuron < 2000; ++neuron) {
        NeuronStimulus s;
        NeuronResponse r;
        int64_t acc = values.code(bits);
        s.init = sim::encode(acc, bits);
        r.acc.push_back(s.init);
        for (uint64_t k = values.below(12); k > 0; --k) {
            const int64_t a = operand(values, setting, op->a), b = operand(values, setting, op->b);
            s.a.push_back(static_cast<uint32_t>(sim::encode(a, hardware.a_bits())));
            s.b.push_back(static_cast<uint32_t>(sim::encode(b, hardware.b_bits())));
            acc = sim::accumulate(setting.acc, acc, product_of(setting, *op, a, b));
            r.acc.push_back(sim::encode(acc, bits));
        }
        r.held = r.acc.back();
        const int64_t correction = values.code(64);
        s.correction = static_cast<uint64_t>(correction);
        acc = sim::apply_correction(setting.acc, acc, correction);
        r.corrected = sim::encode(acc, bits);
        const auto [low, high] = std::minmax({values.code(kCodeBits), values.code(kCodeBits)});
        const int64_t multiplier = (int64_t{1} << 30) + static_cast<int64_t>(values.below(uint64_t{1} << 30));
        // Mostly shifts that leave something of the accumulator, at times any.
        const uint64_t useful = 31 + values.below(static_cast<uint64_t>(std::min(bits, 31)) + 1);
        const auto shift = static_cast<int>(values.below(4) == 0 ? values.below(63) : useful);
        s.requantizer = {values.below(8) == 0 ? 0 : multiplier, shift, values.code(kCodeBits), low, high};
        r.q = sim::encode(sim::requantize(s.requantizer, acc), kCodeBits);
        stimuli.push_back(std::move(s));
        expected.push_back(std::move(r));
    }

    const auto result = NeuronProgram(neuron_sources(hardware, rtl_folder())).run(stimuli);
    ASSERT_EQ(result.responses.size(), expected.size());
    EXPECT_GT(result.seconds, 0);
    std::set<uint64_t> codes;
    for (size_t i = 0; i < expected.size(); ++i) {
        ASSERT_EQ(result.responses[i].acc, expected[i].acc) << "neuron " << i;
        ASSERT_EQ(result.responses[i].held, expected[i].held) << "neuron " << i;
        ASSERT_EQ(result.responses[i].corrected, expected[i].corrected) << "neuron " << i;
        ASSERT_EQ(result.responses[i].q, expected[i].q) << "neuron " << i;
        codes.insert(expected[i].q);
    }
    EXPECT_GT(codes.size(), 100u) << "the requantiser was hardly exercised";
}

inline sim::AccumulatorSpec accumulator(int bits, sim::Overflow overflow, int or_bits) {
    return {bits, overflow, or_bits, nullptr};
}

}  // namespace concrete::verify::testing
