// concrete inspect: what an operator file holds.
#include <charconv>
#include <functional>

#include "app/command.h"
#include "gen/heatmap.h"
#include "gen/metrics.h"
#include "gen/sweep.h"
#include "sim/file.h"
#include "sim/table_export.h"

namespace concrete::app {

namespace {

using sim::Operator;
using sim::Port;

struct MetricRow {
    const char* name;  ///< as in the file and in JSON
    const char* unit;
    double sim::Metrics::*value;
};

constexpr MetricRow kMetricRows[] = {
    {"mae", "", &sim::Metrics::mae},
    {"mae_percent", "%", &sim::Metrics::mae_percent},
    {"wce", "", &sim::Metrics::wce},
    {"wce_percent", "%", &sim::Metrics::wce_percent},
    {"wcre_percent", "%", &sim::Metrics::wcre_percent},
    {"ep_percent", "%", &sim::Metrics::ep_percent},
    {"mre_percent", "%", &sim::Metrics::mre_percent},
    {"mse", "", &sim::Metrics::mse},
    {"mean_error", "", &sim::Metrics::mean_error},
    {"error_variance", "", &sim::Metrics::error_variance},
    {"nmed", "", &sim::Metrics::nmed},
};

std::vector<std::string> engines(const Operator& op) {
    const bool runs = !op.lut.empty() || op.closed_form != sim::ClosedForm::none;
    return runs ? std::vector<std::string>{"gather"} : std::vector<std::string>{};
}

std::string describe_sweep(const Operator& op) {
    return op.exhaustive ? fmt::format("all {} pairs", op.swept_pairs)
                         : fmt::format("{} pairs, seed {}", op.swept_pairs, op.sample_seed);
}

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

/// y of the operator: from its table, else from its Verilog.
int64_t evaluate(const Operator& op, uint64_t a_raw, uint64_t b_raw) {
    if (!op.lut.empty()) return sim::lookup(op, a_raw, b_raw);
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
               "in percent of 2^(y_bits + y_lsb), MRE and WCRE relative to max(1, |exact|). Several files are compared "
               "side by "
               "side.";
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
               "engines         gather\n"
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
               "May be repeated. An operator without a table is evaluated by its Verilog.")
            ->type_name("A,B")
            ->expected(1)
            ->take_all();
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

    std::vector<std::filesystem::path> inputs() const override { return {files_.begin(), files_.end()}; }
    std::vector<std::filesystem::path> outputs() const override { return {plot_, export_}; }

    ExitCode run(Context& context) override {
        if (files_.size() > 1 && (!plot_.empty() || !export_.empty())) {
            throw UsageError("--plot and --export take one operator file");
        }
        const sim::TableFormat format = export_format();
        std::vector<Pair> pairs;
        for (const std::string& text : pairs_) pairs.push_back(parse_pair(text));
        std::vector<Operator> operators;
        for (const std::string& file : files_) operators.push_back(sim::load_operator(file));
        context.result["operators"] = Json::array();
        for (size_t i = 0; i < operators.size(); ++i)
            context.result["operators"].push_back(to_json(operators[i], files_[i]));
        print_table(context, operators);
        for (size_t i = 0; i < operators.size(); ++i) {
            for (const Pair& pair : pairs) print_value(context, operators[i], pair, context.result["operators"][i]);
        }
        if (!export_.empty()) write_file(export_, sim::export_table(operators[0], format));
        if (!plot_.empty()) write_file(plot_, gen::error_heatmap_svg(operators[0]));
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

    static Json to_json(const Operator& op, const std::string& file) {
        Json json = {{"file", file}, {"name", op.name}, {"kind", to_string(op.kind)}};
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
        json["exhaustive"] = op.exhaustive;
        json["swept_pairs"] = op.swept_pairs;
        if (!op.exhaustive) json["sample_seed"] = op.sample_seed;
        for (const MetricRow& row : kMetricRows) json["metrics"][row.name] = op.metrics.*row.value;
        json["values"] = Json::array();
        return json;
    }

    /// One column an operator, one line a property.
    static void print_table(Context& context, const std::vector<Operator>& operators) {
        size_t width = 12;
        const auto line = [&](const std::string& name, const std::function<std::string(const Operator&)>& text) {
            std::string row = fmt::format("{:<16}", name);
            for (const Operator& op : operators) row += fmt::format("{:<{}}", text(op), width + 2);
            context.print("{}\n", row.substr(0, row.find_last_not_of(' ') + 1));
        };
        const auto port = [](const Port& p) {
            return fmt::format("{}, {} bits {}", p.name, p.bits, p.is_signed ? "signed" : "unsigned");
        };
        const auto parameters = [](const Operator& op) {
            std::string text;
            for (const auto& [key, value] : op.sources.parameters)
                text += (text.empty() ? "" : " ") + key + "=" + value;
            return text.empty() ? std::string("none") : text;
        };
        for (const Operator& op : operators) {
            for (const std::string& text :
                 {op.name, port(op.a), port(op.b), port(op.y), parameters(op), describe_sweep(op)}) {
                width = std::max(width, text.size());
            }
        }
        line("", [](const Operator& op) { return op.name; });
        line("kind", [](const Operator& op) { return to_string(op.kind); });
        line("a", [&](const Operator& op) { return port(op.a); });
        line("b", [&](const Operator& op) { return port(op.b); });
        line("y", [&](const Operator& op) { return port(op.y); });
        line("parameters", parameters);
        line("closed_form", [](const Operator& op) { return to_string(op.closed_form); });
        line("table", [](const Operator& op) {
            return op.lut.empty() ? std::string("none") : fmt::format("{} entries", op.lut.size());
        });
        line("engines", [](const Operator& op) {
            return engines(op).empty() ? std::string("none") : fmt::format("{}", fmt::join(engines(op), " "));
        });
        line("swept", describe_sweep);
        for (const MetricRow& row : kMetricRows) {
            line(row.name,
                 [&](const Operator& op) { return fmt::format("{:.6g} {}", op.metrics.*row.value, row.unit); });
        }
    }

    static void print_value(Context& context, const Operator& op, const Pair& pair, Json& json) {
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
    std::string plot_, export_;
};

}  // namespace

std::unique_ptr<Command> make_inspect() {
    return std::make_unique<Inspect>();
}

}  // namespace concrete::app
