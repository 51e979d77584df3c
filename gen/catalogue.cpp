#include "gen/catalogue.h"

#include <algorithm>
#include <cstdlib>
#include <fmt/format.h>
#include <fnmatch.h>
#include <functional>
#include <regex>

#include "gen/sources.h"
#include "sim/error.h"
#include "sim/sources_check.h"
#include "sim/yaml.h"

namespace concrete::gen {

namespace fs = std::filesystem;
using sim::YamlMap;
using sim::YamlNode;
using Parameters = std::map<std::string, int64_t>;

namespace {

constexpr int64_t kLargest = int64_t{1} << 31;

/// Instances one call makes, and instances of a family whose names one call looks at.
constexpr size_t kMostRequests = 4096;
constexpr int64_t kMostNames = 1'000'000;

void check_identifier(const YamlNode& node, const std::string& name, bool ends_in_letter) {
    static const std::regex any("[A-Za-z_][A-Za-z0-9_]*"), letter("[A-Za-z_]([A-Za-z0-9_]*[A-Za-z_])?");
    // std::regex recurses for every letter.
    if (name.size() > sim::kMaxNameLength || !std::regex_match(name, ends_in_letter ? letter : any))
        node.fail(fmt::format("'{}' is no name; expected a letter, then letters, digits and _{}", name,
                              ends_in_letter ? ", with no digit at the end" : ""));
}

Family::Parameter read_parameter(const YamlNode& node) {
    YamlMap map(node);
    Family::Parameter parameter;
    parameter.lowest = map.integer("min", -kLargest, kLargest);
    parameter.highest = map.integer("max", parameter.lowest, kLargest);
    parameter.fallback = map.integer("default", parameter.lowest, parameter.highest);
    for (const YamlNode& instance : map.require("instances").elements())
        parameter.instances.push_back(instance.integer(parameter.lowest, parameter.highest));
    map.finish();
    return parameter;
}

fs::path read_file_name(const YamlNode& node, const fs::path& folder) {
    const fs::path path = node.text();
    if (path.empty() || path.is_absolute() || std::find(path.begin(), path.end(), "..") != path.end())
        node.fail(fmt::format("'{}' is refused; expected a path below the catalogue's folder", path.string()));
    return folder / path;
}

void read_closed_form(const YamlNode& node, Family& family) {
    const std::string text = node.text(), prefix = "lower_part_or:";
    if (text == "product") {
        family.closed_form = sim::ClosedForm::product;
    } else if (text == "sum") {
        family.closed_form = sim::ClosedForm::sum;
    } else if (text.starts_with(prefix) && family.parameters.contains(text.substr(prefix.size()))) {
        family.closed_form = sim::ClosedForm::lower_part_or;
        family.or_bits_parameter = text.substr(prefix.size());
    } else {
        node.fail(fmt::format(
            "found '{}', expected product, sum or lower_part_or:PARAMETER with a parameter of this family", text));
    }
}

Family read_family(const std::string& name, const YamlNode& node, const fs::path& folder) {
    check_identifier(node, name, false);
    YamlMap map(node);
    Family family;
    family.name = name;
    family.kind = map.choice<sim::OperatorKind>(
        "kind", {{"multiplier", sim::OperatorKind::multiplier}, {"adder", sim::OperatorKind::adder}});
    for (const YamlNode& file : map.require("files").elements()) family.files.push_back(read_file_name(file, folder));
    if (family.files.empty()) map.require("files").fail("is empty, expected the family's Verilog");
    family.top = map.text("top");
    family.source = map.text("source");
    family.summary = map.text("summary");
    if (const YamlNode* fixed = map.find("fixed")) {
        for (const auto& [key, value] : fixed->entries()) {
            check_identifier(value, key, false);
            family.fixed[key] = value.integer(-kLargest, kLargest);
        }
    }
    if (const YamlNode* parameters = map.find("parameters")) {
        for (const auto& [key, value] : parameters->entries()) {
            check_identifier(value, key, true);
            if (family.fixed.contains(key)) value.fail(fmt::format("'{}' is fixed as well", key));
            family.parameters[key] = read_parameter(value);
        }
    }
    if (const YamlNode* closed_form = map.find("closed_form")) read_closed_form(*closed_form, family);
    map.finish();
    return family;
}

std::vector<std::string> family_names(const Catalogue& catalogue) {
    std::vector<std::string> names;
    for (const Family& family : catalogue.families) names.push_back(family.name);
    return names;
}

std::string nearest(const std::string& name, const std::vector<std::string>& candidates) {
    const std::string found = sim::nearest_name(name, candidates);
    return found.empty() ? "" : fmt::format("; nearest: '{}'", found);
}

void check_parameters(const Family& family, const Parameters& parameters) {
    for (const auto& [name, value] : parameters) {
        const auto known = family.parameters.find(name);
        if (known == family.parameters.end()) {
            std::vector<std::string> names;
            for (const auto& [candidate, unused] : family.parameters) names.push_back(candidate);
            throw InputError(fmt::format("{}: has no parameter '{}'{}", family.name, name, nearest(name, names)));
        }
        if (value < known->second.lowest || value > known->second.highest)
            throw InputError(fmt::format("{}: {} is {}, expected {} to {}", family.name, name, value,
                                         known->second.lowest, known->second.highest));
    }
}

/// Calls visit for each combination of values, the last parameter fastest.
void for_each_combination(const std::map<std::string, std::vector<int64_t>>& values,
                          const std::function<void(const Parameters&)>& visit) {
    Parameters current;
    const std::function<void(std::map<std::string, std::vector<int64_t>>::const_iterator)> descend = [&](auto at) {
        if (at == values.end()) return visit(current);
        for (const int64_t value : at->second) {
            current[at->first] = value;
            descend(std::next(at));
        }
    };
    descend(values.begin());
}

/// Values of a family's parameters: its `instances`, or the full ranges.
std::map<std::string, std::vector<int64_t>> parameter_values(const Family& family, bool full) {
    std::map<std::string, std::vector<int64_t>> values;
    int64_t names = 1;
    for (const auto& [name, parameter] : family.parameters) {
        const int64_t count = parameter.highest - parameter.lowest + 1;
        if (full && (names *= count) > kMostNames)
            throw InputError(
                fmt::format("{}: its parameters have more than {} combinations; name an instance without * and ?",
                            family.name, kMostNames));
        std::vector<int64_t>& list = values[name];
        if (!full) list = parameter.instances;
        for (int64_t value = parameter.lowest; full && value <= parameter.highest; ++value) list.push_back(value);
    }
    return values;
}

}  // namespace

const Family& Catalogue::family(const std::string& name) const {
    for (const Family& family : families)
        if (family.name == name) return family;
    throw InputError(
        fmt::format("no operator '{}' in the catalogue {}{}", name, path.string(), nearest(name, family_names(*this))));
}

Catalogue load_catalogue(const fs::path& path) {
    const YamlNode root = sim::load_yaml(path);
    YamlMap map(root);
    map.integer("format", 1, 1);
    Catalogue catalogue{path, {}};
    for (const auto& [name, node] : map.require("families").entries())
        catalogue.families.push_back(read_family(name, node, path.parent_path()));
    map.finish();
    return catalogue;
}

fs::path default_catalogue_path() {
    if (const char* folder = std::getenv("CONCRETE_RTL_DIR"); folder != nullptr && *folder != '\0')
        return fs::path(folder) / "catalogue.yaml";
    std::error_code error;
    const fs::path program = fs::read_symlink("/proc/self/exe", error);
    fs::path installed = program.parent_path().parent_path() / "share/concrete/rtl/catalogue.yaml";
    if (!error && fs::exists(installed, error)) return installed;
    return fs::path(CONCRETE_SOURCE_DIR) / "rtl/catalogue.yaml";
}

std::string instance_name(const Family& family, const Parameters& parameters) {
    std::string name = family.name;
    for (const auto& [key, parameter] : family.parameters) {
        const auto given = parameters.find(key);
        name += fmt::format("-{}{}", key, given == parameters.end() ? parameter.fallback : given->second);
    }
    return name;
}

std::pair<const Family*, Parameters> parse_instance_name(const Catalogue& catalogue, const std::string& name) {
    static const std::regex one("-([A-Za-z_](?:[A-Za-z0-9_]*[A-Za-z_])?)(-?(?:0|[1-9][0-9]{0,9}))");
    if (const auto problem = sim::name_problem(name)) throw InputError("operator: " + *problem);
    const Family& family = catalogue.family(name.substr(0, name.find('-')));
    Parameters parameters;
    std::string rest = name.substr(family.name.size());
    for (std::smatch match; !rest.empty(); rest = match.suffix()) {
        if (!std::regex_search(rest, match, one, std::regex_constants::match_continuous) ||
            parameters.contains(match[1]))
            throw InputError(
                fmt::format("operator '{}': found '{}', expected -NAMEVALUE for each parameter of {}, such as {}", name,
                            rest, family.name, instance_name(family, {})));
        parameters[match[1]] = std::stoll(match[2]);
    }
    check_parameters(family, parameters);
    for (const auto& [key, parameter] : family.parameters) parameters.try_emplace(key, parameter.fallback);
    return {&family, parameters};
}

Request catalogue_request(const Family& family, const Parameters& parameters) {
    check_parameters(family, parameters);
    std::map<std::string, std::string> values;
    for (const auto& [name, value] : family.fixed) values[name] = std::to_string(value);
    for (const auto& [name, parameter] : family.parameters) values[name] = std::to_string(parameter.fallback);
    for (const auto& [name, value] : parameters) values[name] = std::to_string(value);
    Request request;
    request.name = instance_name(family, parameters);
    request.sources = read_sources(family.files, family.top, values);
    request.kind = family.kind;
    request.closed_form = family.closed_form;
    if (!family.or_bits_parameter.empty()) request.or_bits = std::stoi(values.at(family.or_bits_parameter));
    return request;
}

std::vector<Request> catalogue_requests(const Catalogue& catalogue, const std::string& glob) {
    const bool has_wildcard = glob.find_first_of("*?[") != std::string::npos;
    std::vector<Request> requests;
    const auto add = [&](const Family& family, const Parameters& parameters) {
        if (requests.size() == kMostRequests)
            throw InputError(fmt::format("'{}' matches more than {} operators of the catalogue", glob, kMostRequests));
        requests.push_back(catalogue_request(family, parameters));
    };
    const auto add_instances = [&](const Family& family) {
        for_each_combination(parameter_values(family, false),
                             [&](const Parameters& parameters) { add(family, parameters); });
    };
    if (glob.empty()) {
        for (const Family& family : catalogue.families) add_instances(family);
    } else if (has_wildcard) {
        for (const Family& family : catalogue.families) {
            for_each_combination(parameter_values(family, true), [&](const Parameters& parameters) {
                if (fnmatch(glob.c_str(), instance_name(family, parameters).c_str(), 0) == 0) add(family, parameters);
            });
        }
    } else {
        const auto [family, parameters] = parse_instance_name(catalogue, glob);
        if (glob == family->name) add_instances(*family);
        if (requests.empty()) add(*family, parameters);
    }
    if (requests.empty())
        throw InputError(fmt::format("'{}' matches no operator of the catalogue {}", glob, catalogue.path.string()));
    return requests;
}

}  // namespace concrete::gen
