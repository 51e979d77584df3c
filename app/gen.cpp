// concrete gen: from Verilog to operator files.
#include <algorithm>
#include <chrono>
#include <limits>
#include <span>

#include "app/catalogue_list.h"
#include "app/command.h"
#include "app/progress.h"
#include "gen/adapter.h"
#include "gen/catalogue.h"
#include "gen/generate.h"
#include "gen/import_blif.h"
#include "gen/sources.h"
#include "gen/table_import.h"

namespace concrete::app {

namespace {

namespace fs = std::filesystem;

/// One operator without a table is simulated on all pairs where that is predicted to take at most so long.
constexpr double kSweepSeconds = 120;

/// Operators made together.
constexpr size_t kGroup = 64;

std::string describe(const sim::Port& port) {
    return fmt::format("{} ({} bits {})", port.name, port.bits, port.is_signed ? "signed" : "unsigned");
}

std::string describe(const sim::Equivalence& equivalence) {
    const std::string inputs = equivalence.exhaustive ? fmt::format("all {} inputs", equivalence.vectors)
                                                      : fmt::format("{} inputs", equivalence.vectors);
    return fmt::format("{}equal to the simulation on {}", equivalence.formal ? "proven equal to the Verilog and " : "",
                       inputs);
}

/// KEY=VALUE
std::pair<std::string, std::string> parse_parameter(const std::string& text) {
    const size_t equals = text.find('=');
    if (equals == 0 || equals == std::string::npos) {
        throw UsageError(fmt::format("-P: expected KEY=VALUE, found '{}'", text));
    }
    return {text.substr(0, equals), text.substr(equals + 1)};
}

class Gen : public Command {
  public:
    std::string name() const override { return "gen"; }
    std::string summary() const override { return "simulate multipliers and adders in Verilog into operator files"; }
    std::string details() const override {
        return "One operator: give its sources, the top module and the output file. A truth table (--table) or BLIF "
               "file "
               "stands for Verilog where there is none; docs/your-circuits.md has both. Ports, widths, signedness and "
               "kind "
               "are "
               "worked out where the module leaves no doubt; inputs named a and b (in either order) and one output are "
               "best. "
               "a is the activation (of an adder: the accumulator), b the weight.\n"
               "Many operators: give --catalogue and --out-dir; each instance becomes DIR/NAME.h5.\n"
               "Up to 24 input bits all operand pairs are simulated into a table. Logic synthesis with Yosys makes a "
               "netlist of look-up nodes, which is compared with the simulation, and beyond 24 bits proven equal to "
               "the "
               "Verilog. Results are kept in the cache folder, so that the "
               "same "
               "sources, parameters and tools are simulated once.";
    }
    std::string example() const override {
        return "$ concrete gen rtl/booth8.v --top booth8 -P ENCODER=1 -P P=8 -o my.h5\n"
               "my: multiplier, a = a (8 bits signed), b = b (8 bits signed), y = y (16 bits signed)\n"
               "my: MAE 117.5, WCE 741, EP 65.11 %, MRE 71.9 %, bias -117.5 over all 65536 pairs\n"
               "my: 8-bit matrix products for the table: 5, the fewest possible\n"
               "my: netlist of 142 nodes, depth 18, energy 0.90x that of the exact operator; equal to the simulation "
               "on all "
               "65536 inputs\n"
               "wrote my.h5 in 2.3 s\n"
               "\n"
               "$ concrete gen --catalogue rtl/catalogue.yaml --only 'booth8_m4-*' --out-dir operators\n";
    }

    void declare(CLI::App& app) override {
        declare_source(app);
        declare_table(app);
        declare_sweep(app);
        app.add_option("--catalogue", catalogue_,
                       "Make the operators of this catalogue (YAML) instead of one operator.")
            ->type_name("FILE.yaml");
        CLI::Option* only =
            app.add_option(
                   "--only", only_,
                   "With --catalogue: listed instances whose name matches this shell pattern, as in 'booth8_m?-P8'; "
                   "where none is listed, all that match within the ranges of their parameters. A family's "
                   "name makes the instances it lists. "
                   "Without --only and --all: the instances that the catalogue names as its default.")
                ->type_name("GLOB");
        app.add_flag("--list", list_,
                     "With --catalogue: print its families, their parameters and ranges; make nothing.");
        app.add_flag("--all", all_, "With --catalogue: every instance that its families list. This may take long.")
            ->excludes(only);
        app.add_option("--out-dir", out_dir_, "With --catalogue: folder to write to; made where it does not exist.")
            ->type_name("DIR");
        add_threads(app, threads_, "-j,--threads");
    }

