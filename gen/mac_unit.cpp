#include "gen/mac_unit.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <random>
#include <set>

#include "gen/blif_netlist.h"
#include "gen/elaborate.h"
#include "gen/mac_program.h"
#include "gen/metrics.h"
#include "gen/reading.h"
#include "gen/sources.h"
#include "gen/yosys.h"
#include "sim/bitslice.h"
#include "sim/error.h"
#include "sim/file.h"
#include "sim/planes.h"
#include "sim/sources_check.h"

namespace concrete::gen {
namespace {

using sim::Operator;
using sim::Port;
using Words = std::vector<uint64_t>;

constexpr size_t kProducts = size_t{1} << 20;  ///< compared in random sequences, and sampled for metrics
constexpr size_t kLongest = 63;                ///< products of a sequence
constexpr int kExhaustiveBits = 24;

std::string lower(std::string text) {
    for (char& letter : text) letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
    return text;
}

/// Without what says only which way a port goes: "i_clk", "clk_i".
std::string bare_name(const std::string& name) {
    std::string text = lower(name);
    for (const char* prefix : {"i_", "o_", "in_"})
        if (text.starts_with(prefix)) text = text.substr(std::string(prefix).size());
    for (const char* suffix : {"_i", "_o", "_in", "_out"})
        if (text.ends_with(suffix) && text != "acc_in") text = text.substr(0, text.size() - std::string(suffix).size());
    return text;
}

const std::set<std::string> kClocks{"clk", "clock", "ck"};
const std::set<std::string> kClears{"clear", "clr",  "rst",    "reset", "sclr", "srst",
                                    "aclr",  "arst", "areset", "load",  "ld"};
const std::set<std::string> kEnables{"enable", "en", "ce", "valid", "cen"};
const std::set<std::string> kInits{"init", "load_value", "load_data", "acc_in", "acc_init", "init_value", "bias"};
const std::set<std::string> kOutputs{"acc", "accumulator", "y", "out", "result", "sum", "q", "mac", "dout"};

/// "rst_n", "rstn", "resetn", "nrst": the name without what says that it is active low.
std::optional<std::string> active_low(const std::string& name) {
    for (const char* suffix : {"_n", "_b", "n"}) {
        if (!name.ends_with(suffix)) continue;
        const std::string rest = name.substr(0, name.size() - std::string(suffix).size());
        if (kClears.contains(rest)) return rest;
    }
    if (name.starts_with("n") && kClears.contains(name.substr(1))) return name.substr(1);
    return std::nullopt;
}

class PortFinder {
  public:
    PortFinder(const Request& request, const Design& design) : request_(request), design_(design) {}

    MacPorts run() {
        MacPorts ports;
        ports.clock = find(request_.clock_port, "--clock", 1, [](const std::string& n) { return kClocks.contains(n); });
        ports.clear = find(request_.clear_port, "--clear", 1,
                           [](const std::string& n) { return kClears.contains(n) || active_low(n).has_value(); });
        ports.clear_low = !ports.clear.empty() && active_low(bare_name(ports.clear)).has_value();
        ports.enable =
            find(request_.enable_port, "--enable", 1, [](const std::string& n) { return kEnables.contains(n); });
        ports.init = find(request_.init_port, "--init", 0, [](const std::string& n) { return kInits.contains(n); });
        if (ports.clock.empty()) fail("no clock; name it with --clock");
        if (ports.clear.empty())
            fail("no clear, reset or load, so that no accumulation could be started; name it with --clear");
        ports.y = output();

        // What is left are the operands, by the names that multipliers have.
        Design rest;
        std::vector<std::string> left;
        for (const Port& port : design_.inputs) {
            if (taken_.contains(port.name)) continue;
            rest.inputs.push_back(port);
            left.push_back(port.name);
        }
        for (const Port& port : design_.outputs)
            if (port.name == ports.y) rest.outputs.push_back(port);
        if (rest.inputs.size() != 2)
            fail(
                fmt::format("{} inputs ({}) are left for the two operands; name every port with --a, --b, --clock, "
                            "--clear, --enable, --init",
                            left.size(), fmt::join(left, ", ")));
        Operator op;
        Request operands = request_;
        operands.y_port = ports.y;
        assign_ports(op, operands, rest);
        ports.a = op.a.name;
        ports.b = op.b.name;
        return ports;
    }

