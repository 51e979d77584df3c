// concrete inspect: what an operator file holds.
#include <charconv>
#include <map>

#include "app/command.h"
#include "app/inspect_table.h"
#include "gen/cost.h"
#include "gen/heatmap.h"
#include "gen/liberty.h"
#include "gen/metrics.h"
#include "gen/sweep.h"
#include "gen/weighted_metrics.h"
#include "sim/file.h"
#include "sim/operand_distribution.h"
#include "sim/table_export.h"

namespace concrete::app {

namespace {

using sim::Operator;
using sim::Port;

struct Pair {
    int64_t a = 0, b = 0;
};

Pair parse_pair(const std::string& text) {
    const auto fail = [&] { throw UsageError(fmt::format("--eval: expected A,B as two integers, found '{}'", text)); };
    const auto parse = [&](const char* begin, const char* end) {
        int64_t value = 0;
        const auto [stop, error] = std::from_chars(begin, end, value);
        if (error != std::errc() || stop != end) fail();
        return value;
    };
    const size_t comma = text.find(',');
    if (comma == std::string::npos) fail();
    return {parse(text.data(), text.data() + comma), parse(text.data() + comma + 1, text.data() + text.size())};
}

void check_code(const Operator& op, const Port& port, int64_t code) {
    if (port.bits == 64 && !port.is_signed && code >= 0) return;
    const int64_t highest = port.bits == 64 ? INT64_MAX : sim::highest_code(port);
    if (sim::lowest_code(port) <= code && code <= highest) return;
    throw InputError(fmt::format("{}: --eval: {} is outside {} to {}, what port {} of {} {} bits takes", op.name, code,
                                 sim::lowest_code(port), highest, port.name, port.bits,
                                 port.is_signed ? "signed" : "unsigned"));
}

std::string int128_text(Int128 value) {
    if (value < 0) return "-" + int128_text(-value);
    std::string digits(1, static_cast<char>('0' + static_cast<int>(value % 10)));
    return value < 10 ? digits : int128_text(value / 10) + digits;
}

/// A number of JSON, or a string where 64 bits do not hold it.
Json int128_json(Int128 value) {
    const auto narrow = static_cast<int64_t>(value);
    return narrow == value ? Json(narrow) : Json(int128_text(value));
}

/// y of the operator: from its table, else from its netlist or its Verilog.
int64_t evaluate(const Operator& op, uint64_t a_raw, uint64_t b_raw) {
    if (!op.lut.empty()) return sim::lookup(op, a_raw, b_raw);
    if (op.netlist) return sim::decode(sim::evaluate_netlist(op, a_raw, b_raw), op.y.bits, op.y.is_signed);
    const gen::RtlOperators rtl(std::span(&op, 1), 1);
    return sim::decode(rtl.evaluate(0, std::span(&a_raw, 1), std::span(&b_raw, 1)).at(0), op.y.bits, op.y.is_signed);
}

class Inspect : public Command {
  public:
    std::string name() const override { return "inspect"; }
    std::string summary() const override { return "show, compare, evaluate, draw and export operator files"; }
    std::string details() const override {
        return "Error figures: error = approximate - exact over all operand pairs (or the sample that is named); MAE "
               "and WCE "
               "in percent of 2^(y_bits + y_lsb), MRE and WCRE relative to max(1, |exact|). Figures of a sample have "
               "the half-width of their 95 % confidence interval beside them (12.3 +- 0.1).\n"
               "Cost: two-input gates, look-up nodes, nodes on the longest path and toggles per operation of the "
               "synthesized netlist, in brackets relative to the exact operator of the same ports; a proxy, not "
               "silicon. Passes: 8-bit matrix products that give sums over the table exactly; 14 (at least 13): "
               "fewer might do. Several files are compared side by side.";
    }
    std::string example() const override {
        return "$ concrete inspect booth8_m4-P8.h5 --eval -3,100\n"
               "                booth8_m4-P8\n"
               "kind            multiplier\n"
               "a               a, 8 bits signed\n"
               "b               b, 8 bits signed\n"
               "y               y, 16 bits signed\n"
               "parameters      COMPRESSOR=0 ENCODER=1 P=8\n"
               "closed_form     none\n"
               "table           65536 entries\n"
               "passes          5\n"
               "engines         gather permute decomposed netlist logic\n"
               "netlist         equal on all 65536 inputs\n"
               "gates           269 (0.84x)\n"
               "nodes           142 (0.85x)\n"
               "depth           18 (0.90x)\n"
               "energy          173.102 (0.90x)\n"
               "swept           all 65536 pairs\n"
               "mae             117.5\n"
               "...\n"
               "booth8_m4-P8(-3, 100) = -508, exact -300, error -208\n";
    }