    std::vector<std::filesystem::path> inputs() const override {
        std::vector<std::filesystem::path> files(sources_.begin(), sources_.end());
        files.emplace_back(catalogue_);
        files.emplace_back(table_);
        return files;
    }
    std::vector<std::filesystem::path> outputs() const override { return {out_}; }

    ExitCode run(Context& context) override {
        check_usage();
        if (list_) {
            list_catalogue(context, gen::load_catalogue(catalogue_));
            return ExitCode::done;
        }
        const auto start = std::chrono::steady_clock::now();
        context.result["notes"] = Json::array();
        std::vector<gen::Request> requests =
            catalogue_.empty() ? std::vector{single_request(context)} : listed_requests();
        for (gen::Request& request : requests) {
            request.sweep_s = exhaustive_          ? std::numeric_limits<double>::infinity()
                              : catalogue_.empty() ? kSweepSeconds
                                                   : 0;
            request.samples = samples_;
            request.seed = seed_;
        }
        Json& result = context.result;
        result["threads"] = threads_;
        result["seed"] = seed_;
        result["operators"] = Json::array();
        make_out_dir();
        Progress progress("operators", requests.size());
        const auto on_note = [&](const std::string& note) {
            progress.clear();
            say(context, note);
        };
        // Group by group, so that memory holds the tables of a few only.
        for (size_t first = 0; first < requests.size(); first += kGroup) {
            const size_t count = std::min(kGroup, requests.size() - first);
            const auto on_progress = [&](size_t done, size_t) { progress.update(first + done, requests.size()); };
            for (const sim::Operator& op :
                 gen::generate(std::span(requests).subspan(first, count), threads_, on_progress, on_note)) {
                progress.clear();
                write(context, op);
            }
        }
        progress.clear();
        const double time_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        result["time_s"] = time_s;
        context.print("wrote {} in {:.1f} s\n",
                      catalogue_.empty() ? out_ : fmt::format("{} operators to {}", requests.size(), out_dir_), time_s);
        return ExitCode::done;
    }

  private:
    void declare_source(CLI::App& app) {
        app.add_option("SRC", sources_, "Verilog or SystemVerilog files, or one combinational BLIF file (.blif).");
        app.add_option("--top", top_,
                       "Top module: two operands in, one result out, combinational. Its ports may be bits with names "
                       "such as a0, a_0 or \\a[0], and its name may be one that Verilog writes with a backslash. Of "
                       "BLIF: the model; default: the first.")
            ->type_name("NAME");
        app.add_option("-P", parameters_, "Set a parameter of the top module. May be repeated.")
            ->type_name("KEY=VALUE")
            ->expected(1)
            ->take_all();
        app.add_option("-D", defines_, "Define a macro. May be repeated.")
            ->type_name("NAME[=VALUE]")
            ->expected(1)
            ->take_all();
        app.add_option("-I", include_folders_,
                       "Folder in which `include files may lie, beside the folder of the source. May be repeated.")
            ->type_name("DIR")
            ->expected(1)
            ->take_all();
        app.add_option("-o,--out", out_, "Operator file to write; replaced where it exists.")->type_name("FILE.h5");
        app.add_option("--name", name_, "Name of the operator. Default: that of the output file without .h5.")
            ->type_name("NAME");
        app.add_option(
               "--kind", kind_,
               "multiplier or adder. Default: the one whose exact result the module approximates better. mac: a "
               "clocked multiply-accumulate unit, see --clock.")
            ->type_name("multiplier|adder|mac")
            ->check(CLI::IsMember({"multiplier", "adder", "mac"}));
        app.add_option("--a", a_, "Input that is the activation (adder: the accumulator). Default: the input named a.")
            ->type_name("PORT");
        app.add_option("--b", b_, "Input that is the weight (adder: the addend). Default: the input named b.")
            ->type_name("PORT");
        app.add_option("--y", y_, "Output. Default: the only one.")->type_name("PORT");
        app.add_option("--clock", clock_, "With --kind mac: the clock. Default: by its name (clk, clock, ck).")
            ->type_name("PORT");
        app.add_option("--clear", clear_,
                       "With --kind mac: the input that starts an accumulation, active low where its name ends in _n. "
                       "Default: by its name (clear, clr, rst, reset, load, ...).")
            ->type_name("PORT");
        app.add_option("--enable", enable_,
                       "With --kind mac: the input without which the accumulator holds. Default: by its name (enable, "
                       "en, ce, valid).")
            ->type_name("PORT");
        app.add_option("--init", init_,
                       "With --kind mac: the value that clear loads. Default: by its name (init, load_value, acc_in, "
                       "...); without one, clear brings a constant.")
            ->type_name("PORT");
        app.add_option("--latency", latency_,
                       "With --kind mac: clocks from operands to the accumulator that holds their product, 1 to 8. "
                       "Default: what it turns out to be; anything else is an error.")
            ->type_name("N")
            ->check(CLI::Range(1, 8));
        CLI::Option* is_signed =
            app.add_flag("--signed", signed_,
                         "Read all ports as two's complement. Default: what the Verilog declares, else what fits.");
        app.add_flag("--unsigned", unsigned_, "Read all ports as unsigned.")->excludes(is_signed);
        app.add_option("--y-lsb", y_lsb_,
                       "The result is y * 2^N: for fixed-width multipliers that drop their low N bits; 0 to 63.")
            ->type_name("N")
            ->check(CLI::Range(0, 63))
            ->capture_default_str();
    }

