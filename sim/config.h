#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/accumulator.h"
#include "sim/dataset.h"
#include "sim/network.h"
#include "sim/path.h"
#include "sim/quantize.h"
#include "sim/yaml.h"

namespace concrete::sim {

/// An operator as a configuration names it: by catalogue name with parameters, or by file.
struct OperatorRef {
    std::string name;                           ///< "booth8_m4", "booth8_m4-P8"; empty where a file is given
    std::map<std::string, int64_t> parameters;  ///< {P: 8}
    std::filesystem::path file;                 ///< "my.h5", resolved against the configuration's folder
    YamlNode node;                              ///< for errors; a null node when it came from the command line

    bool operator==(const OperatorRef& o) const {
        return name == o.name && parameters == o.parameters && file == o.file;
    }
    /// "booth8_m4-P8" or the file's name, for people.
    std::string label() const;
};

/// Turns a reference into an operator: `app` gives one that generates what is missing.
using OperatorProvider = std::function<std::shared_ptr<const Operator>(const OperatorRef&)>;

struct AdderConfig {
    int or_bits = 0;                ///< `loa: K`; 0 is `exact`
    std::optional<OperatorRef> op;  ///< an operator instead
};

enum class PaddingMode { code, skip };

/// Settings of one convolution or fully connected layer: `defaults` overlaid with `layers.NAME`.
struct LayerConfig {
    bool is_float = false;  ///< mode: float
    QuantSpec weights{8, Scheme::symmetric, Granularity::channel};
    QuantSpec activations{8, Scheme::symmetric, Granularity::tensor};  ///< of the layer's input
    size_t calibration_images = 512;
    CalibrationMethod calibration_method = CalibrationMethod::max;
    double calibration_percentile = 99.9;
    OperatorRef multiplier;
    std::optional<OperatorRef> mac;  ///< a MAC unit instead of multiplier and adder
    bool sign_magnitude = false;
    int acc_bits = 32;
    bool acc_bits_given = false;  ///< else a MAC unit's own width counts
    AdderConfig adder;
    Overflow overflow = Overflow::wrap;
    PaddingMode padding = PaddingMode::code;
    YamlNode node;  ///< of `layers.NAME`, else of `defaults`: errors point there
};

/// An experiment (docs/configuration.md).
struct RunConfig {
    std::filesystem::path path, weights_path;
    Network network;
    DatasetConfig data;
    std::map<std::string, LayerConfig> layers;  ///< one for each MAC layer of the network
};

/// Settings of every MAC layer are `defaults` merged with `layers.NAME`; an operator in the layer that names itself
/// replaces the default one, {P: 4} alone changes a parameter. `mac` in one of the two takes the place of multiplier,
/// sign_magnitude and accumulator in `defaults`, and a multiplier in the layer that of `mac` there. `overrides`:
/// KEY.PATH=VALUE texts of --set, VALUE in YAML. Throws: InputError with file, line, column, key path and nearest known
/// name.
RunConfig load_run_config(const std::filesystem::path& path, const std::vector<std::string>& overrides = {});

/// Reads an operator reference: NAME, FILE.h5, {name: NAME, P: 8} or {file: FILE.h5}. Texts that end in .h5 or contain
/// a slash are files.
OperatorRef read_operator_ref(const YamlNode& node, const std::filesystem::path& config_folder);

}  // namespace concrete::sim
