// What `concrete inspect` prints of operators, as columns and as JSON.
#include "app/inspect_table.h"

#include <functional>
#include <set>

#include "sim/engine.h"

namespace concrete::app {

namespace {

using sim::Confidence;
using sim::Cost;
using sim::Metrics;
using sim::Operator;

struct MetricRow {
    const char* name;  ///< as in the file and in JSON
    const char* unit;
    double Metrics::*value;
    double Confidence::*confidence;  ///< null: a sample tells nothing about it
};

constexpr MetricRow kMetricRows[] = {
    {"mae", "", &Metrics::mae, &Confidence::mae},
    {"mae_percent", "%", &Metrics::mae_percent, nullptr},
    {"wce", "", &Metrics::wce, nullptr},
    {"wce_percent", "%", &Metrics::wce_percent, nullptr},
    {"wcre_percent", "%", &Metrics::wcre_percent, nullptr},
    {"ep_percent", "%", &Metrics::ep_percent, &Confidence::ep_percent},
    {"mre_percent", "%", &Metrics::mre_percent, &Confidence::mre_percent},
    {"mse", "", &Metrics::mse, &Confidence::mse},
    {"mean_error", "", &Metrics::mean_error, &Confidence::mean_error},
    {"error_variance", "", &Metrics::error_variance, nullptr},
    {"nmed", "", &Metrics::nmed, nullptr},
};

struct CostRow {
    const char* name;
    double Cost::*value;
};

constexpr CostRow kCostRows[] = {
    {"gates", &Cost::gates}, {"nodes", &Cost::nodes}, {"depth", &Cost::depth}, {"energy", &Cost::energy}};

/// 16777216 -> "16,777,216", from a million on.
std::string grouped(uint64_t number) {
    std::string text = std::to_string(number);
    if (number < 1'000'000) return text;
    for (size_t at = text.size() - 3; at > 0 && at < text.size(); at -= std::min<size_t>(at, 3)) text.insert(at, ",");
    return text;
}

std::string describe_sweep(const Operator& op) {
    return op.exhaustive ? fmt::format("all {} pairs", op.swept_pairs)
                         : fmt::format("{} pairs, seed {}", op.swept_pairs, op.sample_seed);
}

std::string describe_port(const sim::Port& p) {
    return fmt::format("{}, {} bits {}", p.name, p.bits, p.is_signed ? "signed" : "unsigned");
}

std::string describe_parameters(const Operator& op) {
    std::string text;
    for (const auto& [key, value] : op.sources.parameters) text += (text.empty() ? "" : " ") + key + "=" + value;
    return text.empty() ? "none" : text;
}

/// "4", "14 (at least 13)", "none (at least 229)"; "-" where it is not known.
std::string describe_passes(const Operator& op) {
    if (!op.decomposition_bound) return "-";
    const std::string least = fmt::format(" (at least {})", *op.decomposition_bound);
    if (!op.decomposition) return "none" + least;
    const size_t passes = op.decomposition->terms.size();
    return std::to_string(passes) + (passes == *op.decomposition_bound ? "" : least);
}

std::string describe_pairs(const gen::WeightedMetrics& figures) {
    return figures.sampled ? fmt::format("{} drawn pairs, seed {}", figures.pairs, figures.seed)
                           : fmt::format("{} different pairs", figures.pairs);
}

/// "142 (0.68x)"; the ratio only where the exact figure is known and not 0.
std::string relative(double value, std::optional<double> exact, const char* unit = "") {
    std::string text = fmt::format("{:.6g}{}", value, unit);
    if (exact && *exact > 0) text += fmt::format(" ({:.2f}x)", value / *exact);
    return text;
}

std::optional<double> ratio(double value, double exact) {
    return exact > 0 ? std::optional(value / exact) : std::nullopt;
}

/// "12.3 +- 0.1 %"
std::string figure(const MetricRow& row, const Metrics& metrics, const Confidence& confidence) {
    const double half_width = row.confidence == nullptr ? 0 : confidence.*row.confidence;
    const std::string margin = half_width > 0 ? fmt::format(" +- {:.2g}", half_width) : "";
    return fmt::format("{:.6g}{}{}{}", metrics.*row.value, margin, *row.unit ? " " : "", row.unit);
}

Json metrics_json(const Metrics& metrics) {
    Json json;
    for (const MetricRow& row : kMetricRows) json[row.name] = metrics.*row.value;
    return json;
}

Json confidence_json(const Confidence& confidence) {
    Json json;
    for (const MetricRow& row : kMetricRows)
        if (row.confidence != nullptr) json[row.name] = confidence.*row.confidence;
    return json;
}

Json cost_json(const Cost& cost) {
    Json json;
    for (const CostRow& row : kCostRows) json[row.name] = cost.*row.value;
    return json;
}

Json optional_json(const std::optional<double>& value) {
    return value ? Json(*value) : Json();
}

Json netlist_json(const Operator& op) {
    if (!op.netlist) return {{"absence", op.netlist_absence}};
    const sim::Equivalence& e = op.equivalence;
    Json json{{"nodes", op.netlist->nodes.size()},
              {"equivalence", {{"exhaustive", e.exhaustive}, {"formal", e.formal}, {"vectors", e.vectors}}}};
    if (!e.exhaustive) json["equivalence"]["seed"] = e.seed;
    return json;
}

Json decomposition_json(const Operator& op) {
    if (!op.decomposition_bound) return {};
    Json json{{"bound", *op.decomposition_bound}};
    if (op.decomposition) {
        json["passes"] = op.decomposition->terms.size();
        std::set<int> shifts;
        for (const sim::Decomposition::Term& term : op.decomposition->terms) shifts.insert(term.shift);
        json["shifts"] = shifts;
    } else {
        json["absence"] = op.decomposition_absence;
    }
    return json;
}

Json weighted_json(const Weighted& weighted) {
    Json json = metrics_json(weighted.figures.metrics);
    json["operands"] = weighted.where;
    json["layer"] = weighted.layer.empty() ? Json() : Json(weighted.layer);
    json["macs"] = weighted.macs;
    json["pairs"] = weighted.figures.pairs;
    json["sampled"] = weighted.figures.sampled;
    if (weighted.figures.sampled) {
        json["sample_seed"] = weighted.figures.seed;
        json["confidence"] = confidence_json(weighted.figures.confidence);
    }
    json["energy"] = optional_json(weighted.energy);
    json["exact_energy"] = optional_json(weighted.exact_energy);
    return json;
}

Json mapped_json(const gen::MappedCircuit& circuit) {
    return {{"area", circuit.area},
            {"delay_ps", optional_json(circuit.delay_ps)},
            {"leakage_nw", optional_json(circuit.leakage_nw)},
            {"cells", circuit.cells}};
}

/// A column of the table: an operator, or its figures under recorded operands.
struct Column {
    const Inspected* inspected;
    bool is_weighted = false;
};

class Table {
  public:
    Table(Context& context, const std::vector<Inspected>& operators) : context_(context) {
        for (const Inspected& inspected : operators) {
            columns_.push_back({&inspected, false});
            if (inspected.weighted) columns_.push_back({&inspected, true});
        }
    }

