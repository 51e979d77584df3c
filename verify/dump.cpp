#include "verify/dump.h"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gen/sources.h"
#include "sim/error.h"
#include "sim/file.h"
#include "verify/hardware.h"
#include "verify/stimulus.h"

namespace concrete::verify {

namespace fs = std::filesystem;

namespace {

/// The test bench after its head of localparams and the instance `dut`. A word of `neurons` is, from the top:
/// init 64, correction 64, m 32, n 32, zero_point 32, lowest 32, highest 32, count 32, corrected 64, q 32 bits; a word
/// of `macs` is b 32, a 32, acc 64 bits.
constexpr const char* kBenchBody = R"v(
  reg [127:0] macs[0:MACS-1];
  reg [415:0] neurons[0:NEURONS-1];
  reg [415:0] head;
  reg [127:0] mac_word;
  integer i, k, at, count, failures;

  task expect_equal(input [63:0] got, input [63:0] expected, input integer mac);
    if (got !== expected) begin
      failures = failures + 1;
      if (failures <= 10) begin
        if (mac >= 0) $display("neuron %0d, MAC %0d: got %h, expected %h", i, mac, got, expected);
        else if (mac == -1) $display("neuron %0d, after clear: got %h, expected %h", i, got, expected);
        else if (mac == -2) $display("neuron %0d, corrected: got %h, expected %h", i, got, expected);
        else $display("neuron %0d, requantised: got %h, expected %h", i, got, expected);
      end
    end
  endtask

  task clock;
    begin
      #1 clk = 1'b1;
      #1 clk = 1'b0;
    end
  endtask

  initial begin
    $readmemh("neurons.mem", neurons);
    $readmemh("macs.mem", macs);
    clk = 1'b0;
    at = 0;
    failures = 0;
    for (i = 0; i < NEURONS; i = i + 1) begin
      head = neurons[i];
      init = head[352+:W];
      correction = head[288+:64];
      m = head[256+:31];
      n = head[224+:6];
      zero_point = head[192+:Q_BITS];
      lowest = head[160+:Q_BITS];
      highest = head[128+:Q_BITS];
      count = head[96+:32];
      clear = 1'b1;
      enable = 1'b1;
      mac_word = macs[at];
      a = mac_word[64+:A_BITS];
      b = mac_word[96+:B_BITS];
      clock;
      expect_equal(acc, init, -1);
      clear = 1'b0;
      for (k = 0; k < count; k = k + 1) begin
        mac_word = macs[at];
        a = mac_word[64+:A_BITS];
        b = mac_word[96+:B_BITS];
        clock;
        expect_equal(acc, mac_word[63:0], k);
        at = at + 1;
      end
      enable = 1'b0;
      clock;
      expect_equal(corrected, head[32+:64], -2);
      if (REQUANTISES != 0) expect_equal(q, {32'b0, head[31:0]}, -3);
    end
    if (failures == 0) $display("PASS: %0d neurons, %0d MACs", NEURONS, at);
    else $display("FAIL: %0d differences in %0d neurons, %0d MACs", failures, NEURONS, at);
    $finish;
  end
endmodule
)v";

constexpr const char* kPorts = R"v(
  reg clk, clear, enable;
  reg [W-1:0] init;
  reg [A_BITS-1:0] a;
  reg [B_BITS-1:0] b;
  reg [63:0] correction;
  reg [30:0] m;
  reg [5:0] n;
  reg [Q_BITS-1:0] zero_point, lowest, highest;
  wire [W-1:0] acc, corrected;
  wire [Q_BITS-1:0] q;
)v";

constexpr const char* kInstance = R"v(  neuron #(
      .A_BITS(A_BITS),
      .B_BITS(B_BITS),
      .Y_BITS(Y_BITS),
      .Y_SIGNED(Y_SIGNED),
      .Y_LSB(Y_LSB),
      .W(W),
      .SATURATE(SATURATE),
      .Q_BITS(Q_BITS)
  ) dut (
      .clk(clk),
      .clear(clear),
      .enable(enable),
      .init(init),
      .a(a),
      .b(b),
      .acc(acc),
      .correction(correction),
      .corrected(corrected),
      .m(m),
      .n(n),
      .zero_point(zero_point),
      .lowest(lowest),
      .highest(highest),
      .q(q)
  );
)v";

/// Vectors of one layer.
struct Vectors {
    std::string neurons, macs;
    size_t mac_count = 0;
};

Vectors vectors_of(std::span<const NeuronCase> cases) {
    Vectors v;
    for (const NeuronCase& neuron : cases) {
        const int bits = neuron.layer->acc.bits;
        const NeuronStimulus s = stimulus_of(neuron);
        const sim::Requantizer& r = s.requantizer;
        const auto code = [](int64_t value) { return sim::encode(value, kCodeBits); };
        v.neurons +=
            fmt::format("{:016x}{:016x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:016x}{:08x} // {}\n", s.init, s.correction,
                        r.multiplier, r.shift, code(r.zero_point), code(r.lowest), code(r.highest), s.a.size(),
                        sim::encode(neuron.engine_acc, bits), code(neuron.engine_code.value_or(0)), neuron.place());
        const std::vector<int64_t> acc = expected_accumulators(neuron);
        for (size_t k = 0; k < s.a.size(); ++k)
            v.macs += fmt::format("{:08x}{:08x}{:016x}\n", s.b[k], s.a[k], sim::encode(acc[k + 1], bits));
        v.mac_count += s.a.size();
    }
    if (v.mac_count == 0) v.macs = fmt::format("{:032x}\n", 0);  // a memory has at least one word
    return v;
}