  private:
    [[noreturn]] void fail(const std::string& what) const {
        std::vector<std::string> names;
        for (const auto* ports : {&design_.inputs, &design_.outputs})
            for (const Port& port : *ports)
                names.push_back(fmt::format("{} {} [{} bits]", ports == &design_.inputs ? "input" : "output", port.name,
                                            port.bits));
        throw InputError(
            fmt::format("{}: module '{}' ({}): {}", request_.name, request_.sources.top, fmt::join(names, ", "), what));
    }

    template <typename Matches>
    std::string find(const std::optional<std::string>& given, const char* flag, int bits, const Matches& matches) {
        std::vector<std::string> found;
        for (const Port& port : design_.inputs) {
            const bool is_operand = port.name == request_.a_port || port.name == request_.b_port;
            const bool is_wanted = given ? port.name == *given : !is_operand && matches(bare_name(port.name));
            if (is_wanted && !taken_.contains(port.name) && (bits == 0 || port.bits == bits || given)) {
                if (bits != 0 && port.bits != bits) fail(fmt::format("{} {} has more than one bit", flag, port.name));
                found.push_back(port.name);
            }
        }
        if (given && found.empty()) fail(fmt::format("there is no input '{}' for {}", *given, flag));
        if (found.size() > 1) fail(fmt::format("{} could be {}; say which", flag, fmt::join(found, " or ")));
        if (found.empty()) return "";
        taken_.insert(found[0]);
        return found[0];
    }

    std::string output() const {
        std::vector<std::string> found;
        for (const Port& port : design_.outputs)
            if (request_.y_port ? port.name == *request_.y_port
                                : design_.outputs.size() == 1 || kOutputs.contains(bare_name(port.name)))
                found.push_back(port.name);
        if (found.size() == 1) return found[0];
        fail(found.empty() ? "no output is known to be the accumulator; name it with --y"
                           : fmt::format("--y could be {}; say which", fmt::join(found, " or ")));
    }

    const Request& request_;
    const Design& design_;
    std::set<std::string> taken_;
};

const Port& port_of(const std::vector<Port>& ports, const std::string& name) {
    return *std::find_if(ports.begin(), ports.end(), [&](const Port& port) { return port.name == name; });
}

/// The netlist as ABC makes it smaller, or as it is.
sim::Netlist optimized(const sim::Netlist& netlist) {
    const TemporaryFolder folder;
    std::vector<std::string> inputs, outputs;
    for (size_t i = 0; i < netlist.inputs; ++i) inputs.push_back(fmt::format("i{}", i));
    for (size_t i = 0; i < netlist.outputs.size(); ++i) outputs.push_back(fmt::format("o{}", i));
    write_file(folder.path() / "in.blif", to_blif(netlist, "step", inputs, outputs));
    run_abc("read_blif in.blif\nstrash\nifraig\ndc2\ndch -f\nif -K 3 -a\nmfs2\nwrite_blif out.blif\n", folder.path(),
            {});
    std::error_code missing;
    if (!std::filesystem::exists(folder.path() / "out.blif", missing)) return netlist;
    const BlifModel model = read_blif(read_file(folder.path() / "out.blif"), "yosys-abc").at(0);
    sim::Netlist smaller = netlist_from_blif(model, inputs, outputs, "yosys-abc");
    return smaller.nodes.size() < netlist.nodes.size() ? smaller : netlist;
}

/// The step on many lanes.
class Stepper {
  public:
    explicit Stepper(const Operator& op) : op_(op), program_(*op.netlist) {}

