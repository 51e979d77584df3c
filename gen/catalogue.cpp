#include "gen/catalogue.h"

#include <algorithm>
#include <cstdlib>
#include <fmt/format.h>
#include <fnmatch.h>
#include <functional>
#include <optional>
#include <regex>
#include <set>

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

/// Instances one call makes or a family lists, and instances of a family whose names one call looks at.
constexpr size_t kMostRequests = 4096;
constexpr int64_t kMostNames = 1'000'000;

void check_identifier(const YamlNode& node, const std::string& name, bool ends_in_letter) {
    static const std::regex any("[A-Za-z_][A-Za-z0-9_]*"), letter("[A-Za-z_]([A-Za-z0-9_]*[A-Za-z_])?");
    // std::regex recurses for every letter.
    if (name.size() > sim::kMaxNameLength || !std::regex_match(name, ends_in_letter ? letter : any))
        node.fail(fmt::format("'{}' is no name; expected a letter, then letters, digits and _{}", name,
                              ends_in_letter ? ", with no digit at the end" : ""));
}

/// `listed` gets the parameter's own list of instances, nullopt without one.
Family::Parameter read_parameter(const YamlNode& node, std::optional<std::vector<int64_t>>& listed) {
    YamlMap map(node);
    Family::Parameter parameter;
    parameter.lowest = map.integer("min", -kLargest, kLargest);
    parameter.highest = map.integer("max", parameter.lowest, kLargest);
    parameter.fallback = map.integer("default", parameter.lowest, parameter.highest);
    if (const YamlNode* instances = map.find("instances")) {
        listed.emplace();
        for (const YamlNode& instance : instances->elements())
            listed->push_back(instance.integer(parameter.lowest, parameter.highest));
    }
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
    const std::string text = node.text(), name = text.substr(0, text.find(':'));
    const bool has_bits = name.size() < text.size();
    std::string bits = has_bits ? text.substr(name.size() + 1) : "", known;
    if (bits.ends_with("-1")) {
        family.or_bits_less = 1;
        bits.resize(bits.size() - 2);
    }
    for (const sim::ClosedForm form : sim::kClosedForms) {
        if (form == sim::ClosedForm::none) continue;
        const bool needs_bits = sim::has_lower_part(form);
        if (name == sim::to_string(form) && has_bits == needs_bits && (!has_bits || family.parameters.contains(bits))) {
            family.closed_form = form;
            family.or_bits_parameter = bits;
            return;
        }
        known += (known.empty() ? "" : ", ") + sim::to_string(form) + (needs_bits ? ":PARAMETER" : "");
    }
    node.fail(fmt::format("found '{}', expected one of: {}, where PARAMETER is one of this family, or that and -1",
                          text, known));
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

/// The values of one entry of a family's `instances`.
Parameters read_instance(const YamlNode& node, const Family& family) {
    Parameters instance;
    for (const auto& [key, value] : node.entries()) {
        const auto known = family.parameters.find(key);
        if (known == family.parameters.end())
            value.fail_at_key(
                fmt::format("'{}' is no parameter of {}, expected those under parameters", key, family.name));
        instance[key] = value.integer(known->second.lowest, known->second.highest);
    }
    for (const auto& [key, parameter] : family.parameters) instance.try_emplace(key, parameter.fallback);
    return instance;
}

/// Parameters and listed instances: from the family's `instances`, else all combinations of the parameters' own lists.
void read_parameters(YamlMap& map, Family& family) {
    const YamlNode* instances = map.find("instances");
    std::map<std::string, std::vector<int64_t>> values;
    const YamlNode* place = &map.node();
    if (const YamlNode* parameters = map.find("parameters")) {
        place = parameters;
        for (const auto& [key, value] : parameters->entries()) {
            check_identifier(value, key, true);
            if (family.fixed.contains(key)) value.fail(fmt::format("'{}' is fixed as well", key));
            std::optional<std::vector<int64_t>> listed;
            family.parameters[key] = read_parameter(value, listed);
            if (listed.has_value() == (instances != nullptr))
                value.fail(fmt::format("{}, expected instances either here or in the family",
                                       listed ? "has instances and so has the family" : "has no instances"));
            if (listed) values[key] = *listed;
        }
    }
    if (instances) {
        place = instances;
        if (family.parameters.empty()) instances->fail("found instances of a family without parameters, expected none");
        for (const YamlNode& entry : instances->elements()) family.instances.push_back(read_instance(entry, family));
    } else {
        size_t count = 1;
        for (const auto& [name, list] : values) count = std::min(count, kMostRequests + 1) * list.size();
        if (count > kMostRequests)
            place->fail(fmt::format("lists {} combinations, expected at most {}", count, kMostRequests));
        for_each_combination(values, [&](const Parameters& instance) { family.instances.push_back(instance); });
    }
    if (family.instances.size() > kMostRequests)
        place->fail(fmt::format("lists {} instances, expected at most {}", family.instances.size(), kMostRequests));
    std::set<Parameters> seen;
    for (const Parameters& instance : family.instances)
        if (!seen.insert(instance).second)
            place->fail(fmt::format("lists {} twice, expected it once", instance_name(family, instance)));
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
    if (const YamlNode* is_signed = map.find("signed")) family.is_signed = is_signed->boolean();
    if (const YamlNode* fixed = map.find("fixed")) {
        for (const auto& [key, value] : fixed->entries()) {
            check_identifier(value, key, false);
            family.fixed[key] = value.integer(-kLargest, kLargest);
        }
    }
    read_parameters(map, family);
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

/// All values of a family's parameters.
std::map<std::string, std::vector<int64_t>> full_ranges(const Family& family) {
    std::map<std::string, std::vector<int64_t>> values;
    int64_t names = 1;
    for (const auto& [name, parameter] : family.parameters) {
        if ((names *= parameter.highest - parameter.lowest + 1) > kMostNames)
            throw InputError(
                fmt::format("{}: its parameters have more than {} combinations; name an instance without * and ?",
                            family.name, kMostNames));
        for (int64_t value = parameter.lowest; value <= parameter.highest; ++value) values[name].push_back(value);
    }
    return values;
}

/// Whether names of the family's instances can match: the glob and they agree up to its first wildcard.
bool may_match(const std::string& glob, const Family& family) {
    const std::string fixed = glob.substr(0, glob.find_first_of("*?[\\"));
    const size_t shared = std::min(fixed.size(), family.name.size());
    return fixed.compare(0, shared, family.name, 0, shared) == 0;
}

/// Whether an entry of `default` is the family's name or a glob on the instance's.
bool chooses(const std::string& entry, const Family& family, const std::string& instance) {
    return entry == family.name || fnmatch(entry.c_str(), instance.c_str(), 0) == 0;
}

void read_default(const YamlNode& node, Catalogue& catalogue) {
    catalogue.default_globs.emplace();
    for (const YamlNode& entry : node.elements()) {
        const std::string glob = entry.text();
        const bool found = std::any_of(catalogue.families.begin(), catalogue.families.end(), [&](const Family& family) {
            return std::any_of(family.instances.begin(), family.instances.end(), [&](const Parameters& instance) {
                return chooses(glob, family, instance_name(family, instance));
            });
        });
        if (!found) entry.fail(fmt::format("'{}' matches no instance that a family lists", glob));
        catalogue.default_globs->push_back(glob);
    }
    if (catalogue.default_globs->empty()) node.fail("is empty, expected names of instances; leave it out for all");
}

/// Gathers the requests of one call. Throws: InputError beyond kMostRequests, and in finish() if there is none.
class Gatherer {
  public:
    Gatherer(const Catalogue& catalogue, std::string asked_for)
        : catalogue_(catalogue), asked_for_(std::move(asked_for)) {}

    void add(const Family& family, const Parameters& parameters) {
        if (requests_.size() == kMostRequests)
            throw InputError(fmt::format("{} matches more than {} operators of the catalogue; give more of the name",
                                         asked_for_, kMostRequests));
        requests_.push_back(catalogue_request(family, parameters));
    }

    bool empty() const { return requests_.empty(); }

    std::vector<Request> finish() {
        if (requests_.empty())
            throw InputError(
                fmt::format("{} matches no operator of the catalogue {}", asked_for_, catalogue_.path.string()));
        return std::move(requests_);
    }

  private:
    const Catalogue& catalogue_;
    std::string asked_for_;
    std::vector<Request> requests_;
};

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
    Catalogue catalogue{path, {}, {}};
    for (const auto& [name, node] : map.require("families").entries())
        catalogue.families.push_back(read_family(name, node, path.parent_path()));
    if (const YamlNode* entries = map.find("default")) read_default(*entries, catalogue);
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
    request.is_signed = family.is_signed;
    request.closed_form = family.closed_form;
    if (!family.or_bits_parameter.empty()) request.or_bits = std::stoi(values.at(family.or_bits_parameter));
    request.or_bits_less = family.or_bits_less;
    return request;
}

std::vector<Request> catalogue_requests(const Catalogue& catalogue, Listed which) {
    Gatherer gatherer(catalogue, "a call without a name");
    const bool all = which == Listed::all || !catalogue.default_globs;
    for (const Family& family : catalogue.families) {
        for (const Parameters& instance : family.instances) {
            const std::string name = instance_name(family, instance);
            if (all || std::any_of(catalogue.default_globs->begin(), catalogue.default_globs->end(),
                                   [&](const std::string& entry) { return chooses(entry, family, name); }))
                gatherer.add(family, instance);
        }
    }
    return gatherer.finish();
}

std::vector<Request> catalogue_requests(const Catalogue& catalogue, const std::string& glob) {
    Gatherer gatherer(catalogue, fmt::format("'{}'", glob));
    if (glob.find_first_of("*?[") != std::string::npos) {
        const auto add_match = [&](const Family& family, const Parameters& parameters) {
            if (fnmatch(glob.c_str(), instance_name(family, parameters).c_str(), 0) == 0)
                gatherer.add(family, parameters);
        };
        for (const Family& family : catalogue.families)
            for (const Parameters& instance : family.instances) add_match(family, instance);
        if (!gatherer.empty()) return gatherer.finish();
        for (const Family& family : catalogue.families) {
            if (!may_match(glob, family)) continue;
            for_each_combination(full_ranges(family),
                                 [&](const Parameters& parameters) { add_match(family, parameters); });
        }
        return gatherer.finish();
    }
    const auto [family, parameters] = parse_instance_name(catalogue, glob);
    if (glob != family->name || family->instances.empty()) {
        gatherer.add(*family, parameters);
    } else {
        for (const Parameters& instance : family->instances) gatherer.add(*family, instance);
    }
    return gatherer.finish();
}

}  // namespace concrete::gen