std::string test_bench(const sim::Sources& sources, const sim::MacLayer& layer, size_t neurons, size_t macs) {
    std::string text = fmt::format(
        "// Replays {} neurons of layer {} in the module neuron: {}.\n// Written by `concrete verify --dump`.\n"
        "`timescale 1ns / 1ns\nmodule testbench;\n",
        neurons, layer.name, hardware_of(layer).label());
    for (const auto& [name, value] : sources.parameters) text += fmt::format("  localparam {} = {};\n", name, value);
    text += fmt::format("  localparam NEURONS = {};\n  localparam MACS = {};\n  localparam REQUANTISES = {};\n",
                        neurons, std::max<size_t>(macs, 1), layer.requantizers.empty() ? 0 : 1);
    return text + kPorts + kInstance + kBenchBody;
}

/// The macros as the first file: +define+ would end a value at its "+", and give NAME alone the value 1.
std::string defines_text(const sim::Sources& sources) {
    std::string text = "// Macros of the files that follow.\n";
    for (const std::string& define : sources.defines) {
        const size_t equals = define.find('=');
        text += "`define " + define.substr(0, equals);
        text += equals == std::string::npos ? "\n" : " " + define.substr(equals + 1) + "\n";
    }
    return text;
}

void dump_layer(std::span<const NeuronCase> cases, const fs::path& rtl, const fs::path& folder) {
    const sim::MacLayer& layer = *cases.front().layer;
    if (layer.products->is_mac_unit())
        throw InputError(
            fmt::format("--dump: layer '{}' runs on the MAC unit {}, for which no test bench is written; "
                        "verify it without --dump",
                        layer.name, layer.products->multiplier().name));
    const sim::Sources sources = neuron_sources(hardware_of(layer), rtl);
    std::string list = "+incdir+.\ndefines.v\n";
    for (const std::string& file : gen::write_sources(sources, folder)) list += file + "\n";
    const Vectors vectors = vectors_of(cases);
    write_file(folder / "defines.v", defines_text(sources));
    write_file(folder / "files.f", list + "testbench.v\n");
    write_file(folder / "neurons.mem", vectors.neurons);
    write_file(folder / "macs.mem", vectors.macs);
    write_file(folder / "testbench.v", test_bench(sources, layer, cases.size(), vectors.mac_count));
}

/// A layer's name as a folder's.
std::string folder_name(size_t index, const std::string& name) {
    std::string text = fmt::format("{}_{}", index, name);
    for (char& c : text)
        if (!std::isalnum(static_cast<unsigned char>(c)) && c != '-') c = '_';
    return text;
}

/// A new folder beside `target`, removed with the folders above it that were made for it, unless it was moved there.
class PartialFolder {
  public:
    explicit PartialFolder(const fs::path& target) : target_(target) {
        try {
            make_parents(target_.parent_path());
            make_exclusively();
        } catch (...) {
            remove();
            throw;
        }
    }
    PartialFolder(const PartialFolder&) = delete;
    PartialFolder& operator=(const PartialFolder&) = delete;
    ~PartialFolder() { remove(); }

    const fs::path& path() const { return path_; }

    void move_to_target() {
        fs::rename(path_, target_);
        path_.clear();
        parents_.clear();
    }

  private:
    void make_parents(const fs::path& folder) {
        if (fs::exists(folder)) return;
        make_parents(folder.parent_path());
        if (fs::create_directory(folder)) parents_.push_back(folder);
    }

    /// mkdir() fails where anything has the name, so that what is written to and removed is ours.
    void make_exclusively() {
        for (int i = 0;; ++i) {
            const fs::path path =
                target_.parent_path() / fmt::format(".{}.partial-{}-{}", target_.filename().string(), getpid(), i);
            if (mkdir(path.c_str(), 0777) == 0) {
                path_ = path;
                return;
            }
            if (errno != EEXIST) throw fs::filesystem_error("mkdir", path, {errno, std::generic_category()});
        }
    }

    void remove() {
        std::error_code ignored;
        if (!path_.empty()) fs::remove_all(path_, ignored);
        for (auto parent = parents_.rbegin(); parent != parents_.rend(); ++parent) fs::remove(*parent, ignored);
    }

    fs::path target_, path_;
    std::vector<fs::path> parents_;
};

/// The path that a folder has or will have: absolute, without "." and a "/" at its end, symbolic links resolved.
fs::path target_path(const fs::path& folder) {
    fs::path path = fs::weakly_canonical(fs::absolute(folder));
    return path.has_filename() ? path : path.parent_path();
}

}  // namespace

std::vector<fs::path> dump_vectors(std::span<const NeuronCase> cases, const fs::path& rtl, const fs::path& folder) {
    std::error_code error;
    if (fs::exists(folder, error) && !(fs::is_directory(folder, error) && fs::is_empty(folder, error))) {
        throw InputError(fmt::format("--dump {}: exists already; expected a new or an empty folder", folder.string()));
    }
    try {
        PartialFolder partial(target_path(folder));
        std::vector<fs::path> names;
        for (size_t begin = 0; begin < cases.size();) {
            size_t end = begin;
            while (end < cases.size() && cases[end].layer == cases[begin].layer) ++end;
            names.emplace_back(folder_name(names.size(), cases[begin].layer->name));
            dump_layer(cases.subspan(begin, end - begin), rtl, partial.path() / names.back());
            begin = end;
        }
        partial.move_to_target();
        for (fs::path& name : names) name = folder / name;
        return names;
    } catch (const fs::filesystem_error& failure) {
        throw InputError(fmt::format("--dump {}: {}", folder.string(), failure.code().message()));
    }
}

}  // namespace concrete::verify
