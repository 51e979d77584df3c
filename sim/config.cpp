#include "sim/config.h"

#include <filesystem>
#include <fmt/format.h>

#include "sim/error.h"

namespace concrete::sim {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kMaxImages = 1'000'000;
constexpr int64_t kMaxParameter = int64_t{1} << 31;

QuantSpec read_quant_spec(YamlMap& map, const QuantSpec& fallback) {
    QuantSpec spec = fallback;
    spec.bits = static_cast<int>(map.integer("bits", 1, 16, fallback.bits));
    spec.scheme = map.choice<Scheme>(
        "scheme", {{"symmetric", Scheme::symmetric}, {"affine", Scheme::affine}, {"fixed_point", Scheme::fixed_point}},
        fallback.scheme);
    return spec;
}

void read_weights(const YamlNode& node, LayerConfig& config) {
    YamlMap map(node);
    config.weights = read_quant_spec(map, config.weights);
    config.weights.per = map.choice<Granularity>(
        "per", {{"tensor", Granularity::tensor}, {"channel", Granularity::channel}}, config.weights.per);
    map.finish();
}

void read_activations(const YamlNode& node, LayerConfig& config) {
    YamlMap map(node);
    config.activations = read_quant_spec(map, config.activations);
    if (const YamlNode* calibrate = map.find("calibrate")) {
        YamlMap c(*calibrate);
        config.calibration_images =
            static_cast<size_t>(c.integer("images", 1, kMaxImages, static_cast<int64_t>(config.calibration_images)));
        config.calibration_method = c.choice<CalibrationMethod>(
            "method", {{"max", CalibrationMethod::max}, {"percentile", CalibrationMethod::percentile}},
            config.calibration_method);
        config.calibration_percentile = c.number("percentile", 50, 100, config.calibration_percentile);
        c.finish();
    }
    map.finish();
}

AdderConfig read_adder(const YamlNode& node, int acc_bits, const fs::path& folder) {
    if (node.is_scalar() && node.text() == "exact") return {};
    if (node.is_scalar() && node.text().starts_with("loa:")) {
        node.fail("'" + node.text() + "' is how the command line writes it, here it is {loa: " + node.text().substr(4) +
                  "}");
    }
    if (node.is_map() && node.find("loa")) {
        YamlMap map(node);
        AdderConfig adder;
        adder.or_bits = static_cast<int>(map.integer("loa", 0, acc_bits));
        map.finish();
        return adder;
    }
    return {0, read_operator_ref(node, folder)};
}

void read_accumulator(const YamlNode& node, LayerConfig& config, const fs::path& folder) {
    YamlMap map(node);
    config.acc_bits_given = map.has("bits");
    config.acc_bits = static_cast<int>(map.integer("bits", 2, 64, config.acc_bits));
    config.overflow =
        map.choice<Overflow>("overflow", {{"wrap", Overflow::wrap}, {"saturate", Overflow::saturate}}, config.overflow);
    if (const YamlNode* adder = map.find("adder")) config.adder = read_adder(*adder, config.acc_bits, folder);
    map.finish();
}

/// A MAC unit is multiplier, adder and overflow rule at once.
void refuse_beside_mac(const YamlNode& node) {
    const auto refuse = [](const YamlNode* found, const char* name) {
        if (found)
            found->fail_at_key(fmt::format("`{}` beside `mac`: a MAC unit has one of its own; leave one out", name));
    };
    refuse(node.find("multiplier"), "multiplier");
    refuse(node.find("sign_magnitude"), "sign_magnitude");
    const YamlNode* accumulator = node.find("accumulator");
    if (!accumulator || !accumulator->is_map()) return;
    refuse(accumulator->find("adder"), "adder");
    refuse(accumulator->find("overflow"), "overflow");
}

LayerConfig read_layer_config(const YamlNode& node, const fs::path& folder) {
    YamlMap map(node);
    LayerConfig config;
    config.node = node;
    config.is_float = map.choice<bool>("mode", {{"quantized", false}, {"float", true}}, false);
    if (const YamlNode* weights = map.find("weights")) read_weights(*weights, config);
    if (const YamlNode* activations = map.find("activations")) read_activations(*activations, config);
    if (const YamlNode* multiplier = map.find("multiplier")) config.multiplier = read_operator_ref(*multiplier, folder);
    if (const YamlNode* mac = map.find("mac")) {
        refuse_beside_mac(node);
        config.mac = read_operator_ref(*mac, folder);
    }
    config.sign_magnitude = map.boolean("sign_magnitude", config.sign_magnitude);
    if (const YamlNode* accumulator = map.find("accumulator")) read_accumulator(*accumulator, config, folder);
    config.padding =
        map.choice<PaddingMode>("padding", {{"code", PaddingMode::code}, {"skip", PaddingMode::skip}}, config.padding);
    map.finish();
    return config;
}

/// An operator that names itself replaces the default one whole: parameters of another family mean nothing to it. A MAC
/// unit replaces all that describes multiplier and accumulator, and the other way round.
YamlNode merge_settings(YamlNode defaults, const YamlNode& layer) {
    if (layer.is_map() && layer.find("mac")) {
        for (const char* key : {"multiplier", "sign_magnitude", "accumulator"}) defaults.remove(key);
    } else if (layer.is_map() && layer.find("multiplier")) {
        defaults.remove("mac");
    }
    const auto names_itself = [](const YamlNode* op) {
        return op && op->is_map() && (op->find("name") || op->find("file") || op->find("loa"));
    };
    YamlNode merged = YamlNode::merge(defaults, layer);
    const YamlNode* multiplier = layer.find("multiplier");
    if (names_itself(multiplier)) merged.assign("multiplier", *multiplier);
    const YamlNode* accumulator = layer.find("accumulator");
    const YamlNode* adder = accumulator && accumulator->is_map() ? accumulator->find("adder") : nullptr;
    if (names_itself(adder)) merged.assign("accumulator.adder", *adder);
    return merged;
}

std::vector<std::string> mac_layer_names(const Network& network) {
    std::vector<std::string> names;
    for (const Layer& layer : network.layers) {
        if (layer.is_mac()) names.push_back(layer.name);
    }
    return names;
}

void check_layer_exists(const YamlNode& node, const std::string& name, const Network& network) {
    const std::vector<std::string> known = mac_layer_names(network);
    if (std::find(known.begin(), known.end(), name) != known.end()) return;
    const std::string nearest = nearest_name(name, known);
    const bool exists = network.index_of(name) < network.layers.size();
    node.fail(fmt::format("{} '{}' in network '{}'{}",
                          exists ? "only convolutions and fully connected layers have settings, unlike" : "no layer",
                          name, network.name, nearest.empty() ? "" : "; nearest: '" + nearest + "'"));
}

void read_layers(const YamlNode& root, RunConfig& config, const fs::path& folder) {
    const YamlNode empty = parse_yaml("{}", config.path.string());
    const YamlNode* found = root.find("defaults");
    const YamlNode& defaults = found ? *found : empty;
    read_layer_config(defaults, folder);  // errors there are worth hearing even if no layer uses it

    const YamlNode* layers = root.find("layers");
    if (layers) {
        for (const auto& [name, node] : layers->entries()) check_layer_exists(node, name, config.network);
    }
    for (const std::string& name : mac_layer_names(config.network)) {
        const YamlNode* own = layers ? layers->find(name) : nullptr;
        LayerConfig layer = read_layer_config(own ? merge_settings(defaults, *own) : defaults, folder);
        if (!layer.is_float && !layer.mac && layer.multiplier == OperatorRef{}) {
            (own ? *own : root)
                .fail(fmt::format("layer '{}' has no multiplier; give `multiplier: NAME` here or in `defaults`, or "
                                  "`mode: float`",
                                  name));
        }
        config.layers.emplace(name, std::move(layer));
    }
}

}  // namespace