    using Text = std::function<std::string(const Inspected&)>;

    /// A property of operators; weighted columns stay empty.
    void line(const std::string& name, const Text& text) {
        line(name, text, [](const Inspected&) { return std::string(); });
    }
    void line(const std::string& name, const Text& text, const Text& weighted) {
        lines_.push_back({name});
        for (const Column& column : columns_)
            lines_.back().push_back((column.is_weighted ? weighted : text)(*column.inspected));
    }

    /// Columns are as wide as their widest entry.
    void print() {
        std::vector<size_t> widths(columns_.size() + 1, 12);
        widths[0] = 14;
        for (const auto& texts : lines_) {
            for (size_t i = 0; i < texts.size(); ++i) widths[i] = std::max(widths[i], texts[i].size());
        }
        for (const auto& texts : lines_) {
            std::string row;
            for (size_t i = 0; i < texts.size(); ++i) row += fmt::format("{:<{}}", texts[i], widths[i] + 2);
            context_.print("{}\n", row.substr(0, row.find_last_not_of(' ') + 1));
        }
    }

  private:
    Context& context_;
    std::vector<Column> columns_;
    std::vector<std::vector<std::string>> lines_;
};

bool any(const std::vector<Inspected>& operators, const std::function<bool(const Inspected&)>& holds) {
    return std::any_of(operators.begin(), operators.end(), holds);
}

void add_identity(Table& table) {
    table.line(
        "", [](const Inspected& i) { return i.op.name; }, [](const Inspected& i) { return i.weighted->where; });
    table.line("kind", [](const Inspected& i) { return to_string(i.op.kind); });
    table.line("a", [](const Inspected& i) { return describe_port(i.op.a); });
    table.line("b", [](const Inspected& i) { return describe_port(i.op.b); });
    table.line("y", [](const Inspected& i) { return describe_port(i.op.y); });
    table.line("parameters", [](const Inspected& i) { return describe_parameters(i.op); });
    table.line("closed_form", [](const Inspected& i) { return to_string(i.op.closed_form); });
    table.line("table", [](const Inspected& i) {
        return i.op.lut.empty() ? std::string("none") : fmt::format("{} entries", i.op.lut.size());
    });
    table.line("passes", [](const Inspected& i) { return describe_passes(i.op); });
    table.line("engines", [](const Inspected& i) {
        const std::vector<std::string> names = engines(i.op);
        return names.empty() ? std::string("none") : fmt::format("{}", fmt::join(names, " "));
    });
}

void add_cost(Table& table, const std::vector<Inspected>& operators) {
    table.line("netlist", [](const Inspected& i) {
        return i.op.netlist ? "equal " + describe_equivalence(i.op) : std::string("none");
    });
    if (!any(operators, [](const Inspected& i) { return i.op.cost || (i.weighted && i.weighted->energy); })) return;
    for (const CostRow& row : kCostRows) {
        const auto uniform = [&row](const Inspected& i) {
            if (!i.op.cost) return std::string("-");
            return relative((*i.op.cost).*row.value,
                            i.op.exact_cost ? std::optional((*i.op.exact_cost).*row.value) : std::nullopt);
        };
        const bool is_energy = row.value == &Cost::energy;
        table.line(row.name, uniform, [is_energy](const Inspected& i) {
            return is_energy && i.weighted->energy ? relative(*i.weighted->energy, i.weighted->exact_energy)
                                                   : std::string();
        });
    }
}

void add_mapped(Table& table, const std::vector<Inspected>& operators) {
    if (!any(operators, [](const Inspected& i) { return i.mapped.has_value(); })) return;
    table.line("library", [](const Inspected& i) { return i.mapped ? i.mapped->library : "-"; });
    table.line("area", [](const Inspected& i) {
        return i.mapped ? relative(i.mapped->circuit.area, i.mapped->exact.area) : std::string("-");
    });
    table.line("delay", [](const Inspected& i) {
        if (!i.mapped || !i.mapped->circuit.delay_ps) return std::string("-");
        return relative(*i.mapped->circuit.delay_ps, i.mapped->exact.delay_ps, " ps");
    });
    table.line("leakage", [](const Inspected& i) {
        if (!i.mapped || !i.mapped->circuit.leakage_nw) return std::string("-");
        return relative(*i.mapped->circuit.leakage_nw, i.mapped->exact.leakage_nw, " nW");
    });
}

}  // namespace

std::vector<std::string> engines(const Operator& op) {
    constexpr int kByte = 8;
    const bool is_adder = op.kind == sim::OperatorKind::adder;
    const bool has_byte_table = !is_adder && !op.lut.empty() && op.a.bits <= kByte && op.b.bits <= kByte;
    const bool is_sum = is_adder && op.closed_form == sim::ClosedForm::sum;
    const auto can = [&](sim::Engine engine) {
        switch (engine) {
            case sim::Engine::gather:
                return !op.lut.empty() || op.closed_form != sim::ClosedForm::none;
            case sim::Engine::permute:
                return has_byte_table || is_sum;
            case sim::Engine::decomposed:
                return (has_byte_table && op.decomposition) || is_sum;
            case sim::Engine::logic:
                return has_byte_table || (is_adder && has_lower_part(op.closed_form));
            case sim::Engine::netlist:
                return op.netlist.has_value();
        }
        return false;
    };
    std::vector<std::string> names;
    for (const sim::Engine engine : sim::all_engines())
        if (can(engine)) names.push_back(sim::to_string(engine));
    return names;
}

std::string describe_equivalence(const Operator& op) {
    const sim::Equivalence& e = op.equivalence;
    if (e.exhaustive) return fmt::format("on all {} inputs", grouped(e.vectors));
    return fmt::format("{}on {} vectors, seed {}", e.formal ? "formally, and " : "", grouped(e.vectors), e.seed);
}

Json operator_json(const Inspected& inspected) {
    const Operator& op = inspected.op;
    Json json = {{"file", inspected.file}, {"name", op.name}, {"kind", to_string(op.kind)}};
    for (const auto& [role, port] : {std::pair("a", &op.a), std::pair("b", &op.b), std::pair("y", &op.y)}) {
        json[role] = {{"name", port->name}, {"bits", port->bits}, {"signed", port->is_signed}};
    }
    json["y_lsb"] = op.y_lsb;
    json["closed_form"] = to_string(op.closed_form);
    json["or_bits"] = op.or_bits;
    json["parameters"] = op.sources.parameters;
    json["sha256"] = content_hash(op);
    json["sources_sha256"] = op.sources_sha256;
    json["tools"] = op.tools;
    json["table_entries"] = op.lut.size();
    json["engines"] = engines(op);
    json["netlist"] = netlist_json(op);
    json["decomposition"] = decomposition_json(op);
    if (op.cost) json["cost"] = cost_json(*op.cost);
    if (op.cost && op.exact_cost) {
        json["exact_cost"] = cost_json(*op.exact_cost);
        for (const CostRow& row : kCostRows)
            json["relative_cost"][row.name] = optional_json(ratio((*op.cost).*row.value, (*op.exact_cost).*row.value));
    }
    if (inspected.mapped) {
        json["mapped"] = mapped_json(inspected.mapped->circuit);
        json["mapped"]["library"] = inspected.mapped->library;
        json["exact_mapped"] = mapped_json(inspected.mapped->exact);
    }
    json["exhaustive"] = op.exhaustive;
    json["swept_pairs"] = op.swept_pairs;
    if (!op.exhaustive) json["sample_seed"] = op.sample_seed;
    json["metrics"] = metrics_json(op.metrics);
    if (!op.exhaustive) json["confidence"] = confidence_json(op.confidence);
    if (inspected.weighted) json["weighted_metrics"] = weighted_json(*inspected.weighted);
    json["values"] = Json::array();
    return json;
}

void print_operators(Context& context, const std::vector<Inspected>& operators) {
    Table table(context, operators);
    add_identity(table);
    add_cost(table, operators);
    add_mapped(table, operators);
    table.line(
        "swept", [](const Inspected& i) { return describe_sweep(i.op); },
        [](const Inspected& i) { return describe_pairs(i.weighted->figures); });
    for (const MetricRow& row : kMetricRows) {
        table.line(
            row.name, [&row](const Inspected& i) { return figure(row, i.op.metrics, i.op.confidence); },
            [&row](const Inspected& i) {
                return figure(row, i.weighted->figures.metrics, i.weighted->figures.confidence);
            });
    }
    table.print();
    for (const Inspected& inspected : operators) {
        if (!inspected.op.netlist && !inspected.op.netlist_absence.empty())
            context.print("{}: no netlist: {}\n", inspected.op.name, inspected.op.netlist_absence);
        if (inspected.weighted && inspected.weighted->figures.sampled)
            context.print("{}: {} holds no pairs; activations and weights were drawn independently\n",
                          inspected.op.name, inspected.weighted->where);
    }
}

}  // namespace concrete::app
