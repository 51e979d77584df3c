#include "sim/weights.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <limits>

#include "sim/error.h"
#include "sim/hash.h"
#include "sim/hdf5.h"
#include "sim/yaml.h"

namespace concrete::sim {
namespace {

constexpr const char* kFormat = "concrete-weights";
constexpr int64_t kVersion = 1;
// A wrongly shaped tensor up to this size is read and named with its shape; above, by its size.
constexpr size_t kReadAnyway = size_t{1} << 24;

// Files of other tools carry no format and are taken as they are.
void check_format(const Hdf5Reader& file) {
    if (!file.has_attribute("/", "format")) return;
    const std::string format = file.text_attribute("/", "format");
    if (format != kFormat) file.fail("/", fmt::format("format is '{}', expected '{}'", format, kFormat));
    const int64_t version = file.integer_attribute("/", "version");
    if (version != kVersion) file.fail("/", fmt::format("version is {}, this program reads {}", version, kVersion));
}

Tensor<float> load_tensor(const Hdf5Reader& file, const std::string& name, const Shape& shape) {
    if (!file.has(name)) file.fail(name, "missing, the network needs it with shape " + to_string(shape));
    Tensor<float> tensor = file.floats(name, std::max(element_count(shape), kReadAnyway));
    if (tensor.shape != shape)
        file.fail(name, fmt::format("shape is {}, the network needs {}", to_string(tensor.shape), to_string(shape)));
    for (size_t i = 0; i < tensor.size(); ++i)
        if (!std::isfinite(tensor.data[i]))
            file.fail(name, fmt::format("element {} is {}, expected a finite number", i, tensor.data[i]));
    return tensor;
}

}  // namespace

std::map<std::string, Shape> weight_shapes(const Network& network) {
    std::map<std::string, Shape> shapes;
    for (const Layer& layer : network.layers) {
        if (!layer.is_mac()) continue;
        shapes[layer.name + ".weight"] = weight_shape(network, layer);
        if (layer.has_bias) shapes[layer.name + ".bias"] = {layer.out_channels};
    }
    return shapes;
}

Weights load_weights(const std::filesystem::path& path, const Network& network) {
    const Hdf5Reader file(path);
    check_format(file);
    const std::map<std::string, Shape> shapes = weight_shapes(network);
    std::vector<std::string> names;
    for (const auto& [name, shape] : shapes) names.push_back(name);
    for (const std::string& member : file.members("/")) {
        if (shapes.count(member) > 0) continue;
        const std::string nearest = nearest_name(member, names);
        file.fail(member, fmt::format("belongs to no layer of the network '{}'{}", network.name,
                                      nearest.empty() ? "" : "; nearest: '" + nearest + "'"));
    }
    Weights weights;
    for (const auto& [name, shape] : shapes) weights[name] = load_tensor(file, name, shape);
    return weights;
}

void save_weights(const Weights& weights, const std::filesystem::path& path,
                  const std::map<std::string, std::string>& attributes) {
    Hdf5Writer file(path);
    file.attribute("/", "format", kFormat);
    file.attribute("/", "version", kVersion);
    for (const auto& [name, value] : attributes) file.attribute("/", name, value);
    for (const auto& [name, tensor] : weights) file.write(name, tensor.shape, tensor.data.data());
    file.commit();
}

std::string content_hash(const Weights& weights) {
    Sha256 hash;
    for (const auto& [name, tensor] : weights) {
        hash.add(name).add(uint64_t{tensor.shape.size()});
        for (const size_t extent : tensor.shape) hash.add(uint64_t{extent});
        hash.add(std::span<const float>(tensor.data));
    }
    return hash.hex();
}

}  // namespace concrete::sim
