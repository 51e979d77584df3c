#include "sim/network.h"

#include <algorithm>
#include <cctype>
#include <fmt/format.h>

#include "sim/error.h"
#include "sim/yaml.h"

namespace concrete::sim {
namespace {

constexpr int64_t kMaxExtent = 65536;             // of one axis
constexpr size_t kMaxPoolArea = size_t{1} << 16;  // positions of a pooling window
constexpr size_t kMaxElements = size_t{1} << 28;  // of one layer's output for one picture, and of one weight tensor
constexpr size_t kMaxLayers = 4096;  // checks compare layers with layers: without a bound a file could take hours
constexpr size_t kMaxName = 100;     // characters
constexpr size_t kRows = 0, kColumns = 1;

const std::vector<std::pair<std::string, LayerType>> kLayerTypes = {
    {"conv2d", LayerType::conv2d},     {"linear", LayerType::linear},  {"max_pool", LayerType::max_pool},
    {"avg_pool", LayerType::avg_pool}, {"relu", LayerType::relu},      {"flatten", LayerType::flatten},
    {"add", LayerType::add},           {"softmax", LayerType::softmax}};

bool is_layer_name(const std::string& name) {
    const auto is_word = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; };
    return !name.empty() && !std::isdigit(static_cast<unsigned char>(name[0])) &&
           std::all_of(name.begin(), name.end(), is_word);
}

// One integer for rows and columns, or [rows, columns].
std::array<size_t, 2> read_pair(const YamlNode& node, int64_t lowest, int64_t highest) {
    if (!node.is_sequence()) {
        const auto both = static_cast<size_t>(node.integer(lowest, highest));
        return {both, both};
    }
    const auto& elements = node.elements();
    if (elements.size() != 2)
        node.fail(fmt::format("{} elements, expected an integer or [rows, columns]", elements.size()));
    return {static_cast<size_t>(elements[0].integer(lowest, highest)),
            static_cast<size_t>(elements[1].integer(lowest, highest))};
}

std::array<size_t, 2> read_pair(YamlMap& map, std::string_view key, int64_t lowest, std::array<size_t, 2> fallback) {
    const YamlNode* node = map.find(key);
    return node ? read_pair(*node, lowest, kMaxExtent) : fallback;
}

std::vector<float> read_per_channel(YamlMap& map, const char* key, size_t channels, double lowest, float fallback) {
    const YamlNode* node = map.find(key);
    if (!node) return std::vector<float>(channels, fallback);
    std::vector<float> values;
    for (const YamlNode& element : node->elements()) values.push_back(static_cast<float>(element.number(lowest, 1e6)));
    if (values.size() != channels)
        node->fail(fmt::format("{} values, expected one for each of the {} input channels", values.size(), channels));
    return values;
}

// Reads the layers one after another into a network whose earlier layers are complete.
class NetworkReader {
  public:
    Network read(const YamlNode& document) {
        YamlMap map(document);
        const YamlNode& name = map.require("name");
        network_.name = name.text();
        if (network_.name.empty()) name.fail("empty, expected the network's name");
        read_input(map.require("input"));
        const YamlNode& layers = map.require("layers");
        map.finish();
        if (layers.elements().empty()) layers.fail("empty, expected at least one layer");
        if (layers.elements().size() > kMaxLayers)
            layers.fail(fmt::format("{} layers, expected at most {}", layers.elements().size(), kMaxLayers));
        for (const YamlNode& node : layers.elements()) read_layer(node);
        check_all_read(layers);
        return std::move(network_);
    }

  private:
    void read_input(const YamlNode& node) {
        YamlMap map(node);
        Layer layer;
        layer.name = "input";
        const YamlNode& shape = map.require("shape");
        for (const YamlNode& extent : shape.elements())
            layer.output_shape.push_back(static_cast<size_t>(extent.integer(1, kMaxExtent)));
        if (layer.output_shape.size() != 3)
            shape.fail(fmt::format("{}, expected [channels, rows, columns]", to_string(layer.output_shape)));
        check_size(shape, layer.output_shape, "the picture");
        const size_t channels = layer.output_shape[0];
        network_.mean = read_per_channel(map, "mean", channels, -1e6, 0.0f);
        network_.std_dev = read_per_channel(map, "std", channels, 1e-6, 1.0f);
        map.finish();
        network_.layers.push_back(std::move(layer));
    }