std::string OperatorRef::label() const {
    if (!file.empty()) return file.filename().string();
    std::string text = name;
    for (const auto& [key, value] : parameters) text += fmt::format("-{}{}", key, value);
    return text;
}

OperatorRef read_operator_ref(const YamlNode& node, const fs::path& config_folder) {
    OperatorRef ref;
    ref.node = node;
    if (node.is_scalar()) {
        const std::string text = node.text();
        if (text.ends_with(".h5") || text.find('/') != std::string::npos) {
            ref.file = resolve_path(text, config_folder);
        } else {
            ref.name = text;
        }
        if (text.empty()) node.fail("an empty operator name; expected a catalogue name or an operator file");
        return ref;
    }
    YamlMap map(node);
    if (const YamlNode* file = map.find("file")) {
        ref.file = resolve_path(file->text(), config_folder);
        map.finish();
        return ref;
    }
    ref.name = map.text("name");
    const auto add = [&](const std::string& parameter, const YamlNode& value) {
        const int64_t number = value.integer(-kMaxParameter, kMaxParameter);
        if (!ref.parameters.emplace(parameter, number).second)
            value.fail("parameter '" + parameter + "' is given twice");
    };
    for (const auto& [key, value] : node.entries()) {
        map.find(key);
        if (key == "parameters") {
            for (const auto& [parameter, inner] : value.entries()) add(parameter, inner);
        } else if (key != "name") {
            add(key, value);
        }
    }
    map.finish();
    return ref;
}

RunConfig load_run_config(const fs::path& path, const std::vector<std::string>& overrides) {
    YamlNode document = load_yaml(path);
    for (const std::string& text : overrides) {
        const size_t equals = text.find('=');
        if (equals == std::string::npos || equals == 0) {
            throw UsageError(fmt::format("--set {}: expected KEY.PATH=VALUE", text));
        }
        const std::string key = text.substr(0, equals);
        document.assign(key, parse_yaml(text.substr(equals + 1), "--set " + key));
    }

    const fs::path folder = path.parent_path();
    YamlMap root(document);
    RunConfig config;
    config.path = path;
    config.network = load_network(resolve_path(root.text("network"), folder));
    config.weights_path = resolve_path(root.text("weights"), folder);
    config.data = read_dataset_config(root.require("data"), folder);
    root.find("defaults");
    root.find("layers");
    root.finish();
    read_layers(document, config, folder);
    return config;
}

}  // namespace concrete::sim
