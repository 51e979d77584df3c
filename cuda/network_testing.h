#pragma once

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "sim/calibration_testing.h"
#include "sim/dataset.h"
#include "sim/file.h"
#include "sim/quantized_network.h"
#include "sim/testing.h"

/// Small networks with random weights and pictures, calibrated on these, for tests.
namespace concrete::cuda::testing {

/// Products of 8 bits with random errors, L(0, 0) among them: operands do not commute, and yet codes do not all run
/// into their limits, as with a table of nothing but chance.
inline std::shared_ptr<const sim::Operator> erring_multiplier(bool is_signed) {
    const auto op = sim::testing::exact_multiplier(8, 8, is_signed);
    std::mt19937_64 random(is_signed ? 3 : 4);
    for (int32_t& product : op->lut) {
        const int32_t error = static_cast<int32_t>(random() % 301) - 100;
        product = is_signed ? product + error : std::clamp(product + error, 0, 65535);
    }
    return op;
}

/// "signed", "unsigned": erring_multiplier(); "low_rank": few int8 products; "wide": exact products of 16 bits.
inline std::shared_ptr<const sim::Operator> provide_operator(const sim::OperatorRef& ref) {
    if (ref.name == "signed" || ref.name == "unsigned") return erring_multiplier(ref.name == "signed");
    if (ref.name == "low_rank") return sim::testing::low_rank_multiplier();
    auto op = std::make_shared<sim::Operator>(sim::testing::bare_operator(
        "mul16s_exact", sim::OperatorKind::multiplier, {"a", 16, true}, {"b", 16, true}, {"y", 32, true}));
    op->closed_form = sim::ClosedForm::product;
    return op;
}

inline sim::Dataset random_pictures(const sim::Shape& picture, size_t count, uint64_t seed) {
    sim::Dataset data{sim::Tensor<uint8_t>({count, picture[0], picture[1], picture[2]}),
                      std::vector<uint8_t>(count, 0)};
    std::mt19937_64 random(seed);
    for (uint8_t& pixel : data.pixels.data) pixel = static_cast<uint8_t>(random());
    return data;
}

inline sim::Weights random_weights(const sim::Network& network, uint64_t seed) {
    sim::Weights weights;
    std::mt19937_64 random(seed);
    for (const sim::Layer& layer : network.layers) {
        if (!layer.is_mac()) continue;
        sim::Tensor<float> weight(weight_shape(network, layer)), bias({layer.out_channels});
        for (auto* tensor : {&weight, &bias}) {
            for (float& v : tensor->data) v = static_cast<float>(random() % 2001) / 1000.0f - 1.0f;
        }
        weights[layer.name + ".weight"] = weight;
        weights[layer.name + ".bias"] = bias;
    }
    return weights;
}

/// A network and pictures that it reads.
struct NetworkCase {
    std::unique_ptr<sim::QuantizedNetwork> network;
    sim::Dataset data;
};

/// Args: description: as of nets/; settings: `defaults:` and `layers:` of a configuration.
inline NetworkCase make_case(const std::string& description, const std::string& settings, size_t pictures) {
    const TemporaryFolder folder;
    write_file(folder.path() / "net.yaml", description);
    write_file(folder.path() / "c.yaml", "network: net.yaml\nweights: w.h5\ndata: {kind: idx, dir: .}\n" + settings);
    const sim::RunConfig config = sim::load_run_config(folder.path() / "c.yaml");
    const auto operators = bind_operators(config, provide_operator);
    const sim::CodePlan plan = plan_codes(config, operators);
    const sim::Weights weights = random_weights(config.network, 42);
    NetworkCase result;
    result.data = random_pictures(config.network.input().output_shape, pictures, 7);
    const sim::Network& net = config.network;
    const auto images = sim::normalize(result.data, 0, result.data.size(), net.mean, net.std_dev);
    const sim::Calibration calibration = sim::testing::calibrate_on(net, weights, plan, images);
    result.network = std::make_unique<sim::QuantizedNetwork>(config, weights, operators, plan, calibration,
                                                             sim::cpu_preparer(sim::Engine::gather));
    return result;
}

}  // namespace concrete::cuda::testing