    void read_layer(const YamlNode& node) {
        YamlMap map(node);
        Layer layer;
        layer.name = read_name(map.require("name"));
        layer.type = map.choice("type", kLayerTypes);
        read_inputs(map, layer);
        const Shape& in = network_.layers[layer.inputs[0]].output_shape;
        switch (layer.type) {
            case LayerType::conv2d:
                read_conv2d(map, in, layer);
                break;
            case LayerType::linear:
                read_linear(map, in, layer);
                break;
            case LayerType::max_pool:
            case LayerType::avg_pool:
                read_pool(map, in, layer);
                break;
            case LayerType::flatten:
                layer.output_shape = {element_count(in)};
                break;
            case LayerType::add:
                check_add(node, layer);
                [[fallthrough]];
            case LayerType::relu:
                layer.output_shape = in;
                break;
            case LayerType::softmax:
                require_rank(node, in, 1);
                layer.output_shape = in;
                break;
            case LayerType::input:
                break;  // not in kLayerTypes
        }
        map.finish();
        check_size(node, layer.output_shape, "the output");
        network_.layers.push_back(std::move(layer));
    }

    std::string read_name(const YamlNode& node) const {
        std::string name = node.text();
        if (name.size() > kMaxName)
            node.fail(fmt::format("a name of {} characters, expected at most {}", name.size(), kMaxName));
        if (!is_layer_name(name))
            node.fail("'" + name + "' is no layer name, expected letters, digits and _, no digit first");
        if (name == "input") node.fail("'input' is the name of the network's input, choose another");
        if (network_.index_of(name) != network_.layers.size()) node.fail("a second layer named '" + name + "'");
        return name;
    }

    // `in`: a name or a list of names; the layer above where it is left out.
    void read_inputs(YamlMap& map, Layer& layer) {
        const YamlNode* in = map.find("in");
        const bool is_add = layer.type == LayerType::add;
        if (!in && is_add) map.require("in");
        if (!in) {
            layer.inputs = {network_.layers.size() - 1};
        } else if (in->is_sequence()) {
            for (const YamlNode& element : in->elements()) layer.inputs.push_back(find_layer(element));
        } else {
            layer.inputs = {find_layer(*in)};
        }
        if (is_add && layer.inputs.size() < 2)
            in->fail(fmt::format("{} layers, expected two or more to add", layer.inputs.size()));
        if (!is_add && layer.inputs.size() != 1)
            in->fail(fmt::format("{} layers, expected one: only add has several", layer.inputs.size()));
    }

    size_t find_layer(const YamlNode& node) const {
        const std::string name = node.text();
        const size_t index = network_.index_of(name);
        if (index < network_.layers.size()) return index;
        std::vector<std::string> names;
        for (const Layer& layer : network_.layers) names.push_back(layer.name);
        const std::string nearest = nearest_name(name, names);
        node.fail("no layer '" + name + "' above this one" + (nearest.empty() ? "" : "; nearest: '" + nearest + "'"));
    }

    static void require_rank(const YamlNode& node, const Shape& in, size_t rank) {
        if (in.size() == rank) return;
        node.fail(rank == 1
                      ? fmt::format("reads {}, expected [features]: put a flatten layer in between", to_string(in))
                      : fmt::format("reads {}, expected [channels, rows, columns]", to_string(in)));
    }

    static void check_size(const YamlNode& node, const Shape& shape, const std::string& what) {
        size_t elements = 1;  // at most 2^16 an axis and 2^28 before each product: no overflow
        for (const size_t extent : shape) {
            elements *= extent;
            if (elements > kMaxElements)
                node.fail(fmt::format("{} {} is larger than {} elements", what, to_string(shape), kMaxElements));
        }
    }

    // Output rows and columns of a window that slides over `in`.
    static Shape slide(const YamlNode& node, const Shape& in, const Window& w, size_t out_channels) {
        Shape out{out_channels, 0, 0};
        for (const size_t axis : {kRows, kColumns}) {
            const size_t padded = in[axis + 1] + 2 * w.padding[axis];
            const size_t reach = w.dilation[axis] * (w.kernel[axis] - 1) + 1;
            if (reach > padded)
                node.fail(fmt::format("the window has {} {}, its padded input only {}", reach,
                                      axis == kRows ? "rows" : "columns", padded));
            out[axis + 1] = (padded - reach) / w.stride[axis] + 1;
        }
        return out;
    }

