// The operator file (docs/operator-file.md).
#include <charconv>
#include <cmath>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "sim/decomposition_file.h"
#include "sim/error.h"
#include "sim/hdf5.h"
#include "sim/netlist_file.h"
#include "sim/operator.h"
#include "sim/sources_check.h"

namespace concrete::sim {

namespace {

constexpr const char* kFormat = "concrete-operator";
constexpr int64_t kVersion = 1;

const std::vector<std::pair<const char*, double Metrics::*>> kMetrics = {
    {"mae", &Metrics::mae},
    {"mae_percent", &Metrics::mae_percent},
    {"wce", &Metrics::wce},
    {"wce_percent", &Metrics::wce_percent},
    {"wcre_percent", &Metrics::wcre_percent},
    {"ep_percent", &Metrics::ep_percent},
    {"mre_percent", &Metrics::mre_percent},
    {"mse", &Metrics::mse},
    {"mean_error", &Metrics::mean_error},
    {"error_variance", &Metrics::error_variance},
    {"nmed", &Metrics::nmed},
};

const std::vector<std::pair<const char*, double Confidence::*>> kConfidences = {
    {"mae", &Confidence::mae}, {"ep_percent", &Confidence::ep_percent}, {"mre_percent", &Confidence::mre_percent},
    {"mse", &Confidence::mse}, {"mean_error", &Confidence::mean_error},
};

const std::vector<std::pair<const char*, double Cost::*>> kCosts = {
    {"gates", &Cost::gates},
    {"nodes", &Cost::nodes},
    {"depth", &Cost::depth},
    {"energy", &Cost::energy},
};

struct Problem {
    std::string item, message;
};

void check_port(const Port& port, const char* role) {
    if (!is_identifier(port.name)) {
        throw Problem{"/", fmt::format("{}_name is '{}', expected a Verilog identifier", role, port.name)};
    }
    if (port.bits < 1 || port.bits > 64) {
        throw Problem{"/", fmt::format("{}_bits is {}, expected 1 to 64", role, port.bits)};
    }
}

void check_figures(const Operator& op) {
    for (const auto& [name, member] : kMetrics) {
        if (!std::isfinite(op.metrics.*member)) throw Problem{"/metrics", fmt::format("{} is not finite", name)};
    }
    for (const auto& [name, member] : kConfidences) {
        if (!std::isfinite(op.confidence.*member)) {
            throw Problem{"/metrics", fmt::format("{}_confidence is not finite", name)};
        }
    }
    for (const auto* cost : {&op.cost, &op.exact_cost}) {
        for (const auto& [name, member] : kCosts) {
            if (*cost && !std::isfinite((**cost).*member)) {
                throw Problem{"/cost", fmt::format("{} is not finite", name)};
            }
        }
    }
}

void check_mac(const Operator& op) {
    if (op.mac.has_value() != (op.kind == OperatorKind::mac)) {
        throw Problem{"/mac",
                      fmt::format("is {}, but kind is '{}'", op.mac ? "present" : "absent", to_string(op.kind))};
    }
    if (!op.mac) return;
    if (!op.netlist) throw Problem{"/netlist", "is absent, but a MAC unit is nothing else"};
    for (const std::string* name : {&op.mac->clock, &op.mac->clear, &op.mac->enable, &op.mac->init}) {
        if (!is_printable(*name)) throw Problem{"/mac", "the name of a port is not printable"};
    }
    if (op.mac->latency < 1 || op.mac->latency > 8) {
        throw Problem{"/mac", fmt::format("latency is {}, expected 1 to 8", op.mac->latency)};
    }
}

void check_closed_form(const Operator& op) {
    const bool of_multiplier = op.closed_form == ClosedForm::product;
    if (op.closed_form != ClosedForm::none && of_multiplier != (op.kind == OperatorKind::multiplier)) {
        throw Problem{
            "/", fmt::format("closed_form is '{}' but kind is '{}'", to_string(op.closed_form), to_string(op.kind))};
    }
    if (of_multiplier && op.y_lsb != 0) {
        throw Problem{"/", fmt::format("closed_form is 'product', but y_lsb is {}: low bits of the product are missing",
                                       op.y_lsb)};
    }
    const int most = has_lower_part(op.closed_form) ? op.y.bits : 0;
    if (op.or_bits < 0 || op.or_bits > most) {
        throw Problem{"/", fmt::format("or_bits is {}, expected 0 to {}", op.or_bits, most)};
    }
}

void check_table(const Operator& op) {
    if (!fits_table(op)) {
        if (!op.lut.empty()) throw Problem{"/lut", "is present, but the ports are too wide for a table"};
        return;
    }
    const size_t expected = size_t{1} << (op.a.bits + op.b.bits);
    if (op.lut.size() != expected) {
        throw Problem{"/lut", fmt::format("holds {} values, expected {}", op.lut.size(), expected)};
    }
    const int64_t lowest = lowest_code(op.y), highest = highest_code(op.y);
    for (size_t i = 0; i < op.lut.size(); ++i) {
        if (op.lut[i] < lowest || op.lut[i] > highest) {
            throw Problem{"/lut", fmt::format("holds {} at a={:#x} b={:#x}, expected {} to {} as y has them", op.lut[i],
                                              i >> op.b.bits, i & ((size_t{1} << op.b.bits) - 1), lowest, highest)};
        }
    }
}

/// What an operator must be to stand in a file. Throws: Problem.
void check_operator(const Operator& op) {
    if (const auto problem = name_problem(op.name)) throw Problem{"/", *problem};
    check_port(op.a, "a");
    check_port(op.b, "b");
    check_port(op.y, "y");
    if (op.y_lsb < 0 || op.y_lsb > 63) throw Problem{"/", fmt::format("y_lsb is {}, expected 0 to 63", op.y_lsb)};
    check_closed_form(op);
    if (const auto problem = sources_problem(op.sources)) throw Problem{"/sources", *problem};
    if (!is_printable(op.sources_sha256)) throw Problem{"/", "sha256 is not printable"};
    for (const auto& [tool, version] : op.tools) {
        if (!is_printable(tool) || !is_printable(version))
            throw Problem{"/", "tools holds a text that is not printable"};
    }
    const int input_bits = op.a.bits + op.b.bits;
    if (op.exhaustive && (input_bits > 63 || op.swept_pairs != uint64_t{1} << input_bits)) {
        throw Problem{"/", fmt::format("swept_pairs is {}, but an exhaustive sweep of {} input bits has 2^{}",
                                       op.swept_pairs, input_bits, input_bits)};
    }
    if (op.swept_pairs > uint64_t{1} << 62) throw Problem{"/", "swept_pairs is beyond 2^62"};
    check_figures(op);
    if (const auto problem = detail::netlist_section_problem(op)) throw Problem{"/netlist", *problem};
    check_mac(op);
    check_table(op);
    if (const auto problem = detail::decomposition_section_problem(op)) throw Problem{"/decomposition", *problem};
}

template <typename T>
T parse_json(const Hdf5Reader& file, const std::string& object, const std::string& name) {
    const std::string text = file.text_attribute(object, name);
    try {
        return nlohmann::json::parse(text).get<T>();
    } catch (const nlohmann::json::exception&) {
        constexpr bool is_map = std::is_same_v<T, std::map<std::string, std::string>>;
        file.fail(object, fmt::format("the attribute '{}' is '{}', expected JSON: {} of strings", name,
                                      text.substr(0, kMaxNameLength), is_map ? "an object" : "an array"));
    }
}

int read_small(const Hdf5Reader& file, const std::string& object, const std::string& name, int lowest, int highest) {
    const int64_t value = file.integer_attribute(object, name);
    if (value < lowest || value > highest) {
        file.fail(object, fmt::format("{} is {}, expected {} to {}", name, value, lowest, highest));
    }
    return static_cast<int>(value);
}

Port read_port(const Hdf5Reader& file, const std::string& role) {
    return {file.text_attribute("/", role + "_name"), read_small(file, "/", role + "_bits", 1, 64),
            read_small(file, "/", role + "_signed", 0, 1) == 1};
}

template <typename T>
T read_choice(const Hdf5Reader& file, const std::string& name, const std::vector<T>& values) {
    const std::string found = file.text_attribute("/", name);
    std::string allowed;
    for (const T value : values) {
        if (to_string(value) == found) return value;
        allowed += (allowed.empty() ? "" : ", ") + to_string(value);
    }
    file.fail("/", fmt::format("{} is '{}', expected one of {}", name, found, allowed));
}

Sources read_sources(const Hdf5Reader& file) {
    Sources sources;
    sources.top = file.text_attribute("/sources", "top");
    sources.parameters = parse_json<std::map<std::string, std::string>>(file, "/", "parameters");
    sources.defines = parse_json<std::vector<std::string>>(file, "/sources", "defines");
    const int count = read_small(file, "/sources", "files", 1, int{kMaxSourceFiles});
    for (int i = 0; i < count; ++i) {
        const std::string item = fmt::format("/sources/file{}", i);
        Sources::File source;
        source.text = file.text(item);
        source.path = file.text_attribute(item, "path");
        source.is_include = read_small(file, item, "is_include", 0, 1) == 1;
        sources.files.push_back(std::move(source));
    }
    return sources;
}

uint64_t read_seed(const Hdf5Reader& file) {
    const std::string text = file.text_attribute("/", "sample_seed");
    uint64_t seed = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seed);
    if (error != std::errc() || end != text.data() + text.size()) {
        file.fail("/", fmt::format("sample_seed is '{}', expected a decimal number below 2^64", text));
    }
    return seed;
}

void check_format(const Hdf5Reader& file) {
    if (!file.has_attribute("/", "format")) {
        file.fail("/",
                  fmt::format("the attribute 'format' is missing; expected an operator file (format '{}')", kFormat));
    }
    const std::string format = file.text_attribute("/", "format");
    if (format != kFormat) file.fail("/", fmt::format("format is '{}', expected '{}'", format, kFormat));
    const int64_t version = file.integer_attribute("/", "version");
    if (version != kVersion) {
        file.fail("/", fmt::format("version is {}, expected {}; make the file again with this program's gen", version,
                                   kVersion));
    }
}

void read_table(const Hdf5Reader& file, Operator& op) {
    if (!fits_table(op)) {
        if (file.has("/lut")) file.fail("/lut", "is present, but the ports are too wide for a table");
        return;
    }
    Tensor<int32_t> table = file.integers32("/lut", size_t{1} << kMaxTableBits);
    const Shape expected = {size_t{1} << op.a.bits, size_t{1} << op.b.bits};
    if (table.shape != expected) {
        file.fail("/lut", fmt::format("has the shape {}, expected {} = [2^a_bits, 2^b_bits]", to_string(table.shape),
                                      to_string(expected)));
    }
    op.lut = std::move(table.data);
}

void read_cost(const Hdf5Reader& file, Operator& op) {
    if (!file.has("/cost")) return;
    const auto read = [&](const std::string& prefix) {
        Cost cost;
        for (const auto& [name, member] : kCosts) cost.*member = file.number_attribute("/cost", prefix + name);
        return cost;
    };
    op.cost = read("");
    if (file.has_attribute("/cost", "exact_gates")) op.exact_cost = read("exact_");
}

void write_cost(Hdf5Writer& file, const Operator& op) {
    if (!op.cost) return;
    file.group("/cost");
    for (const auto& [name, member] : kCosts) {
        file.attribute("/cost", name, (*op.cost).*member);
        if (op.exact_cost) file.attribute("/cost", std::string("exact_") + name, (*op.exact_cost).*member);
    }
}

void read_mac(const Hdf5Reader& file, Operator& op) {
    if (op.kind != OperatorKind::mac || !file.has("/mac")) return;
    MacInterface mac;
    mac.clock = file.text_attribute("/mac", "clock");
    mac.clear = file.text_attribute("/mac", "clear");
    mac.enable = file.text_attribute("/mac", "enable");
    mac.init = file.text_attribute("/mac", "init");
    mac.clear_low = read_small(file, "/mac", "clear_low", 0, 1) == 1;
    mac.latency = read_small(file, "/mac", "latency", 1, 8);
    mac.clear_value = file.integer_attribute("/mac", "clear_value");
    op.mac = mac;
}

void write_mac(Hdf5Writer& file, const Operator& op) {
    if (!op.mac) return;
    file.group("/mac");
    file.attribute("/mac", "clock", op.mac->clock);
    file.attribute("/mac", "clear", op.mac->clear);
    file.attribute("/mac", "enable", op.mac->enable);
    file.attribute("/mac", "init", op.mac->init);
    file.attribute("/mac", "clear_low", int64_t{op.mac->clear_low});
    file.attribute("/mac", "latency", int64_t{op.mac->latency});
    file.attribute("/mac", "clear_value", op.mac->clear_value);
}

void read_metrics(const Hdf5Reader& file, Operator& op) {
    for (const auto& [name, member] : kMetrics) op.metrics.*member = file.number_attribute("/metrics", name);
    for (const auto& [name, member] : kConfidences) {
        const std::string attribute = std::string(name) + "_confidence";
        if (file.has_attribute("/metrics", attribute)) {
            op.confidence.*member = file.number_attribute("/metrics", attribute);
        }
    }
}

void write_metrics(Hdf5Writer& file, const Operator& op) {
    file.group("/metrics");
    for (const auto& [name, member] : kMetrics) file.attribute("/metrics", name, op.metrics.*member);
    if (op.exhaustive) return;
    for (const auto& [name, member] : kConfidences) {
        file.attribute("/metrics", std::string(name) + "_confidence", op.confidence.*member);
    }
}

void write_port(Hdf5Writer& file, const std::string& role, const Port& port) {
    file.attribute("/", role + "_name", port.name);
    file.attribute("/", role + "_bits", int64_t{port.bits});
    file.attribute("/", role + "_signed", int64_t{port.is_signed});
}

void write_sources(Hdf5Writer& file, const Sources& sources) {
    file.group("/sources");
    file.attribute("/sources", "top", sources.top);
    file.attribute("/sources", "defines", nlohmann::json(sources.defines).dump());
    file.attribute("/sources", "files", static_cast<int64_t>(sources.files.size()));
    for (size_t i = 0; i < sources.files.size(); ++i) {
        const std::string item = fmt::format("/sources/file{}", i);
        file.write_text(item, sources.files[i].text);
        file.attribute(item, "path", sources.files[i].path);
        file.attribute(item, "is_include", int64_t{sources.files[i].is_include});
    }
}

void write_root(Hdf5Writer& file, const Operator& op) {
    file.attribute("/", "format", kFormat);
    file.attribute("/", "version", kVersion);
    file.attribute("/", "name", op.name);
    file.attribute("/", "kind", to_string(op.kind));
    write_port(file, "a", op.a);
    write_port(file, "b", op.b);
    write_port(file, "y", op.y);
    file.attribute("/", "y_lsb", int64_t{op.y_lsb});
    file.attribute("/", "closed_form", to_string(op.closed_form));
    file.attribute("/", "or_bits", int64_t{op.or_bits});
    file.attribute("/", "parameters", nlohmann::json(op.sources.parameters).dump());
    file.attribute("/", "sha256", op.sources_sha256);
    file.attribute("/", "tools", nlohmann::json(op.tools).dump());
    file.attribute("/", "exhaustive", int64_t{op.exhaustive});
    file.attribute("/", "swept_pairs", static_cast<int64_t>(op.swept_pairs));
    file.attribute("/", "sample_seed", std::to_string(op.sample_seed));
}

}  // namespace

