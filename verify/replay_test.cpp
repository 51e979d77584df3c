#include "verify/replay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <set>

#include "sim/error.h"
#include "sim/testing.h"
#include "verify/testing.h"

namespace concrete::verify {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::kSmallNetwork;
using testing::provider_of;
using testing::RandomNetwork;
using testing::sampled_cases;

constexpr const char* kMixedHardware = R"(
defaults:
  weights: {bits: 8, scheme: symmetric, per: channel}
  activations: {bits: 8, scheme: affine}
  multiplier: {name: booth8_m6, P: 8}
  accumulator: {bits: 22, adder: {loa: 6}}
layers:
  fc1: {accumulator: {bits: 15, adder: exact, overflow: saturate}}
)";

std::shared_ptr<const sim::Operator> provide(const sim::OperatorRef& ref) {
    return testing::catalogue_operator(ref.label());
}

void expect_no_mismatch(const std::vector<LayerReplay>& reports, size_t layers) {
    EXPECT_EQ(reports.size(), layers);
    for (const LayerReplay& report : reports) {
        EXPECT_EQ(report.first_mismatch, "");
        EXPECT_EQ(report.mismatches, 0u) << report.layer;
        EXPECT_GT(report.macs, 0u) << report.layer;
        EXPECT_GT(report.seconds, 0) << report.layer;
    }
}

TEST(Replay, RunEqualsVerilatedMacUnit) {
    const RandomNetwork network(kSmallNetwork, 3, 1);
    const sim::QuantizedNetwork quantized = network.quantized(kMixedHardware, provide);
    const std::vector<NeuronCase> cases = sampled_cases(network, quantized, 50, 7);
    ASSERT_EQ(cases.size(), 50u + 50u + 15u);
    std::vector<std::pair<size_t, size_t>> steps;
    ReplayOptions options;
    options.threads = 2;
    options.progress = [&](size_t done, size_t total) { steps.emplace_back(done, total); };
    const std::vector<LayerReplay> reports = replay(cases, options);
    expect_no_mismatch(reports, 3);
    EXPECT_EQ(reports[0].layer, "conv1");
    EXPECT_EQ(reports[0].hardware, "booth8_m6-P8, loa 6, 22 bits, wrap");
    EXPECT_EQ(reports[0].neurons, 50u);
    EXPECT_EQ(reports[0].macs, 50u * 18u);
    EXPECT_EQ(reports[2].hardware, "booth8_m6-P8, exact, 15 bits, saturate");
    EXPECT_EQ(steps.back(), std::pair(size_t{5}, size_t{5})) << "two programs, three layers";
}

TEST(Replay, ReportNamesNeuronMacOperandsExpectedAndGot) {
    const RandomNetwork network(kSmallNetwork, 3, 1);
    const sim::QuantizedNetwork quantized = network.quantized(kMixedHardware, provide);
    std::vector<NeuronCase> cases = sampled_cases(network, quantized, 50, 7);

    // The trace is altered so that unit and simulator agree, and only the engine's record stands against them.
    std::vector<NeuronCase> altered = cases;
    altered[60].engine_acc += 1;
    std::vector<LayerReplay> reports = replay(altered, {});
    EXPECT_EQ(reports[0].mismatches + reports[2].mismatches, 0u);
    EXPECT_EQ(reports[1].mismatches, 1u);
    EXPECT_THAT(reports[1].first_mismatch, AllOf(HasSubstr(altered[60].place()), HasSubstr("engine's accumulator is")));

    altered = cases;
    altered[3].engine_code = *altered[3].engine_code ^ 1;
    reports = replay(altered, {});
    EXPECT_EQ(reports[0].mismatches, 1u);
    EXPECT_THAT(reports[0].first_mismatch, AllOf(HasSubstr("requantised code"), HasSubstr(altered[3].place())));
}

TEST(Replay, SamplesAreDistinctSeededAndWithinTheRun) {
    const std::vector<uint64_t> some = detail::choose(1000, 100, 5);
    EXPECT_EQ(some.size(), 100u);
    EXPECT_EQ(std::set(some.begin(), some.end()).size(), 100u);
    EXPECT_LT(some.back(), 1000u);
    EXPECT_EQ(some, detail::choose(1000, 100, 5));
    EXPECT_NE(some, detail::choose(1000, 100, 6));
    EXPECT_EQ(detail::choose(3, 100, 5), (std::vector<uint64_t>{0, 1, 2}));

    // Independent of how the run is cut into batches and of their order.
    const RandomNetwork network(kSmallNetwork, 4, 1);
    const sim::QuantizedNetwork quantized = network.quantized(kMixedHardware, provide);
    const std::vector<NeuronCase> whole = sampled_cases(network, quantized, 30, 9);
    NeuronSampler sampler(quantized.mac_layers(), 4, 30, 9);
    const size_t size = network.images().size() / 4;
    const std::vector<size_t> order{2, 0, 3, 1};
    for (size_t i = 0; i < order.size(); ++i) {
        const auto begin = network.images().data.begin() + static_cast<std::ptrdiff_t>(order[i] * size);
        quantized.run({{1, 2, 6, 5}, {begin, begin + static_cast<std::ptrdiff_t>(size)}}, 1, sampler.observer(order),
                      i);
    }
    std::set<size_t> images;
    for (const NeuronCase& neuron : whole) images.insert(neuron.image);
    EXPECT_EQ(sampler.images(), std::vector(images.begin(), images.end()));
    const std::vector<NeuronCase> cases = sampler.cases();
    ASSERT_EQ(cases.size(), whole.size());
    for (size_t i = 0; i < whole.size(); ++i) {
        EXPECT_EQ(cases[i].place(), whole[i].place());
        EXPECT_EQ(cases[i].trace.a, whole[i].trace.a);
        EXPECT_EQ(cases[i].engine_acc, whole[i].engine_acc);
    }
}

TEST(Hardware, RefusesWhatCannotBeSimulatedTogether) {
    const auto multiplier = testing::catalogue_operator("mul8s_exact");
    auto adder = std::make_shared<sim::Operator>(*testing::catalogue_operator("add_exact-W8"));
    adder->sources.files.push_back({"other.v", "module mul_s_exact(input a);\nendmodule\n", false});
    const auto refused = [&](const NeuronHardware& hardware) -> std::string {
        try {
            neuron_sources(hardware, rtl_folder());
        } catch (const InputError& error) {
            return error.what();
        }
        return "accepted";
    };
    NeuronHardware hardware{multiplier, false, {8, sim::Overflow::wrap, 0, nullptr}, adder};
    EXPECT_THAT(refused(hardware), AllOf(HasSubstr("both define module 'mul_s_exact'"), HasSubstr("mul_s_exact.v"),
                                         HasSubstr("adder/other.v")));

    auto defined = std::make_shared<sim::Operator>(*multiplier);
    defined->sources.defines = {"FAST=1"};
    adder->sources.files.pop_back();
    adder->sources.defines = {"FAST=2"};
    hardware = {defined, false, {8, sim::Overflow::wrap, 0, nullptr}, adder};
    EXPECT_THAT(refused(hardware), AllOf(HasSubstr("FAST=1"), HasSubstr("FAST=2")));

    hardware = {sim::testing::exact_multiplier(8, 8, true), false, {8, sim::Overflow::wrap, 0, nullptr}, nullptr};
    EXPECT_THAT(refused(hardware), HasSubstr("holds no Verilog"));
}

}  // namespace
}  // namespace concrete::verify