    /// acc after the step of every lane.
    Words operator()(const Words& a, const Words& b, const Words& acc) const {
        const size_t words = (a.size() + 63) / 64;
        Words planes(program_.inputs() * words), next(program_.outputs() * words), result(a.size());
        size_t at = 0;
        for (const auto& [codes, bits] : {std::pair{&a, op_.a.bits}, {&b, op_.b.bits}, {&acc, op_.y.bits}}) {
            const size_t size = static_cast<size_t>(bits) * words;
            sim::codes_to_planes(*codes, bits, words, std::span(planes).subspan(at, size));
            at += size;
        }
        program_.evaluate(words, planes, next);
        sim::planes_to_codes(next, op_.y.bits, words, result);
        return result;
    }

  private:
    const Operator& op_;
    sim::NetlistProgram program_;
};

class Values {
  public:
    explicit Values(uint64_t seed) : random_(seed) {}
    /// Any code, at times one at which circuits go wrong: 0, 1, all ones, and around the sign bit.
    uint64_t code(int bits) {
        const uint64_t sign = uint64_t{1} << (bits - 1), ones = sim::encode(-1, bits);
        const uint64_t corners[] = {0, 1 & ones, ones, sign, sign - 1, (sign + 1) & ones};
        const uint64_t drawn = random_();
        return drawn % 8 == 0 ? corners[(drawn >> 3) % 6] : random_() & ones;
    }
    uint64_t below(uint64_t count) { return random_() % count; }

  private:
    std::mt19937_64 random_;
};

/// Compares sequences in the Verilated unit with the model, both for unknown values 0 and 1.
class Comparison {
  public:
    explicit Comparison(const Operator& op) : op_(op), program_(op), step_(op) {}

    /// Products compared.
    uint64_t compare(const std::vector<MacSequence>& sequences) {
        const std::vector<std::vector<uint64_t>> expected = expected_of(sequences);
        for (const bool ones : {false, true}) {
            const std::vector<MacAnswer> answers = program_.run(sequences, ones).answers;
            for (size_t i = 0; i < sequences.size(); ++i) check(sequences[i], answers[i], expected[i]);
        }
        uint64_t products = 0;
        for (const MacSequence& s : sequences) products += s.a.size();
        return products;
    }

  private:
    /// Lanes are sequences: step k of all of them together.
    std::vector<std::vector<uint64_t>> expected_of(const std::vector<MacSequence>& sequences) const {
        std::vector<std::vector<uint64_t>> expected;
        size_t longest = 0;
        for (const MacSequence& s : sequences) {
            const bool loads = !op_.mac->init.empty();
            expected.push_back({loads ? s.init : sim::encode(op_.mac->clear_value, op_.y.bits)});
            longest = std::max(longest, s.a.size());
        }
        for (size_t k = 0; k < longest; ++k) {
            std::vector<size_t> lanes;
            Words a, b, acc;
            for (size_t i = 0; i < sequences.size(); ++i) {
                if (sequences[i].a.size() <= k) continue;
                lanes.push_back(i);
                a.push_back(sequences[i].a[k]);
                b.push_back(sequences[i].b[k]);
                acc.push_back(expected[i].back());
            }
            const Words next = step_(a, b, acc);
            for (size_t lane = 0; lane < lanes.size(); ++lane) expected[lanes[lane]].push_back(next[lane]);
        }
        return expected;
    }

    void check(const MacSequence& s, const MacAnswer& answer, const std::vector<uint64_t>& expected) const {
        for (size_t k = 0; k < expected.size(); ++k) {
            if (answer.acc[k] == expected[k]) continue;
            if (k == 0)
                throw InputError(fmt::format("{}: after {} the Verilog shows {:#x}, expected {:#x}", op_.name,
                                             op_.mac->clear, answer.acc[0], expected[0]));
            throw InputError(fmt::format(
                "{}: the Verilog and the function extracted from it differ at {}={:#x} {}={:#x}, accumulator {:#x}: "
                "{:#x} or {:#x}; the unit does not take one product a clock from clear on",
                op_.name, op_.a.name, s.a[k - 1], op_.b.name, s.b[k - 1], expected[k - 1], answer.acc[k], expected[k]));
        }
        if (op_.mac->enable.empty()) return;
        for (size_t gap = 0; gap < s.gaps.size(); ++gap)
            if (answer.gaps[gap] != expected[s.gaps[gap]])
                throw InputError(fmt::format("{}: the accumulator {:#x} becomes {:#x} in a clock without '{}'",
                                             op_.name, expected[s.gaps[gap]], answer.gaps[gap], op_.mac->enable));
        if (answer.held != expected.back())
            throw InputError(fmt::format("{}: the accumulator does not hold {:#x} without '{}'", op_.name,
                                         expected.back(), op_.mac->enable));
    }

