#include <gtest/gtest.h>

#include "verify/neuron_testing.h"

namespace concrete::verify::testing {
namespace {

TEST(NeuronProgram, EqualsSimulatorInEveryWidthAndOverflowRule) {
    using enum sim::Overflow;
    const std::vector<Setting> settings{
        {"booth8_m4-P8", false, accumulator(32, wrap, 0)},      {"booth8_m4-P8", false, accumulator(64, wrap, 0)},
        {"booth8_m4-P8", false, accumulator(64, saturate, 7)},  {"mul8u_exact", false, accumulator(16, saturate, 0)},
        {"mul8u_exact", false, accumulator(17, saturate, 3)},   {"mul8u_exact", false, accumulator(12, wrap, 12)},
        {"booth8_m3-P12", false, accumulator(12, saturate, 4)}, {"mul4s_exact", false, accumulator(2, saturate, 1)},
        {"mul4u_exact", true, accumulator(9, wrap, 1)},         {"mul8s_exact", true, accumulator(33, saturate, 33)},
    };
    uint64_t seed = 10;
    for (const Setting& setting : settings)
        expect_equals_simulator(setting, catalogue_operator(setting.multiplier), seed++);
}

// A fixed-width multiplier leaves out low bits: here the upper 8 of 16.
TEST(NeuronProgram, ShiftsProductsWhoseLowBitsAreMissing) {
    auto op = std::make_shared<sim::Operator>(*catalogue_operator("mul8s_exact"));
    op->sources.files = {{"upper.v",
                          "module upper (input signed [7:0] a, input signed [7:0] b, output signed [7:0] y);\n  wire "
                          "signed [15:0] p = a * b;\n  assign y = p[15:8];\nendmodule\n",
                          false}};
    op->sources.top = "upper";
    op->sources.parameters.clear();
    op->y.bits = 8;
    op->y_lsb = 8;
    op->closed_form = sim::ClosedForm::none;
    for (int32_t& value : op->lut) value >>= 8;
    for (const int bits : {12, 17, 24})
        for (const auto overflow : {sim::Overflow::wrap, sim::Overflow::saturate})
            expect_equals_simulator({"", false, accumulator(bits, overflow, 0)}, op, 20);
}

}  // namespace
}  // namespace concrete::verify::testing