    void declare(CLI::App& app) override {
        app.add_option("OPERATOR", files_, "Operator files, as `concrete gen` writes them.")->required();
        app.add_option(
               "--eval", pairs_,
               "Print the result for the codes A and B, signed integers within the ports' ranges, as in --eval -3,100. "
               "May be repeated. An operator without a table is evaluated by its netlist, else by its Verilog.")
            ->type_name("A,B")
            ->expected(1)
            ->take_all();
        app.add_option("--weights", weights_,
                       "Show the error figures also under the operands that a run recorded (concrete run "
                       "--record-operands), and the energy of the netlist; multipliers of the recorded ports.")
            ->type_name("FILE.h5");
        app.add_option("--layer", layer_, "Take the operands of this layer. Default: of all layers together.")
            ->type_name("NAME");
        app.add_option("--liberty", liberty_,
                       "Synthesize the operator's Verilog and map it to the cells of this library: area, delay and "
                       "leakage, relative to the exact operator (docs/cost.md). Needs Yosys.")
            ->type_name("FILE.lib");
        app.add_option("--plot", plot_,
                       "Draw the error over both operands as a heat map (SVG); one operator with a table.")
            ->type_name("FILE.svg");
        app.add_option(
               "--export", export_,
               "Write the table for other programs; one operator with a table. By the name's end: .bin (int32 "
               "little-endian, row-major, indexed by raw codes), .csv (a,b,y as signed codes), .npy (NumPy), .h (C "
               "array).")
            ->type_name("FILE");
    }

    std::vector<std::filesystem::path> inputs() const override {
        std::vector<std::filesystem::path> paths(files_.begin(), files_.end());
        paths.insert(paths.end(), {weights_, liberty_});
        return paths;
    }
    std::vector<std::filesystem::path> outputs() const override { return {plot_, export_}; }

    ExitCode run(Context& context) override {
        if (files_.size() > 1 && (!plot_.empty() || !export_.empty())) {
            throw UsageError("--plot and --export take one operator file");
        }
        if (!layer_.empty() && weights_.empty()) throw UsageError("--layer chooses a layer of --weights FILE.h5");
        const sim::TableFormat format = export_format();
        std::vector<Pair> pairs;
        for (const std::string& text : pairs_) pairs.push_back(parse_pair(text));
        std::vector<Inspected> operators;
        for (const std::string& file : files_) operators.push_back({file, sim::load_operator(file), {}, {}});
        add_weighted(operators);
        add_mapped(operators);
        context.result["operators"] = Json::array();
        for (const Inspected& inspected : operators) context.result["operators"].push_back(operator_json(inspected));
        print_operators(context, operators);
        for (size_t i = 0; i < operators.size(); ++i) {
            for (const Pair& pair : pairs) print_value(context, operators[i].op, pair, context.result["operators"][i]);
        }
        if (!export_.empty()) write_file(export_, sim::export_table(operators[0].op, format));
        if (!plot_.empty()) write_file(plot_, gen::error_heatmap_svg(operators[0].op));
        for (const std::string* written : {&export_, &plot_}) {
            if (!written->empty()) context.print("wrote {}\n", *written);
        }
        return ExitCode::done;
    }

  private:
    sim::TableFormat export_format() const {
        const std::string end = std::filesystem::path(export_).extension();
        if (end == ".csv") return sim::TableFormat::csv;
        if (end == ".npy") return sim::TableFormat::npy;
        if (end == ".h") return sim::TableFormat::h;
        if (end == ".bin" || export_.empty()) return sim::TableFormat::bin;
        throw UsageError(fmt::format("--export: '{}' ends in '{}', expected .bin, .csv, .npy or .h", export_, end));
    }

