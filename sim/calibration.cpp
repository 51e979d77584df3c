#include "sim/calibration.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <optional>

#include "sim/error.h"
#include "sim/file.h"
#include "sim/float_layers.h"
#include "sim/hash.h"
#include "sim/version.h"

namespace concrete::sim {
namespace {

constexpr size_t kBatch = 64;
constexpr int kRangeBits = 12;  // significant bits of a range's ends

/// Away from zero to kRangeBits significant bits. Float kernels of two machines differ in the last bits of their sums;
/// after this, all but about one range in a thousand is the same on both, at a cost of 0.02% of the range.
double round_outward(double value) {
    int exponent = 0;
    const double mantissa = std::frexp(std::abs(value), &exponent);
    return std::copysign(std::ldexp(std::ceil(std::ldexp(mantissa, kRangeBits)), exponent - kRangeBits), value);
}

/// Range of the values of one group over the calibration pictures.
class RangeCollector {
  public:
    explicit RangeCollector(const CodeFormat& format) : format_(format) {}

    void add(const Tensor<float>& values, size_t first_image) {
        if (first_image >= format_.calibration_images) return;
        const size_t images = std::min(values.shape[0], format_.calibration_images - first_image);
        const size_t count = values.size() / values.shape[0] * images;
        const auto end = values.data.begin() + static_cast<std::ptrdiff_t>(count);
        if (format_.method == CalibrationMethod::percentile) {
            values_.insert(values_.end(), values.data.begin(), end);
            return;
        }
        const auto [lowest, highest] = std::minmax_element(values.data.begin(), end);
        range_.lowest = std::min(range_.lowest, double{*lowest});
        range_.highest = std::max(range_.highest, double{*highest});
    }

    QuantParams params() const {
        const ValueRange range =
            format_.method == CalibrationMethod::percentile ? percentile_range(values_, format_.percentile) : range_;
        return choose_params(format_.spec, format_.range, round_outward(range.lowest), round_outward(range.highest));
    }

  private:
    CodeFormat format_;
    ValueRange range_;
    std::vector<float> values_;
};

size_t images_needed(const CodePlan& plan) {
    size_t images = 0;
    for (const auto& [group, format] : plan.formats) images = std::max(images, format.calibration_images);
    return images;
}

void hash_network(Sha256& hash, const Network& network) {
    hash.add(std::span<const float>(network.mean)).add(std::span<const float>(network.std_dev));
    for (const Layer& layer : network.layers) {
        hash.add(layer.name).add(to_string(layer.type)).add(std::span<const size_t>(layer.inputs));
        hash.add(std::span<const size_t>(layer.output_shape)).add(layer.out_channels).add(layer.groups);
        hash.add(std::span<const size_t>(layer.window.kernel)).add(std::span<const size_t>(layer.window.stride));
        hash.add(std::span<const size_t>(layer.window.padding)).add(std::span<const size_t>(layer.window.dilation));
    }
}

std::string calibration_hash(const RunConfig& config, const CodePlan& plan, const Weights& weights,
                             const Dataset& pictures) {
    Sha256 hash;
    hash.add("concrete-calibration").add(version()).add(kRangeBits).add(content_hash(weights));
    hash_network(hash, config.network);
    hash.add(std::span<const uint8_t>(pictures.pixels.data)).add(pictures.size());
    for (const CodePlan::Entry& entry : plan.tensors) {
        hash.add(entry.has_format).add(entry.carries_codes).add(entry.group).add(entry.calibrates);
    }
    for (const auto& [group, f] : plan.formats) {
        hash.add(group).add(f.spec.bits).add(static_cast<uint64_t>(f.spec.scheme)).add(f.range.lowest);
        hash.add(f.range.highest).add(f.calibration_images).add(static_cast<uint64_t>(f.method));
        hash.add(fmt::format("{:a}", f.percentile));
    }
    return hash.hex();
}

Calibration compute(const RunConfig& config, const CodePlan& plan, const Weights& weights, const Dataset& pictures,
                    int threads) {
    const Network& network = config.network;
    std::map<size_t, RangeCollector> collectors;
    for (const auto& [group, format] : plan.formats) collectors.emplace(group, RangeCollector(format));
    for (size_t first = 0; first < pictures.size(); first += kBatch) {
        const size_t count = std::min(kBatch, pictures.size() - first);
        const std::vector<Tensor<float>> outputs = forward_network(
            network, weights, normalize(pictures, first, count, network.mean, network.std_dev), threads);
        for (size_t i = 0; i < outputs.size(); ++i) {
            if (plan.tensors[i].calibrates) collectors.at(plan.tensors[i].group).add(outputs[i], first);
        }
    }
    Calibration result;
    for (size_t i = 0; i < network.layers.size(); ++i) {
        if (!plan.tensors[i].has_format) continue;
        result.activations[network.layers[i].name] = collectors.at(plan.tensors[i].group).params();
    }
    return result;
}

std::string to_json(const Calibration& calibration) {
    nlohmann::json document{{"format", 1}, {"hash", calibration.hash}, {"activations", nlohmann::json::object()}};
    for (const auto& [name, params] : calibration.activations) {
        document["activations"][name] = {{"scale", fmt::format("{:a}", params.scale)},
                                         {"zero_point", params.zero_point}};
    }
    return document.dump(1) + "\n";
}

/// Nothing if the file is absent, damaged or of another calibration.
std::optional<Calibration> read_cached(const std::filesystem::path& path, const std::string& hash) {
    if (!std::filesystem::exists(path)) return std::nullopt;
    try {
        const auto document = nlohmann::json::parse(read_file(path));
        Calibration result;
        result.hash = document.at("hash").get<std::string>();
        if (document.at("format") != 1 || result.hash != hash) return std::nullopt;
        for (const auto& [name, params] : document.at("activations").items()) {
            const auto text = params.at("scale").get<std::string>();
            const double scale = std::strtod(text.c_str(), nullptr);
            if (!(scale > 0)) return std::nullopt;
            result.activations[name] = {scale, params.at("zero_point").get<int64_t>()};
        }
        return result;
    } catch (const std::exception&) {
        return std::nullopt;
    }
}

}  // namespace

Calibration load_or_calibrate(const RunConfig& config, const CodePlan& plan, const Weights& weights, int threads) {
    DatasetConfig source = config.data;
    source.split = Split::train;
    Dataset pictures;
    if (const size_t images = images_needed(plan)) pictures = load_dataset(source, images);
    const std::string hash = calibration_hash(config, plan, weights, pictures);
    const std::filesystem::path path = cache_folder() / "calibration" / (hash + ".json");
    if (auto cached = read_cached(path, hash)) return *cached;
    Calibration result = compute(config, plan, weights, pictures, threads);
    result.hash = hash;
    write_file(path, to_json(result));
    return result;
}

}  // namespace concrete::sim
