#include "verify/neuron_program.h"

#include <gtest/gtest.h>

#include "verify/neuron_testing.h"

namespace concrete::verify::testing {
namespace {

TEST(NeuronProgram, WrapsOnALowerPartOrAdder) {
    const Setting setting{"booth8_m6-P8", false, accumulator(14, sim::Overflow::wrap, 5)};
    expect_equals_simulator(setting, catalogue_operator(setting.multiplier), 1);
}

TEST(NeuronProgram, SaturatesAndPutsSignsBack) {
    const Setting setting{"mul8u_exact", true, accumulator(20, sim::Overflow::saturate, 0)};
    expect_equals_simulator(setting, catalogue_operator(setting.multiplier), 2);
}

}  // namespace
}  // namespace concrete::verify::testing