    /// Recorded operands of the layer asked for, else of all layers.
    static const sim::OperandCounts& counts_of(const sim::OperandDistribution& distribution, const std::string& layer,
                                               const std::string& file) {
        if (!layer.empty()) {
            const auto found = distribution.layers.find(layer);
            if (found != distribution.layers.end()) return found->second;
        }
        std::vector<std::string> names;
        for (const auto& [name, counts] : distribution.layers) names.push_back(name);
        const std::string known = fmt::format("{}", fmt::join(names, ", "));
        if (!layer.empty())
            throw InputError(fmt::format("{}: has no layer '{}', expected one of {}", file, layer, known));
        if (!distribution.total) {
            throw InputError(
                fmt::format("{}: holds no total, since its layers have multipliers of different ports; "
                            "choose one by --layer: {}",
                            file, known));
        }
        return *distribution.total;
    }

    void add_weighted(std::vector<Inspected>& operators) const {
        if (weights_.empty()) return;
        const sim::OperandDistribution distribution = sim::load_operand_distribution(weights_);
        const sim::OperandCounts& counts = counts_of(distribution, layer_, weights_);
        const std::string where = layer_.empty() ? weights_ : fmt::format("{} of {}", layer_, weights_);
        for (const Inspected& inspected : operators) gen::check_ports_fit(inspected.op, counts, where);
        for (Inspected& inspected : operators) {
            const Operator& op = inspected.op;
            Weighted weighted{where, layer_, counts.macs(), gen::weighted_metrics(op, counts), {}, {}};
            if (op.netlist) {
                weighted.energy = gen::switching_energy(*op.netlist, gen::draw_recorded(counts));
                if (const auto exact = exact_circuit(op))
                    weighted.exact_energy = gen::switching_energy(exact->synthesis.netlist, gen::draw_recorded(counts));
            }
            inspected.weighted = std::move(weighted);
        }
    }

    /// Nothing where Yosys is not on this machine.
    static std::shared_ptr<const gen::ExactCircuit> exact_circuit(const Operator& op) {
        try {
            return gen::exact_circuit(op);
        } catch (const MissingError&) {
            return nullptr;
        }
    }

    void add_mapped(std::vector<Inspected>& operators) const {
        if (liberty_.empty()) return;
        const gen::CellLibrary library = gen::read_liberty(liberty_);
        std::map<std::shared_ptr<const gen::ExactCircuit>, gen::MappedCircuit> exact_ones;
        for (Inspected& inspected : operators) {
            const auto exact = gen::exact_circuit(inspected.op);
            auto at = exact_ones.find(exact);
            if (at == exact_ones.end())
                at = exact_ones.emplace(exact, gen::map_to_cells(exact->synthesis, library)).first;
            inspected.mapped = {library.name, gen::map_to_cells(gen::synthesize(inspected.op), library), at->second};
        }
    }

    static void print_value(Context& context, const Operator& op, const Pair& pair, Json& json) {
        if (op.kind == sim::OperatorKind::mac) {
            throw InputError(op.name + ": --eval: the result of a MAC unit depends on its accumulator, too");
        }
        check_code(op, op.a, pair.a);
        check_code(op, op.b, pair.b);
        const uint64_t a_raw = sim::encode(pair.a, op.a.bits), b_raw = sim::encode(pair.b, op.b.bits);
        const int64_t y = evaluate(op, a_raw, b_raw);
        const Int128 value = Int128{y} * (Int128{1} << op.y_lsb);
        const Int128 exact = gen::exact_result(op, a_raw, b_raw);
        const Int128 error = gen::error_of(op, a_raw, b_raw, sim::encode(y, op.y.bits));
        const std::string texts[] = {int128_text(value), int128_text(exact), int128_text(error)};
        context.print("{}({}, {}) = {}, exact {}, error {}\n", op.name, pair.a, pair.b, texts[0], texts[1], texts[2]);
        json["values"].push_back({{"a", pair.a},
                                  {"b", pair.b},
                                  {"value", int128_json(value)},
                                  {"exact", int128_json(exact)},
                                  {"error", int128_json(error)}});
    }

    std::vector<std::string> files_, pairs_;
    std::string weights_, layer_, liberty_, plot_, export_;
};

}  // namespace

std::unique_ptr<Command> make_inspect() {
    return std::make_unique<Inspect>();
}

}  // namespace concrete::app
