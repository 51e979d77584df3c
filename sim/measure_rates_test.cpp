#include "sim/measure_rates.h"

#include <cmath>
#include <gtest/gtest.h>
#include <vector>

namespace concrete::sim {
namespace {

TEST(MeasureRates, GiveWhatAMachineCanBe) {
    const MachineRates rates = measure_rates();
    std::vector<double> positive{rates.gather_mac_ns,  rates.gather_low_mac_ns, rates.gather_step_mac_ns,
                                 rates.product_mac_ns, rates.or_mac_ns,         rates.node_lane_ns};
    std::vector<double> others{rates.expand_code_ns, rates.tile_code_ns,    rates.output_ns,
                               rates.pack_code_ns,   rates.store_output_ns, rates.unroll_code_ns};
    for (const auto& planes : rates.permute_mac_ns) positive.insert(positive.end(), planes.begin(), planes.end());
    for (const auto& planes : rates.permute_row_ns) others.insert(others.end(), planes.begin(), planes.end());
    constexpr double kSlowest = 1e6;  // no machine is that slow
    for (const double ns : positive) {
        EXPECT_GT(ns, 0);
        EXPECT_LT(ns, kSlowest);
    }
    for (const double ns : others) {
        EXPECT_GE(ns, 0);
        EXPECT_LT(ns, kSlowest);
    }
}

}  // namespace
}  // namespace concrete::sim
