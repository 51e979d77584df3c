// The test of the test: one gate of each family is changed, and the replay of a run must notice. Each fault must matter
// on at least 1% of the operand pairs that the run recorded, which is measured here in the faulty circuit itself.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gen/sweep.h"
#include "verify/hardware.h"
#include "verify/stimulus.h"
#include "verify/testing.h"

namespace concrete::verify {
namespace {

using testing::broken;
using testing::broken_rtl;
using testing::catalogue_operator;
using testing::Fault;
using ::testing::HasSubstr;
using testing::RandomNetwork;

const RandomNetwork& network() {
    static const RandomNetwork instance(testing::kSmallNetwork, 3, 1);
    return instance;
}

std::string configuration(const std::string& multiplier, const std::string& more = "",
                          const std::string& accumulator = "{bits: 22}") {
    return fmt::format(
        "defaults: {{weights: {{bits: 8}}, activations: {{bits: 8}}, multiplier: {}, accumulator: {}{}}}", multiplier,
        accumulator, more);
}

/// What a replay found, and the operand pairs it went through.
struct Outcome {
    size_t neurons = 0, mismatches = 0;
    std::string first;
};

Outcome outcome(const std::vector<NeuronCase>& cases, const ReplayOptions& options = {}) {
    Outcome result;
    for (const LayerReplay& report : replay(cases, options)) {
        result.neurons += report.neurons;
        result.mismatches += report.mismatches;
        if (result.first.empty()) result.first = report.first_mismatch;
    }
    return result;
}

/// Prints what the closing figures of a release quote.
void print_caught(const std::string& family, double percent, const Outcome& found) {
    fmt::print("{}: the fault matters on {:.1f}% of the recorded operands; {} of {} neurons caught\n", family, percent,
               found.mismatches, found.neurons);
}

/// Neurons of a run on `settings`, all of them up to 60 a layer.
struct SampledRun {
    sim::QuantizedNetwork quantized;
    std::vector<NeuronCase> cases;