    void declare_table(CLI::App& app) {
        app.add_option(
               "--table", table_,
               "Instead of SRC and --top: a truth table, y for every pair of raw codes, index a * 2^b_bits + b. "
               ".bin: little-endian integers of 1, 2, 4 or 8 bytes; .npy: NumPy; .h, .c: a C array; .txt, .csv, "
               ".tsv, .dat: a line for each y, or each a,b,y, or each row.")
            ->type_name("FILE");
        app.add_option("--a-bits", a_bits_, "With --table: bits of a; not needed with a matrix in .npy.")
            ->type_name("N")
            ->check(CLI::Range(1, gen::kMaxImportBits - 1));
        app.add_option("--b-bits", b_bits_,
                       fmt::format("With --table: bits of b; with a {} at most.", gen::kMaxImportBits))
            ->type_name("N")
            ->check(CLI::Range(1, gen::kMaxImportBits - 1));
        app.add_option("--y-bits", y_bits_,
                       "With --table: bits of y. Default: those of a and b together; with --kind adder those of a, and "
                       "one.")
            ->type_name("N")
            ->check(CLI::Range(1, 32));
    }

    void declare_sweep(CLI::App& app) {
        app.add_flag(
            "--exhaustive", exhaustive_,
            "Simulate all operand pairs of operators with 25 to 32 input bits, however long it takes. Without it: a "
            "seeded sample, and all pairs of a single operator where that takes less than two minutes. The error "
            "figures are of all pairs in either case, taken on the netlist.");
        app.add_option("--samples", samples_,
                       "Operand pairs of that sample, 2 to 2^32; beyond 32 input bits it gives the figures, too.")
            ->type_name("N")
            ->check(CLI::Range(uint64_t{2}, uint64_t{1} << 32))
            ->capture_default_str();
        app.add_option("--seed", seed_, "Seed of such a sample, 0 to 2^64 - 1.")->type_name("S")->capture_default_str();
    }

    void check_usage() const {
        const auto require = [](bool holds, const char* message) {
            if (!holds) throw UsageError(message);
        };
        if (catalogue_.empty()) {
            if (!table_.empty()) return check_table_usage();
            require(a_bits_ == 0 && b_bits_ == 0 && y_bits_ == 0, "--a-bits, --b-bits and --y-bits belong to --table");
            require(!sources_.empty(),
                    "give Verilog sources with --top and -o, or --table with -o, or --catalogue with --out-dir");
            require(!is_blif() ||
                        (sources_.size() == 1 && parameters_.empty() && defines_.empty() && include_folders_.empty()),
                    "a circuit in BLIF is one file: leave out other sources, -P, -D and -I");
            require(is_blif() || !top_.empty(), "--top is required with Verilog sources: the module to simulate");
            require(!out_.empty(), "-o is required with Verilog sources: the operator file to write");
            require(only_.empty() && !all_ && !list_ && out_dir_.empty(),
                    "--only, --all, --list and --out-dir belong to --catalogue");
            return;
        }
        require(table_.empty() && sources_.empty() && top_.empty() && out_.empty() && name_.empty() &&
                    parameters_.empty() && defines_.empty() && include_folders_.empty() && kind_.empty() &&
                    a_.empty() && b_.empty() && y_.empty() && clock_.empty() && clear_.empty() && enable_.empty() &&
                    init_.empty() && latency_ == 0 && !signed_ && !unsigned_ && y_lsb_ == 0,
                "--catalogue says what to make: leave out sources, -o and what describes one operator");
        require(!list_ || (only_.empty() && !all_ && out_dir_.empty()),
                "--list makes nothing: leave out --only, --all and --out-dir");
        require(list_ || !out_dir_.empty(), "--out-dir is required with --catalogue: the folder to write to");
    }