    static void read_conv2d(YamlMap& map, const Shape& in, Layer& layer) {
        require_rank(map.node(), in, 3);
        layer.out_channels = static_cast<size_t>(map.integer("out_channels", 1, kMaxExtent));
        layer.groups = static_cast<size_t>(map.integer("groups", 1, kMaxExtent, 1));
        layer.has_bias = map.boolean("bias", true);
        layer.window.kernel = read_pair(map.require("kernel"), 1, kMaxExtent);
        layer.window.stride = read_pair(map, "stride", 1, {1, 1});
        layer.window.padding = read_pair(map, "padding", 0, {0, 0});
        layer.window.dilation = read_pair(map, "dilation", 1, {1, 1});
        if (in[0] % layer.groups != 0 || layer.out_channels % layer.groups != 0)
            map.node().fail(fmt::format("{} groups must divide the {} input and the {} output channels", layer.groups,
                                        in[0], layer.out_channels));
        layer.output_shape = slide(map.node(), in, layer.window, layer.out_channels);
        check_size(map.node(),
                   {layer.out_channels, in[0] / layer.groups, layer.window.kernel[0], layer.window.kernel[1]},
                   "the weight");
    }

    static void read_linear(YamlMap& map, const Shape& in, Layer& layer) {
        require_rank(map.node(), in, 1);
        layer.out_channels = static_cast<size_t>(map.integer("out_features", 1, kMaxExtent));
        layer.has_bias = map.boolean("bias", true);
        layer.output_shape = {layer.out_channels};
        check_size(map.node(), {layer.out_channels, in[0]}, "the weight");
    }

    static void read_pool(YamlMap& map, const Shape& in, Layer& layer) {
        require_rank(map.node(), in, 3);
        layer.window.kernel = read_pair(map.require("kernel"), 1, kMaxExtent);
        layer.window.stride = read_pair(map, "stride", 1, layer.window.kernel);
        layer.window.padding = read_pair(map, "padding", 0, {0, 0});
        for (const size_t axis : {kRows, kColumns})
            if (layer.window.padding[axis] >= layer.window.kernel[axis])
                map.node().fail(
                    fmt::format("padding {} must be below the kernel's {}: a window would hold nothing else",
                                layer.window.padding[axis], layer.window.kernel[axis]));
        const size_t area = layer.window.kernel[0] * layer.window.kernel[1];
        if (area > kMaxPoolArea)
            map.node().fail(fmt::format("a window of {} positions, expected at most {}", area, kMaxPoolArea));
        layer.output_shape = slide(map.node(), in, layer.window, in[0]);
    }

    void check_add(const YamlNode& node, const Layer& layer) const {
        const Layer& first = network_.layers[layer.inputs[0]];
        for (const size_t i : layer.inputs) {
            const Layer& other = network_.layers[i];
            if (other.output_shape != first.output_shape)
                node.fail(fmt::format("adds '{}' {} and '{}' {}, expected equal shapes", first.name,
                                      to_string(first.output_shape), other.name, to_string(other.output_shape)));
        }
    }

    void check_all_read(const YamlNode& layers) const {
        for (size_t i = 0; i + 1 < network_.layers.size(); ++i) {
            if (!network_.consumers(i).empty()) continue;
            const std::string message =
                fmt::format("nobody reads '{}', and it is not the last layer", network_.layers[i].name);
            (i == 0 ? layers : layers.elements()[i - 1]).fail(message);
        }
    }

    Network network_;
};

}  // namespace

std::string to_string(LayerType type) {
    for (const auto& [name, value] : kLayerTypes)
        if (value == type) return name;
    return "input";
}

size_t Network::index_of(const std::string& layer_name) const {
    const auto found = std::find_if(layers.begin(), layers.end(), [&](const Layer& l) { return l.name == layer_name; });
    return static_cast<size_t>(found - layers.begin());
}

std::vector<size_t> Network::consumers(size_t i) const {
    std::vector<size_t> result;
    for (size_t j = 0; j < layers.size(); ++j)
        if (std::count(layers[j].inputs.begin(), layers[j].inputs.end(), i) > 0) result.push_back(j);
    return result;
}

Shape weight_shape(const Network& network, const Layer& layer) {
    const Shape& in = network.layers.at(layer.inputs.at(0)).output_shape;
    if (layer.type == LayerType::linear) return {layer.out_channels, in[0]};
    return {layer.out_channels, in[0] / layer.groups, layer.window.kernel[0], layer.window.kernel[1]};
}

Network load_network(const std::filesystem::path& path) {
    return NetworkReader().read(load_yaml(path));
}

}  // namespace concrete::sim
