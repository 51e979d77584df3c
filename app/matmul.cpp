// concrete matmul: a product of code matrices on an operator, a golden model for other people's test benches.
#include "sim/matmul.h"

#include <algorithm>
#include <charconv>
#include <chrono>

#include "app/backend.h"
#include "app/command.h"
#include "app/progress.h"
#include "app/run_options.h"
#include "cuda/device_matmul.h"
#include "cuda/executors.h"
#include "sim/hdf5.h"
#include "sim/mac_step.h"
#include "sim/planner.h"

namespace concrete::app {

namespace {

using sim::CodeRange;
using sim::Tensor;
using sim::to_string;

constexpr size_t kMaxOutputs = size_t{1} << 28;
constexpr size_t kMacsPerBlock = size_t{1} << 25;  // between two updates of the progress bar
constexpr size_t kLanes = 1 << 13;                 // rows that engines other than gather like to have at a time

/// What --adder says.
struct Adder {
    int or_bits = 0;
    std::shared_ptr<const sim::Operator> op;
};

Adder read_adder(const std::string& text, int acc_bits) {
    if (text == "exact") return {};
    if (!text.starts_with("loa:")) {
        if (!text.ends_with(".h5")) {
            throw UsageError(
                fmt::format("--adder: expected exact, loa:K or an operator file FILE.h5, found '{}'", text));
        }
        return {0, std::make_shared<const sim::Operator>(sim::load_operator(text))};
    }
    int or_bits = -1;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data() + 4, end, or_bits);
    if (error != std::errc() || stop != end || or_bits < 0 || or_bits > acc_bits) {
        throw UsageError(
            fmt::format("--adder: K of loa:K is 0 to {} (--acc-bits), found '{}'", acc_bits, text.substr(4)));
    }
    return {or_bits, nullptr};
}

/// Codes that a port takes: with sign_magnitude it carries magnitudes.
CodeRange port_range(const sim::Port& port, bool sign_magnitude) {
    const int64_t highest = sim::highest_code(port);
    return {sign_magnitude ? -highest : sim::lowest_code(port), highest};
}

/// Smallest range that holds all codes, checked against what the port takes.
CodeRange check_codes(const sim::Hdf5Reader& file, const std::string& item, const Tensor<int32_t>& codes,
                      const sim::Port& port, bool sign_magnitude) {
    const CodeRange allowed = port_range(port, sign_magnitude);
    CodeRange used{codes.data[0], codes.data[0]};
    for (size_t i = 0; i < codes.size(); ++i) {
        const int32_t code = codes.data[i];
        if (!allowed.contains(code)) {
            file.fail(item,
                      fmt::format("the code {} at [{}, {}] is outside {} to {}, what port {} of {} {} bits{} takes",
                                  code, i / codes.shape[1], i % codes.shape[1], allowed.lowest, allowed.highest,
                                  port.name, port.bits, port.is_signed ? "signed" : "unsigned",
                                  sign_magnitude ? " takes by sign and magnitude; it" : ""));
        }
        used.lowest = std::min<int64_t>(used.lowest, code);
        used.highest = std::max<int64_t>(used.highest, code);
    }
    return used;
}

Tensor<int32_t> read_matrix(const sim::Hdf5Reader& file, const std::string& item) {
    Tensor<int32_t> matrix = file.integers32(item);
    if (matrix.shape.size() != 2 || matrix.empty()) {
        file.fail(item,
                  fmt::format("has the shape {}, expected a matrix with rows and columns", to_string(matrix.shape)));
    }
    return matrix;
}

class Matmul : public Command {
  public:
    std::string name() const override { return "matmul"; }
    std::string summary() const override { return "multiply two matrices of codes on an operator, bit for bit"; }
    std::string details() const override {
        return "C[m, n] = bias[n], then for k = 0, 1, ...: C[m, n] = ADD(C[m, n], MUL(A[m, k], W[k, n])) in an "
               "accumulator of "
               "--acc-bits bits. A golden model for test benches.\n"
               "IN.h5 holds integer data sets A [M, K] of activation codes and W [K, N] of weight codes, and "
               "optionally bias "
               "[N] of accumulator codes. OUT.h5 gets C [M, N] as int64.\n"
               "OPERATOR may be a MAC unit: it has a width, an adder and an overflow rule of its own. One without an "
               "init port starts from its clear value, and bias is added after the last MAC, modulo 2^W.";
    }
    std::string example() const override {
        return "$ concrete matmul booth8_m4-P8.h5 --in in.h5 --out out.h5 --adder loa:6\n"
               "booth8_m4-P8: C [128, 64] = A [128, 256] x W [256, 64], 32 bits, wrap, adder loa:6\n"
               "2.10 M MACs in 0.001 s: 3249 M MAC/s, 2 threads, engine logic, backend cpu\n";
    }