    bool is_blif() const {
        return std::any_of(sources_.begin(), sources_.end(),
                           [](const std::string& file) { return fs::path(file).extension() == ".blif"; });
    }

    void check_table_usage() const {
        if (kind_ == "mac") throw UsageError("--kind mac is for Verilog: a MAC unit is no truth table");
        if (!sources_.empty() || !top_.empty() || !parameters_.empty() || !defines_.empty() ||
            !include_folders_.empty() || !a_.empty() || !b_.empty() || !y_.empty())
            throw UsageError("--table stands for Verilog: leave out sources, --top, -P, -D, -I, --a, --b and --y");
        if (out_.empty()) throw UsageError("-o is required with --table: the operator file to write");
        if (!only_.empty() || all_ || list_ || !out_dir_.empty())
            throw UsageError("--only, --all, --list and --out-dir belong to --catalogue");
    }

    static void say(Context& context, const std::string& note) {
        context.result["notes"].push_back(note);
        context.print("{}\n", note);
    }

    gen::Request single_request(Context& context) const {
        gen::Request request;
        request.name = name_.empty() ? fs::path(out_).stem().string() : name_;
        if (!kind_.empty()) {
            request.kind = kind_ == "mac"     ? sim::OperatorKind::mac
                           : kind_ == "adder" ? sim::OperatorKind::adder
                                              : sim::OperatorKind::multiplier;
        }
        if (!a_.empty()) request.a_port = a_;
        if (!b_.empty()) request.b_port = b_;
        if (!y_.empty()) request.y_port = y_;
        if (!clock_.empty()) request.clock_port = clock_;
        if (!clear_.empty()) request.clear_port = clear_;
        if (!enable_.empty()) request.enable_port = enable_;
        if (!init_.empty()) request.init_port = init_;
        if (latency_ != 0) request.latency = latency_;
        if (signed_ || unsigned_) request.is_signed = signed_;
        request.y_lsb = y_lsb_;
        request.sources = table_.empty() ? verilog_sources(context, request.name) : imported_sources(request);
        return request;
    }

    sim::Sources verilog_sources(Context& context, const std::string& name) const {
        if (is_blif()) {
            if (kind_ == "mac") throw UsageError("--kind mac is for Verilog, not for BLIF");
            gen::Circuit circuit = gen::import_blif(sources_.front(), top_);
            for (const std::string& note : circuit.notes) say(context, name + ": " + note);
            return std::move(circuit.sources);
        }
        std::map<std::string, std::string> parameters;
        for (const std::string& text : parameters_) {
            const auto [key, value] = parse_parameter(text);
            if (!parameters.emplace(key, value).second) throw UsageError(fmt::format("-P: '{}' is given twice", key));
        }
        if (kind_ == "mac")
            return gen::read_sources({sources_.begin(), sources_.end()}, top_, parameters,
                                     {include_folders_.begin(), include_folders_.end()}, defines_);
        gen::Circuit circuit = gen::read_circuit({sources_.begin(), sources_.end()}, top_, parameters,
                                                 {include_folders_.begin(), include_folders_.end()}, defines_);
        for (const std::string& note : circuit.notes) say(context, name + ": " + note);
        return std::move(circuit.sources);
    }

    sim::Sources imported_sources(const gen::Request& request) const {
        gen::TableFormat format{a_bits_, b_bits_, y_bits_, request.is_signed,
                                request.kind.value_or(sim::OperatorKind::multiplier)};
        return gen::table_sources(gen::read_table(table_, format), fs::path(table_).filename().string());
    }

    std::vector<gen::Request> listed_requests() const {
        const gen::Catalogue catalogue = gen::load_catalogue(catalogue_);
        if (!only_.empty()) return gen::catalogue_requests(catalogue, only_);
        return gen::catalogue_requests(catalogue, all_ ? gen::Listed::all : gen::Listed::by_default);
    }

    void make_out_dir() const {
        if (out_dir_.empty()) return;
        std::error_code error;
        fs::create_directories(out_dir_, error);
        if (error) throw InputError(fmt::format("{}: the folder cannot be made: {}", out_dir_, error.message()));
    }

