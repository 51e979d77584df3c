#pragma once

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <map>
#include <memory>
#include <numeric>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "gen/catalogue.h"
#include "gen/generate.h"
#include "sim/calibration_testing.h"
#include "sim/code_plan.h"
#include "sim/file.h"
#include "sim/network.h"
#include "sim/quantized_network.h"
#include "verify/hardware.h"
#include "verify/replay.h"

/// Small random networks on operators of the catalogue, for the tests of this folder.
namespace concrete::verify::testing {

/// An operator of the catalogue by the name of its instance.
inline std::shared_ptr<const sim::Operator> catalogue_operator(const std::string& name) {
    static std::map<std::string, std::shared_ptr<const sim::Operator>> known;
    auto& op = known[name];
    if (!op) {
        const gen::Catalogue catalogue = gen::load_catalogue(gen::default_catalogue_path());
        const auto [family, parameters] = gen::parse_instance_name(catalogue, name);
        const std::vector<gen::Request> requests{gen::catalogue_request(*family, parameters)};
        op = std::make_shared<const sim::Operator>(gen::generate(requests, 1).front());
    }
    return op;
}

/// `text` with its only occurrence of `from` replaced.
inline std::string substituted(std::string text, const std::string& from, const std::string& to) {
    const size_t at = text.find(from);
    if (at == std::string::npos || text.find(from, at + 1) != std::string::npos)
        throw std::logic_error("expected once: " + from);
    return text.replace(at, from.size(), to);
}

/// One text substitution in a file of an operator's Verilog or of rtl/.
struct Fault {
    std::string file, from, to;
};

/// The operator with a fault in its Verilog; table and closed form stay those of the sound circuit.
inline std::shared_ptr<const sim::Operator> broken(const std::shared_ptr<const sim::Operator>& op, const Fault& fault) {
    auto copy = std::make_shared<sim::Operator>(*op);
    for (sim::Sources::File& file : copy->sources.files)
        if (file.path == fault.file) file.text = substituted(file.text, fault.from, fault.to);
    if (copy->sources == op->sources) throw std::logic_error("no file " + fault.file);
    return copy;
}

/// A copy of the rtl folder with a fault in it.
inline void broken_rtl(const std::filesystem::path& folder, const Fault& fault) {
    std::filesystem::copy(rtl_folder(), folder, std::filesystem::copy_options::recursive);
    write_file(folder / fault.file, substituted(read_file(folder / fault.file), fault.from, fault.to));
}

/// A provider that knows operators by name.
inline sim::OperatorProvider provider_of(std::map<std::string, std::shared_ptr<const sim::Operator>> operators) {
    return [operators](const sim::OperatorRef& ref) {
        const auto found = operators.find(ref.name);
        return found != operators.end() ? found->second : catalogue_operator(ref.name);
    };
}

/// A network with random weights in [-1, 1] and random pictures, quantised on the ranges of those pictures.
class RandomNetwork {
  public:
    RandomNetwork(const std::string& description, size_t images, uint64_t seed) {
        write_file(folder_.path() / "net.yaml", description);
        network_ = sim::load_network(folder_.path() / "net.yaml");
        std::mt19937_64 random(seed);
        for (const sim::Layer& layer : network_.layers) {
            if (!layer.is_mac()) continue;
            sim::Tensor<float> weight(weight_shape(network_, layer)), bias({layer.out_channels});
            for (auto* tensor : {&weight, &bias})
                for (float& v : tensor->data) v = static_cast<float>(random() % 2001) / 1000.0f - 1.0f;
            weights_[layer.name + ".weight"] = weight;
            weights_[layer.name + ".bias"] = bias;
        }
        sim::Shape shape{images};
        for (const size_t extent : network_.input().output_shape) shape.push_back(extent);
        images_ = sim::Tensor<float>(shape);
        for (float& v : images_.data) v = static_cast<float>(random() % 256) / 127.5f - 1.0f;
    }

    /// Args: settings: `defaults` and `layers` of a configuration, as YAML.
    sim::QuantizedNetwork quantized(const std::string& settings, const sim::OperatorProvider& provider) const {
        write_file(folder_.path() / "c.yaml",
                   "network: net.yaml\nweights: w.h5\ndata: {kind: idx, dir: .}\n" + settings);
        const sim::RunConfig config = sim::load_run_config(folder_.path() / "c.yaml");
        const auto operators = sim::bind_operators(config, provider);
        const sim::CodePlan plan = sim::plan_codes(config, operators);
        return {config, weights_, operators, plan, sim::testing::calibrate_on(network_, weights_, plan, images_)};
    }

    const sim::Tensor<float>& images() const { return images_; }
    size_t image_count() const { return images_.shape[0]; }

  private:
    TemporaryFolder folder_;
    sim::Network network_;
    sim::Weights weights_;
    sim::Tensor<float> images_;
};

/// Runs all pictures and collects `samples` neurons a layer.
inline std::vector<NeuronCase> sampled_cases(const RandomNetwork& network, const sim::QuantizedNetwork& quantized,
                                             size_t samples, uint64_t seed) {
    NeuronSampler sampler(quantized.mac_layers(), network.image_count(), samples, seed);
    std::vector<size_t> images(network.image_count());
    std::iota(images.begin(), images.end(), size_t{0});
    quantized.run(network.images(), 1, sampler.observer(images));
    return sampler.cases();
}

/// Convolution with padding, groups, stride, pooling and a fully connected layer on tiny pictures.
inline constexpr const char* kSmallNetwork = R"(
name: small
input: {shape: [2, 6, 5], mean: [0.5, 0.5], std: [0.5, 0.5]}
layers:
  - {name: conv1, type: conv2d, out_channels: 4, kernel: 3, padding: 1}
  - {name: relu1, type: relu}
  - {name: pool1, type: max_pool, kernel: 2}
  - {name: conv2, type: conv2d, out_channels: 4, kernel: 2, padding: 1, groups: 2}
  - {name: relu2, type: relu}
  - {name: flat, type: flatten}
  - {name: fc1, type: linear, out_features: 5}
)";

}  // namespace concrete::verify::testing
