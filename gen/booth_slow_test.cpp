#include <fmt/format.h>
#include <gtest/gtest.h>
#include <map>
#include <string>

#include "gen/catalogue.h"
#include "gen/generate.h"
#include "gen/metrics.h"
#include "sim/parallel.h"

namespace concrete::gen {
namespace {

// Also from that model.
const std::map<std::string, double> kBias{
    {"booth8_m1-P8", 117.25}, {"booth8_m4-P8", -117.5}, {"booth8_e1a-P8", -0.125}};

struct Pinned {
    const char* family;
    double mae[7];  ///< at P = 2, 4, ..., 14
};

// From a model written independently of the Verilog (docs/arithmetic.md, "Radix-4 Booth family").
constexpr Pinned kPinned[] = {
    {"booth8_m1", {.625, 4.711, 27.724, 142.934, 477.488, 1413.884, 3355.319}},
    {"booth8_m2", {.625, 4.711, 25.646, 124.701, 433.167, 1371.017, 3355.158}},
    {"booth8_m3", {.625, 4.711, 29.962, 137.892, 485.055, 1549.586, 3444.276}},
    {"booth8_m4", {.5, 3.5, 21.5, 117.5, 387.916, 1096.790, 2480.859}},
    {"booth8_m5", {.5, 3.5, 26.0, 149.75, 523.674, 1479.592, 2797.037}},
    {"booth8_m6", {.5, 3.5, 22.201, 108.912, 384.069, 1082.043, 2528.828}},
    {"booth8_e1a", {.250, 1.859, 10.369, 51.578, 169.309, 502.691, 1180.500}},
};

TEST(BoothSlow, HasThePinnedErrors) {
    const Catalogue catalogue = load_catalogue(default_catalogue_path());
    std::vector<Request> requests;
    for (const Pinned& pinned : kPinned) {
        for (int64_t p = 0; p <= 14; p += 2) {
            requests.push_back(catalogue_request(catalogue.family(pinned.family), {{"P", p}}));
        }
    }
    const std::vector<sim::Operator> made = generate(requests, sim::default_threads());
    size_t at = 0;
    for (const Pinned& pinned : kPinned) {
        EXPECT_EQ(made[at].metrics, sim::Metrics{}) << pinned.family << ": P = 0 is the exact product";
        ++at;
        for (const double mae : pinned.mae) {
            const sim::Operator& op = made[at++];
            EXPECT_NEAR(op.metrics.mae, mae, 0.0005) << op.name;
            EXPECT_EQ(op.metrics, table_metrics(op)) << op.name;
            if (const auto bias = kBias.find(op.name); bias != kBias.end()) {
                EXPECT_NEAR(op.metrics.mean_error, bias->second, 0.005) << op.name;
            }
            const bool biased_zero = op.name == "booth8_m3-P8" || op.name == "booth8_m6-P8";
            if (op.name.ends_with("-P8")) {
                EXPECT_EQ(sim::lookup(op, 0, 0), biased_zero ? 240 : 0) << op.name;
            }
        }
    }
}

}  // namespace
}  // namespace concrete::gen