    void write(Context& context, const sim::Operator& op) const {
        const fs::path path = catalogue_.empty() ? fs::path(out_) : fs::path(out_dir_) / (op.name + ".h5");
        sim::save_operator(op, path);
        print(context, op);
        context.result["operators"].push_back(to_json(op, path));
    }

    /// "clk, clear rst_n (active low), enable en, no init; latency 2 clocks, compared with the Verilog on ..."
    static void print_mac(Context& context, const sim::Operator& op) {
        const sim::MacInterface& mac = *op.mac;
        const auto named = [](const char* role, const std::string& port) {
            return port.empty() ? fmt::format("no {}", role) : fmt::format("{} {}", role, port);
        };
        context.print("{}: clock {}, {}{}, {}, {}{}; latency {} clock{}\n", op.name, mac.clock,
                      named("clear", mac.clear), mac.clear_low ? " (active low)" : "", named("enable", mac.enable),
                      named("init", mac.init),
                      mac.init.empty() ? fmt::format(" (clear brings {})", mac.clear_value) : "", mac.latency,
                      mac.latency == 1 ? "" : "s");
        context.print("{}: {} nodes, equal to the Verilog on {} products{}\n", op.name, op.netlist->nodes.size(),
                      op.equivalence.vectors, op.equivalence.exhaustive ? ", every combination among them" : "");
    }

    static void print_decomposition(Context& context, const sim::Operator& op) {
        if (!op.decomposition) return;
        const size_t passes = op.decomposition->terms.size();
        context.print("{}: 8-bit matrix products for the table: {}, {}\n", op.name, passes,
                      passes == *op.decomposition_bound ? std::string("the fewest possible")
                                                        : fmt::format("at least {} needed", *op.decomposition_bound));
    }

    static void print(Context& context, const sim::Operator& op) {
        context.print("{}: {}, a = {}, b = {}, y = {}\n", op.name, to_string(op.kind), describe(op.a), describe(op.b),
                      describe(op.y));
        const std::string pairs = op.exhaustive
                                      ? fmt::format("all {} pairs", op.swept_pairs)
                                      : fmt::format("a sample of {} pairs, seed {}", op.swept_pairs, op.sample_seed);
        context.print("{}: MAE {:.6g}, WCE {:.6g}, EP {:.2f} %, MRE {:.4g} %, bias {:.6g} over {}\n", op.name,
                      op.metrics.mae, op.metrics.wce, op.metrics.ep_percent, op.metrics.mre_percent,
                      op.metrics.mean_error, pairs);
        if (op.mac) return print_mac(context, op);
        print_decomposition(context, op);
        if (!op.netlist) return;
        context.print("{}: netlist of {} nodes, depth {:g}, energy {:.2f}x that of the exact operator; {}\n", op.name,
                      op.netlist->nodes.size(), op.cost->depth, op.cost->energy / op.exact_cost->energy,
                      describe(op.equivalence));
    }

    static Json to_json(const sim::Operator& op, const fs::path& path) {
        Json json = {{"file", path.string()}, {"name", op.name}, {"kind", to_string(op.kind)}};
        for (const auto& [role, port] : {std::pair("a", &op.a), std::pair("b", &op.b), std::pair("y", &op.y)}) {
            json[role] = {{"name", port->name}, {"bits", port->bits}, {"signed", port->is_signed}};
        }
        json["sha256"] = content_hash(op);
        json["exhaustive"] = op.exhaustive;
        json["swept_pairs"] = op.swept_pairs;
        json["mae"] = op.metrics.mae;
        json["wce"] = op.metrics.wce;
        json["ep_percent"] = op.metrics.ep_percent;
        json["mre_percent"] = op.metrics.mre_percent;
        json["mean_error"] = op.metrics.mean_error;
        if (op.decomposition) json["passes"] = op.decomposition->terms.size();
        return json;
    }

    std::vector<std::string> sources_, parameters_, defines_, include_folders_;
    std::string top_, out_, name_, kind_, a_, b_, y_, clock_, clear_, enable_, init_, table_, catalogue_, only_,
        out_dir_;
    bool signed_ = false, unsigned_ = false, exhaustive_ = false, all_ = false, list_ = false;
    int y_lsb_ = 0, latency_ = 0, a_bits_ = 0, b_bits_ = 0, y_bits_ = 0, threads_ = 1;
    uint64_t samples_ = uint64_t{1} << 24, seed_ = 1;
};

}  // namespace

std::unique_ptr<Command> make_gen() {
    return std::make_unique<Gen>();
}

}  // namespace concrete::app