    SampledRun(const std::string& settings, std::map<std::string, std::shared_ptr<const sim::Operator>> operators)
        : quantized(network().quantized(settings, testing::provider_of(std::move(operators)))),
          cases(testing::sampled_cases(network(), quantized, 60, 4)) {}
};

/// Percentage of the recorded operand pairs on which the faulty multiplier's Verilog differs from the sound table.
double differing_pairs_percent(const SampledRun& run, const sim::Operator& sound, const sim::Operator& faulty,
                               bool magnitudes) {
    std::vector<uint64_t> a, b;
    for (const NeuronCase& neuron : run.cases) {
        for (size_t k = 0; k < neuron.trace.a.size(); ++k) {
            const int64_t qa = neuron.trace.a[k], qw = neuron.trace.w[k];
            a.push_back(sim::encode(magnitudes ? std::abs(qa) : qa, sound.a.bits));
            b.push_back(sim::encode(magnitudes ? std::abs(qw) : qw, sound.b.bits));
        }
    }
    const std::vector<uint64_t> y = gen::RtlOperators({&faulty, 1}, 1).evaluate(0, a, b);
    size_t differing = 0;
    for (size_t i = 0; i < y.size(); ++i)
        differing += y[i] != sim::encode(sim::lookup(sound, a[i], b[i]), sound.y.bits) ? 1 : 0;
    return 100.0 * static_cast<double>(differing) / static_cast<double>(y.size());
}

class BrokenMultiplier : public ::testing::TestWithParam<std::tuple<std::string, Fault>> {};

TEST_P(BrokenMultiplier, IsCaughtByTheReplay) {
    const auto& [name, fault] = GetParam();
    const auto sound = catalogue_operator(name);
    const auto faulty = broken(sound, fault);
    const bool magnitudes = !sound->a.is_signed;
    const SampledRun run(configuration("faulty", magnitudes ? ", sign_magnitude: true" : ""), {{"faulty", faulty}});
    const double percent = differing_pairs_percent(run, *sound, *faulty, magnitudes);
    EXPECT_GE(percent, 1.0);
    const Outcome found = outcome(run.cases);
    print_caught(name, percent, found);
    EXPECT_GT(found.mismatches, found.neurons / 4);
    EXPECT_THAT(found.first, HasSubstr("conv1: image "));
    EXPECT_THAT(found.first, HasSubstr("MAC "));
    EXPECT_THAT(found.first, HasSubstr("RTL 0x"));
}

INSTANTIATE_TEST_SUITE_P(
    Families, BrokenMultiplier,
    ::testing::Values(std::tuple{"booth8_m4-P8", Fault{"booth8.v", "assign pp = (mid ^ low) & same;",
                                                       "assign pp = (mid | low) & same;"}},
                      std::tuple{"booth8_m2-P8", Fault{"booth8.v", "(x1 & x2) | (x3 & x4)", "(x1 & x2) | (x3 | x4)"}},
                      std::tuple{"booth8_m6-P8", Fault{"booth8.v", "(x1 | x2) & (x3 | x4)", "(x1 | x2) & (x3 & x4)"}},
                      std::tuple{"booth8_e1a-P8", Fault{"booth8.v", "high & ~(mid & low)", "high & ~(mid | low)"}},
                      std::tuple{"mul8s_exact",
                                 Fault{"mul_s_exact.v", "{{B_BITS{a[A_BITS-1]}}, a}", "{{B_BITS{1'b0}}, a}"}},
                      std::tuple{"mul8u_exact", Fault{"mul_u_exact.v", "a_wide * b_wide", "a_wide * (b_wide | 1'b1)"}}),
    [](const auto& parameters) {
        std::string name = std::get<0>(parameters.param);
        std::replace(name.begin(), name.end(), '-', '_');
        return name;
    });

/// Percentage of accumulation steps on which two ways to add differ.
double differing_steps_percent(const SampledRun& run,
                               const std::function<uint64_t(const NeuronCase&, uint64_t, uint64_t)>& add) {
    size_t steps = 0, differing = 0;
    for (const NeuronCase& neuron : run.cases) {
        const std::vector<int64_t> acc = expected_accumulators(neuron);
        const int bits = neuron.layer->acc.bits;
        for (size_t k = 0; k < neuron.trace.a.size(); ++k, ++steps) {
            const int64_t product = neuron.layer->products->product(neuron.trace.a[k], neuron.trace.w[k]);
            const uint64_t y = add(neuron, sim::encode(acc[k], bits), sim::encode(product, bits));
            differing += sim::encode(static_cast<int64_t>(y), bits) != sim::encode(acc[k + 1], bits) ? 1 : 0;
        }
    }
    return 100.0 * static_cast<double>(differing) / static_cast<double>(steps);
}

/// Replays a run of sound operators in a copy of rtl/ that has the fault.
Outcome replay_on_faulty_rtl(const SampledRun& run, const Fault& fault) {
    const TemporaryFolder folder;
    broken_rtl(folder.path() / "rtl", fault);
    EXPECT_EQ(outcome(run.cases).mismatches, 0u) << "the sound hardware must agree";
    ReplayOptions options;
    options.rtl = folder.path() / "rtl";
    return outcome(run.cases, options);
}

TEST(BrokenRtl, ExactAdderIsCaught) {
    const SampledRun run(configuration("mul8s_exact"), {});
    const double percent =
        differing_steps_percent(run, [](const NeuronCase&, uint64_t a, uint64_t b) { return a + (b | 1); });
    EXPECT_GE(percent, 1.0);
    const Outcome found =
        replay_on_faulty_rtl(run, {"add_exact.v", "assign y = a + b;", "assign y = a + {b[W-1:1], 1'b1};"});
    print_caught("add_exact", percent, found);
    EXPECT_GT(found.mismatches, found.neurons / 2);
    EXPECT_THAT(found.first, HasSubstr("MAC "));
}

TEST(BrokenRtl, LowerPartOrAdderIsCaught) {
    const SampledRun run(configuration("mul8s_exact", "", "{bits: 22, adder: {loa: 5}}"), {});
    const auto faulty_add = [](const NeuronCase&, uint64_t a, uint64_t b) {
        return (((a >> 5) + (b >> 5) + (((a | b) >> 4) & 1)) << 5) | ((a | b) & 31);
    };
    const double percent = differing_steps_percent(run, faulty_add);
    EXPECT_GE(percent, 1.0);
    const Outcome found =
        replay_on_faulty_rtl(run, {"add_loa.v", "wire carry = a[K-1] & b[K-1]", "wire carry = a[K-1] | b[K-1]"});
    print_caught("add_loa", percent, found);
    EXPECT_GT(found.mismatches, found.neurons / 2);
    EXPECT_THAT(found.first, HasSubstr("MAC "));
}

TEST(BrokenRtl, AdderOperatorIsCaught) {
    const auto sound = catalogue_operator("add_loa-K4-W12");
    auto table_only = std::make_shared<sim::Operator>(*sound);  // used by its table, and replayed in its own Verilog
    table_only->closed_form = sim::ClosedForm::none;
    const auto faulty =
        broken(table_only, {"add_loa.v", "wire carry = a[K-1] & b[K-1]", "wire carry = a[K-1] | b[K-1]"});
    const std::string settings = configuration("mul4s_exact", "", "{bits: 12, adder: chosen}");
    const std::string narrow =
        testing::substituted(testing::substituted(settings, "weights: {bits: 8}", "weights: {bits: 4}"),
                             "activations: {bits: 8}", "activations: {bits: 4}");
    EXPECT_EQ(outcome(SampledRun(narrow, {{"chosen", table_only}}).cases).mismatches, 0u);
    const Outcome found = outcome(SampledRun(narrow, {{"chosen", faulty}}).cases);
    EXPECT_GT(found.mismatches, found.neurons / 4);
}

TEST(BrokenRtl, MacUnitIsCaught) {
    // Saturates at the wrong extreme: matters where sums overflow, so the accumulator is narrow.
    const SampledRun run(configuration("mul8s_exact", "", "{bits: 15, overflow: saturate}"), {});
    const auto faulty_add = [](const NeuronCase& neuron, uint64_t a, uint64_t b) {
        const int bits = neuron.layer->acc.bits;
        const uint64_t sum = sim::encode(static_cast<int64_t>(a + b), bits), sign = uint64_t{1} << (bits - 1);
        const bool overflow = (a & sign) == (b & sign) && (sum & sign) != (a & sign);
        if (!overflow) return sum;
        return (a & sign) != 0 ? sign - 1 : sign;
    };
    const double percent = differing_steps_percent(run, faulty_add);
    EXPECT_GE(percent, 1.0);
    const Outcome found = replay_on_faulty_rtl(run, {"mac_unit.v", "overflow ? {acc[W-1], {(W - 1) {~acc[W-1]}}}",
                                                     "overflow ? {~acc[W-1], {(W - 1) {acc[W-1]}}}"});
    print_caught("mac_unit", percent, found);
    EXPECT_GT(found.mismatches, 0u);
    EXPECT_THAT(found.first, HasSubstr("MAC "));
}

TEST(BrokenRtl, RequantiserIsCaught) {
    const SampledRun run(configuration("mul8s_exact"), {});
    const Outcome found = replay_on_faulty_rtl(run, {"requantise.v", "acc_wide * m_wide + half", "acc_wide * m_wide"});
    print_caught("requantise", 100.0 * static_cast<double>(found.mismatches) / static_cast<double>(found.neurons),
                 found);
    EXPECT_GE(100 * found.mismatches, found.neurons) << "differs on at least 1% of the recorded accumulators";
    EXPECT_THAT(found.first, HasSubstr("requantised code"));
}

TEST(BrokenRtl, ZeroPointCorrectionIsCaught) {
    const std::string affine =
        "defaults: {weights: {bits: 8, scheme: affine}, activations: {bits: 8, scheme: affine}, "
        "multiplier: mul8s_exact, accumulator: {bits: 24}}";
    const SampledRun run(affine, {});
    const Outcome found = replay_on_faulty_rtl(run, {"zero_point_correction.v", "+ {correction[C_BITS-1], correction}",
                                                     "+ {correction[C_BITS-1], correction[C_BITS-1:1], 1'b0}"});
    print_caught("zero_point_correction",
                 100.0 * static_cast<double>(found.mismatches) / static_cast<double>(found.neurons), found);
    EXPECT_GE(100 * found.mismatches, found.neurons) << "differs on at least 1% of the recorded accumulators";
    EXPECT_THAT(found.first, HasSubstr("zero-point correction"));
}

TEST(BrokenRtl, SignMagnitudeIsCaught) {
    const SampledRun run(configuration("mul8u_exact", ", sign_magnitude: true"), {});
    size_t differing = 0, pairs = 0;  // the negation of the product is left to the sign of a
    for (const NeuronCase& neuron : run.cases) {
        for (size_t k = 0; k < neuron.trace.a.size(); ++k, ++pairs)
            differing += neuron.trace.w[k] < 0 && neuron.trace.a[k] != 0 ? 1 : 0;
    }
    EXPECT_GE(100 * differing, pairs);
    const Outcome found = replay_on_faulty_rtl(
        run, {"sign_magnitude.v", "wire negate = a[A_BITS] ^ b[B_BITS];", "wire negate = a[A_BITS];"});
    print_caught("sign_magnitude", 100.0 * static_cast<double>(differing) / static_cast<double>(pairs), found);
    EXPECT_GT(found.mismatches, found.neurons / 2);
    EXPECT_THAT(found.first, HasSubstr("MAC "));
}

}  // namespace
}  // namespace concrete::verify