    const Operator& op_;
    MacProgram program_;
    Stepper step_;
};

std::vector<MacSequence> random_sequences(const Operator& op, Values& values) {
    std::vector<MacSequence> sequences;
    const bool may_pause = op.mac->latency == 1 && !op.mac->enable.empty();
    for (size_t products = 0; products < kProducts;) {
        MacSequence s;
        s.init = values.code(op.y.bits);
        const size_t count = values.below(kLongest + 1);
        for (size_t k = 0; k < count; ++k) {
            s.a.push_back(values.code(op.a.bits));
            s.b.push_back(values.code(op.b.bits));
            if (may_pause && values.below(8) == 0) s.gaps.push_back(k);
        }
        products += count;
        sequences.push_back(std::move(s));
    }
    return sequences;
}

void establish(Operator& op, uint64_t seed) {
    Comparison comparison(op);
    Values values(seed);
    op.equivalence.vectors = comparison.compare(random_sequences(op, values));
    op.equivalence.seed = seed;
    const int bits = sim::netlist_input_bits(op);
    if (bits > kExhaustiveBits || op.mac->init.empty()) return;
    constexpr uint64_t chunk = uint64_t{1} << 19;
    for (uint64_t first = 0; first < uint64_t{1} << bits; first += chunk) {
        std::vector<MacSequence> sequences;
        for (uint64_t i = first; i < std::min(first + chunk, uint64_t{1} << bits); ++i) {
            const uint64_t a = i >> (op.b.bits + op.y.bits), b = i >> op.y.bits & sim::encode(-1, op.b.bits);
            sequences.push_back({i & sim::encode(-1, op.y.bits), {a}, {b}, {}});
        }
        op.equivalence.vectors += comparison.compare(sequences);
    }
    op.equivalence.exhaustive = true;
}

/// Error figures of one step on a seeded sample of (acc, a, b), read as a multiplier that gives the difference.
sim::Metrics step_metrics(const Operator& op, uint64_t seed) {
    std::mt19937_64 random(seed);
    Words a(kProducts), b(kProducts), acc(kProducts);
    for (size_t i = 0; i < kProducts; ++i) {
        a[i] = random() & sim::encode(-1, op.a.bits);
        b[i] = random() & sim::encode(-1, op.b.bits);
        acc[i] = random() & sim::encode(-1, op.y.bits);
    }
    const Words next = Stepper(op)(a, b, acc);
    Operator product = op;
    product.kind = sim::OperatorKind::multiplier;
    product.netlist.reset();
    product.y = {op.y.name, 64, true};
    MetricsAccumulator metrics(product);
    for (size_t i = 0; i < kProducts; ++i) {
        const auto exact = static_cast<uint64_t>(sim::decode(a[i], op.a.bits, op.a.is_signed)) *
                           static_cast<uint64_t>(sim::decode(b[i], op.b.bits, op.b.is_signed));
        const int64_t error = sim::decode(next[i] - acc[i] - exact, op.y.bits, true);
        metrics.add(a[i], b[i], exact + static_cast<uint64_t>(error));
    }
    sim::Metrics result = metrics.result();
    result.mae_percent = std::ldexp(result.mae_percent, 64 - op.y.bits);
    result.wce_percent = std::ldexp(result.wce_percent, 64 - op.y.bits);
    return result;
}

/// Chooses how a and b are read, and sets the metrics of that reading.
std::optional<std::string> choose_signs(Operator& op, const Request& request, const Design& design) {
    const auto read_as = [&](bool a_signed, bool b_signed) {
        op.a.is_signed = a_signed;
        op.b.is_signed = b_signed;
        return step_metrics(op, request.seed);
    };
    if (request.is_signed || (design.has_signed_ports && (op.a.is_signed || op.b.is_signed))) {
        op.metrics = request.is_signed ? read_as(*request.is_signed, *request.is_signed)
                                       : read_as(op.a.is_signed, op.b.is_signed);
        return std::nullopt;
    }
    constexpr double clearly = 8;
    const sim::Metrics as_signed = read_as(true, true), as_unsigned = read_as(false, false);
    const bool is_signed = as_signed.mae < as_unsigned.mae;
    const double best = std::min(as_signed.mae, as_unsigned.mae), other = std::max(as_signed.mae, as_unsigned.mae);
    if (best * clearly > other && op.a.bits + op.b.bits > op.y.bits) {
        // A sum that wraps at the product's width is the same either way.
    } else if (best * clearly > other) {
        throw InputError(
            fmt::format("{}: mean absolute error {:g} read as signed, {:g} read as unsigned: say which it "
                        "is with --signed or --unsigned",
                        request.name, as_signed.mae, as_unsigned.mae));
    }
    op.a.is_signed = op.b.is_signed = is_signed;
    op.metrics = is_signed ? as_signed : as_unsigned;
    return fmt::format("{}: operands read as {} (mean absolute error of a step {:g}, against {:g})", request.name,
                       is_signed ? "signed" : "unsigned", best, other);
}

}  // namespace

MacPorts find_mac_ports(const Request& request, const Design& design) {
    return PortFinder(request, design).run();
}

Generated make_mac_unit(const Request& request) {
    if (const auto problem = sim::name_problem(request.name)) throw InputError("operator: " + *problem);
    const Design design = elaborate(request.sources, CircuitKind::clocked);
    const MacPorts ports = find_mac_ports(request, design);
    Generated made;
    Operator& op = made.op;
    op.name = request.name;
    op.kind = sim::OperatorKind::mac;
    op.sources = request.sources;
    op.sources_sha256 = sources_hash(request.sources);
    op.tools = generator_tools();
    op.a = port_of(design.inputs, ports.a);
    op.b = port_of(design.inputs, ports.b);
    op.y = port_of(design.outputs, ports.y);
    op.y.is_signed = true;
    if (op.a.bits + op.b.bits > 63 || op.y.bits < 2)
        throw InputError(
            fmt::format("{}: operands of {} and {} bits and an accumulator of {}, expected at most 63 bits "
                        "together, and at least 2",
                        op.name, op.a.bits, op.b.bits, op.y.bits));
    if (!ports.init.empty() && port_of(design.inputs, ports.init).bits != op.y.bits)
        throw InputError(fmt::format("{}: '{}' has {} bits, expected the {} of '{}'", op.name, ports.init,
                                     port_of(design.inputs, ports.init).bits, op.y.bits, op.y.name));
    std::vector<Port> inputs;
    for (const Port& port : design.inputs)
        if (port.name != ports.clock) inputs.push_back(port);
    const ClockedCircuit circuit = synthesize_clocked(request.sources, inputs, design.outputs, ports.clock);
    const MacModel model = extract_mac(circuit, ports, request.name);
    if (request.latency && *request.latency != model.latency)
        throw InputError(fmt::format("{}: --latency {} was given, but products reach '{}' after {} clock{}", op.name,
                                     *request.latency, op.y.name, model.latency, model.latency == 1 ? "" : "s"));
    if (model.clear_overlap != 0)
        throw InputError(
            fmt::format("{}: '{}' acts {} clock{} sooner than operands given together with it; delay it as "
                        "the operands are",
                        op.name, ports.clear, model.clear_overlap, model.clear_overlap == 1 ? "" : "s"));
    op.mac = sim::MacInterface{ports.clock,     ports.clear,   ports.enable,     ports.init,
                               ports.clear_low, model.latency, model.clear_value};
    op.netlist = optimized(model.step);
    if (const auto note = choose_signs(op, request, design)) made.notes.push_back(*note);
    op.swept_pairs = kProducts;
    op.sample_seed = request.seed;
    establish(op, request.seed);
    return made;
}

}  // namespace concrete::gen