    void declare(CLI::App& app) override {
        app.add_option("OPERATOR", operator_,
                       "Operator file of a multiplier or a MAC unit, as `concrete gen` writes it.")
            ->required();
        app.add_option("--in", in_, "HDF5 file with A, W and optionally bias.")->required()->type_name("FILE");
        app.add_option("--out", out_, "HDF5 file to write C to; replaced where it exists.")
            ->required()
            ->type_name("FILE");
        app.add_option(
               "--adder", adder_,
               "How the accumulator adds: exact; loa:K, the lower-part-OR adder with K OR-ed bits (0 to W); or the "
               "operator file of an adder with W-bit ports.")
            ->type_name("exact|loa:K|FILE.h5")
            ->capture_default_str();
        app.add_option("--acc-bits", acc_bits_,
                       "Accumulator width W in bits, 2 to 64. Default: 32; of a MAC unit its own.")
            ->type_name("W")
            ->check(CLI::Range(2, 64));
        app.add_option("--overflow", overflow_, "What happens beyond W bits at every step: wrap or saturate.")
            ->type_name("wrap|saturate")
            ->check(CLI::IsMember({"wrap", "saturate"}))
            ->capture_default_str();
        app.add_flag("--sign-magnitude", sign_magnitude_,
                     "Multiply magnitudes and put the sign back: signed codes on an unsigned multiplier.");
        declare_engine_choice(app, engine_, recalibrate_);
        declare_backend(app, backend_);
        add_threads(app, threads_);
    }

    std::vector<std::filesystem::path> inputs() const override { return {operator_, in_, adder_}; }
    std::vector<std::filesystem::path> outputs() const override { return {out_}; }

    ExitCode run(Context& context) override {
        const Backend backend = choose_backend(backend_);
        const auto multiplier = std::make_shared<const sim::Operator>(sim::load_operator(operator_));
        set_accumulator_width(*multiplier);
        const Adder adder = read_adder(adder_, acc_bits_);
        const sim::AccumulatorSpec acc = accumulator(adder);
        const sim::Hdf5Reader file(in_);
        check_members(file);
        const Tensor<int32_t> a = read_matrix(file, "A"), w = read_matrix(file, "W");
        check_shapes(file, a.shape, w.shape);
        const std::vector<int64_t> bias = read_bias(file, w.shape[1]);
        const CodeRange a_range = check_codes(file, "A", a, multiplier->a, sign_magnitude_);
        const CodeRange w_range = check_codes(file, "W", w, multiplier->b, sign_magnitude_);
        const sim::ProductModel products(multiplier, a_range, w_range, sign_magnitude_);
        sim::check_mac_unit(products, acc);
        Tensor<int64_t> c({a.shape[0], w.shape[1]});
        const sim::MatmulArgs args{.m = a.shape[0],
                                   .k = a.shape[1],
                                   .n = w.shape[1],
                                   .a = a.data.data(),
                                   .w = w.data.data(),
                                   .init = bias.data(),
                                   .init_per_row = false,
                                   .products = &products,
                                   .acc = acc,
                                   .out = c.data.data()};
        if (recalibrate_) sim::machine_rates(true);
        const double time_s = backend.on_gpu() ? multiply_on_gpu(args) : multiply_on_cpu(args);
        write(c, *multiplier, adder);
        report(context, args, *multiplier, adder, backend, time_s);
        return ExitCode::done;
    }

  private:
    void set_accumulator_width(const sim::Operator& op) {
        constexpr int usual = 32;
        if (acc_bits_ == 0) acc_bits_ = op.kind == sim::OperatorKind::mac ? op.y.bits : usual;
    }

    sim::AccumulatorSpec accumulator(const Adder& adder) const {
        const auto overflow = overflow_ == "wrap" ? sim::Overflow::wrap : sim::Overflow::saturate;
        if (adder.op) return sim::make_accumulator(acc_bits_, overflow, adder.op);
        return {acc_bits_, overflow, adder.or_bits, nullptr};
    }

    /// A misspelt `bias` would else be left out in silence.
    static void check_members(const sim::Hdf5Reader& file) {
        for (const std::string& member : file.members("/")) {
            if (member == "A" || member == "W" || member == "bias") continue;
            file.fail(member, "is not expected here; the data sets are A, W and, if wanted, bias");
        }
    }

    static void check_shapes(const sim::Hdf5Reader& file, const sim::Shape& a, const sim::Shape& w) {
        if (a[1] != w[0]) {
            file.fail("/", fmt::format("A is {} but W is {}; A's columns ({}) must equal W's rows ({})", to_string(a),
                                       to_string(w), a[1], w[0]));
        }
        if (a[0] > kMaxOutputs / w[1]) {
            file.fail("/", fmt::format("C would be {}, beyond {} elements; split A", to_string(sim::Shape{a[0], w[1]}),
                                       kMaxOutputs));
        }
    }