Operator load_operator(const std::filesystem::path& path) {
    const Hdf5Reader file(path);
    check_format(file);
    Operator op;
    op.name = file.text_attribute("/", "name");
    op.kind = read_choice(file, "kind", std::vector{OperatorKind::multiplier, OperatorKind::adder, OperatorKind::mac});
    op.a = read_port(file, "a");
    op.b = read_port(file, "b");
    op.y = read_port(file, "y");
    op.y_lsb = read_small(file, "/", "y_lsb", 0, 63);
    op.closed_form = read_choice(file, "closed_form", std::vector(std::begin(kClosedForms), std::end(kClosedForms)));
    op.or_bits = read_small(file, "/", "or_bits", 0, 64);
    op.sources = read_sources(file);
    op.sources_sha256 = file.text_attribute("/", "sha256");
    op.tools = parse_json<std::map<std::string, std::string>>(file, "/", "tools");
    op.exhaustive = read_small(file, "/", "exhaustive", 0, 1) == 1;
    const int64_t pairs = file.integer_attribute("/", "swept_pairs");
    if (pairs < 0) file.fail("/", fmt::format("swept_pairs is {}, expected at least 0", pairs));
    op.swept_pairs = static_cast<uint64_t>(pairs);
    op.sample_seed = read_seed(file);
    read_metrics(file, op);
    read_table(file, op);
    detail::read_netlist(file, op);
    detail::read_decomposition(file, op);
    read_cost(file, op);
    read_mac(file, op);
    try {
        check_operator(op);
    } catch (const Problem& problem) {
        file.fail(problem.item, problem.message);
    }
    return op;
}

void save_operator(const Operator& op, const std::filesystem::path& path) {
    try {
        check_operator(op);
    } catch (const Problem& problem) {
        throw InputError(fmt::format("{}: {}: cannot be written: {}", path.string(), problem.item, problem.message));
    }
    Hdf5Writer file(path);
    write_root(file, op);
    write_sources(file, op.sources);
    write_metrics(file, op);
    detail::write_netlist(file, op);
    detail::write_decomposition(file, op);
    write_cost(file, op);
    write_mac(file, op);
    if (!op.lut.empty()) file.write("/lut", {size_t{1} << op.a.bits, size_t{1} << op.b.bits}, op.lut.data());
    file.commit();
}

}  // namespace concrete::sim
