#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "gen/generate.h"

namespace concrete::gen {

/// A family of operators in rtl/catalogue.yaml (docs/add-a-family.md).
///
///     format: 1
///     default: [mul4s_exact, "booth8_m*-P8"]   # optional: names and shell globs of listed instances
///     families:
///       booth8_m4:
///         kind: multiplier
///         files: [booth8.v]                 # relative to the catalogue
///         top: booth8
///         fixed: {ENCODER: 1, COMPRESSOR: 0}   # Verilog parameters that make the family
///         signed: true                         # of all ports, whatever they declare; worked out if left out
///         parameters:                          # what a user chooses
///           P: {min: 0, max: 16, default: 8, instances: [2, 4, 6, 8, 10, 12, 14]}
///         source: "Liu et al., IEEE TC 66(8), 2017"
///         summary: radix-4 Booth, encoder E1, exact compression
///         closed_form: product | sum | lower_part_or:K     # optional, of sim::ClosedForm; K names a parameter, the
///                                                          # bits of the lower part; K-1: one of them is exact
///       add_gear:
///         ...
///         parameters: {W: {min: 2, max: 64, default: 8}, R: {...}, P: {...}}
///         instances: [{W: 8, R: 2, P: 2}, {W: 16, R: 4, P: 4}]     # in place of the lists of the parameters
///
/// Names of families and parameters are Verilog identifiers; a parameter's name ends in no digit, because its value
/// follows in the name of an instance. Lists of the parameters make all their combinations, so an empty one leaves the
/// family to those who name an instance. `instances` of the family list combinations that make sense only together; a
/// parameter left out there takes its default.
struct Family {
    struct Parameter {
        int64_t lowest = 0, highest = 0, fallback = 0;
    };
    std::string name, top, source, summary;
    sim::OperatorKind kind = sim::OperatorKind::multiplier;
    std::vector<std::filesystem::path> files;
    std::map<std::string, int64_t> fixed;
    std::optional<bool> is_signed;  ///< of all ports; worked out if not given (gen/reading.h)
    std::map<std::string, Parameter> parameters;
    std::vector<std::map<std::string, int64_t>> instances;  ///< listed ones: a value for every parameter, no duplicates
    sim::ClosedForm closed_form = sim::ClosedForm::none;
    std::string or_bits_parameter;
    int or_bits_less = 0;
};

struct Catalogue {
    std::filesystem::path path;
    std::vector<Family> families;
    /// `default:`, the listed instances that are made when nothing is named; nothing: all listed instances.
    std::optional<std::vector<std::string>> default_globs;

    /// Throws: InputError naming the nearest family.
    const Family& family(const std::string& name) const;
};

/// Throws: InputError with file, line, column for YAML that is not as above, a default or instance out of its range, an
/// instance listed twice, more than 4096 instances of a family, a name under `default` that matches no listed instance,
/// a parameter that is fixed as well, or a file that is not named by a path below the catalogue's folder.
Catalogue load_catalogue(const std::filesystem::path& path);

/// rtl/catalogue.yaml of this installation: $CONCRETE_RTL_DIR, beside the program (share/concrete/rtl), or the source
/// tree.
std::filesystem::path default_catalogue_path();

/// "booth8_m4-P8": the family's name, then -NAMEVALUE for each parameter in alphabetical order; just the name for a
/// family without parameters. It is also the stem of the operator file.
std::string instance_name(const Family& family, const std::map<std::string, int64_t>& parameters);

/// Parameters of an instance by its name ("booth8_m4-P8"), the reverse of instance_name. A family name alone takes the
/// defaults. Throws: InputError naming the nearest family, or the parameter and its range.
std::pair<const Family*, std::map<std::string, int64_t>> parse_instance_name(const Catalogue& catalogue,
                                                                             const std::string& name);

/// Request for an instance; parameters not given take their defaults. Throws: InputError naming parameter and range.
Request catalogue_request(const Family& family, const std::map<std::string, int64_t>& parameters);

/// Instances that a catalogue names itself.
enum class Listed {
    by_default,  ///< those that its `default:` names; all where it has none
    all          ///< all that its families list
};

/// Listed instances, in the order of the catalogue. Throws: InputError if there is none or more than 4096.
std::vector<Request> catalogue_requests(const Catalogue& catalogue, Listed which = Listed::by_default);

/// Listed instances by a shell glob on their names ("booth8_m4-P*"), or, where it matches none of these, all within the
/// ranges of the parameters ("booth8_m4-P[13]"); a single one by its name; those that a family lists by the family's
/// name (that of its defaults if it lists none).
/// Throws: InputError if nothing matches or more than 4096 do.
std::vector<Request> catalogue_requests(const Catalogue& catalogue, const std::string& glob);

}  // namespace concrete::gen