    std::vector<int64_t> read_bias(const sim::Hdf5Reader& file, size_t n) const {
        if (!file.has("bias")) return std::vector<int64_t>(n, 0);
        Tensor<int64_t> bias = file.integers64("bias");
        if (bias.shape != sim::Shape{n}) {
            file.fail("bias",
                      fmt::format("has the shape {}, expected [{}], one code a column of W", to_string(bias.shape), n));
        }
        const CodeRange range{sim::lowest_accumulator(acc_bits_), sim::highest_accumulator(acc_bits_)};
        for (size_t i = 0; i < n; ++i) {
            if (range.contains(bias.data[i])) continue;
            file.fail("bias", fmt::format("the code {} at [{}] is outside {} to {}, an accumulator of {} bits",
                                          bias.data[i], i, range.lowest, range.highest, acc_bits_));
        }
        return bias.data;
    }

    /// Seconds it took, made ready. Rows go in blocks, so that the progress bar moves.
    double multiply_on_cpu(const sim::MatmulArgs& args) {
        const sim::MatmulTask task(args);
        const sim::PreparedProduct prepared = sim::prepare_planned(task.task, args.m, sim::engine_named(engine_));
        engine_ = to_string(prepared.engine);
        const size_t macs_per_row = std::max<size_t>(1, args.k * args.n);
        const size_t fewest = prepared.engine == sim::Engine::gather ? static_cast<size_t>(threads_) : kLanes;
        const size_t rows = std::max(fewest, kMacsPerBlock / macs_per_row);
        return multiply(args, rows, [&](const sim::MatmulArgs& block) { sim::matmul(block, prepared, threads_); });
    }

    double multiply_on_gpu(const sim::MatmulArgs& args) {
        const auto executors = cuda::make_executors();
        cuda::DeviceMatmul on_device(*executors[0], args, cuda::product_maker(sim::engine_named(engine_)));
        engine_ = to_string(on_device.product().engine());
        return multiply(args, on_device.rows(),
                        [&](const sim::MatmulArgs& block) { on_device.run(block.a, block.m, block.out); });
    }

    template <typename MultiplyBlock>
    static double multiply(const sim::MatmulArgs& args, size_t rows, const MultiplyBlock& multiply_block) {
        const auto start = std::chrono::steady_clock::now();
        Progress progress("matmul rows", args.m);
        for (size_t first = 0; first < args.m; first += rows) {
            sim::MatmulArgs block = args;
            block.m = std::min(rows, args.m - first);
            block.a += first * args.k;
            block.out += first * args.n;
            multiply_block(block);
            progress.update(first + block.m);
        }
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    }

    void write(const Tensor<int64_t>& c, const sim::Operator& multiplier, const Adder& adder) const {
        sim::Hdf5Writer file(out_);
        file.write("C", c.shape, c.data.data());
        file.attribute("/", "operator", multiplier.name);
        file.attribute("/", "operator_sha256", content_hash(multiplier));
        file.attribute("/", "adder", adder_label(multiplier, adder));
        file.attribute("/", "acc_bits", int64_t{acc_bits_});
        file.attribute("/", "overflow", overflow_);
        file.attribute("/", "sign_magnitude", int64_t{sign_magnitude_});
        file.commit();
    }

    static std::string adder_label(const sim::Operator& multiplier, const Adder& adder) {
        if (multiplier.kind == sim::OperatorKind::mac) return "its own";
        if (adder.op) return adder.op->name;
        return adder.or_bits == 0 ? "exact" : fmt::format("loa:{}", adder.or_bits);
    }

    void report(Context& context, const sim::MatmulArgs& args, const sim::Operator& multiplier, const Adder& adder,
                const Backend& backend, double time_s) const {
        const double macs = static_cast<double>(args.m) * static_cast<double>(args.k) * static_cast<double>(args.n);
        Json& result = context.result;
        result["operator"] = {{"name", multiplier.name}, {"sha256", content_hash(multiplier)}};
        result["m"] = args.m;
        result["k"] = args.k;
        result["n"] = args.n;
        result["adder"] = adder_label(multiplier, adder);
        if (adder.op) result["adder_sha256"] = content_hash(*adder.op);
        result["acc_bits"] = acc_bits_;
        result["overflow"] = overflow_;
        result["sign_magnitude"] = sign_magnitude_;
        result["engine"] = engine_;
        fill_backend(result, backend);
        result["threads"] = threads_;
        result["macs"] = macs;
        result["time_s"] = time_s;
        result["macs_per_s"] = macs / time_s;
        result["output"] = out_;
        context.print("{}: C [{}, {}] = A [{}, {}] x W [{}, {}], {} bits, {}, adder {}\n", multiplier.name, args.m,
                      args.n, args.m, args.k, args.k, args.n, acc_bits_, overflow_, adder_label(multiplier, adder));
        context.print("{:.2f} M MACs in {:.3f} s: {:.0f} M MAC/s, {} threads, engine {}, backend {}\n", macs / 1e6,
                      time_s, macs / time_s / 1e6, threads_, engine_, backend.name);
    }

    std::string operator_, in_, out_, adder_ = "exact", overflow_ = "wrap", engine_ = "auto", backend_ = "auto";
    int acc_bits_ = 0, threads_ = 1;  // no width: the usual one
    bool sign_magnitude_ = false, recalibrate_ = false;
};

}  // namespace

std::unique_ptr<Command> make_matmul() {
    return std::make_unique<Matmul>();
}

}  // namespace concrete::app
