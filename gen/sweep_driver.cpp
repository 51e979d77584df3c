#include "gen/sweep_driver.h"

#include <fmt/format.h>

#include "gen/sources.h"
#include "sim/error.h"
#include "sim/sources_check.h"

namespace concrete::gen::detail {
namespace {

/// No comment in it that a reader of generated code would miss: the reasons are in sweep.h and here. Each model first
/// evaluates the complement of its first pair, because `always @(a or b)` runs on changes only.
constexpr const char* kDriver = R"code(
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

    struct Circuit {
        virtual ~Circuit() = default;
        virtual uint64_t evaluate(uint64_t a, uint64_t b) = 0;
    };

    template <typename Top>
    class Verilated_circuit : public Circuit {
      public:
        explicit Verilated_circuit(int unknown) {
            context_.randReset(unknown);
            top_ = std::make_unique<Top>(&context_);
        }
        uint64_t evaluate(uint64_t a, uint64_t b) override {
            Verilated::threadContextp(&context_);  // where literal x values are read from, at the first evaluation
        top_->a = static_cast<std::remove_reference_t<decltype(top_->a)>>(a);
            top_->b = static_cast<std::remove_reference_t<decltype(top_->b)>>(b);
            top_->eval();
            return top_->y;
        }

      private:
        VerilatedContext context_;
        std::unique_ptr<Top> top_;
    };

    template <typename Top>
    std::unique_ptr<Circuit> make(int unknown) {
        return std::make_unique<Verilated_circuit<Top>>(unknown);
    }

    struct Entry {
        std::unique_ptr<Circuit> (*make)(int unknown);
        int a_bits, b_bits, y_bits;
    };

    const Entry entries[] = {
@ENTRIES@};

uint64_t mask(int bits) {
        return ~uint64_t{0} >> (64 - bits);
    }

    struct Pair {
        uint64_t a, b;
    };

    class Run {
      public:
        Run(const Entry& entry, std::FILE* out) : entry_(entry), out_(out), zeros_(entry.make(0)), ones_(entry.make(1)) {}

        void chunk(const std::vector<Pair>& pairs) {
            std::vector<uint64_t> y(pairs.size());
            start(*zeros_, pairs.front());
            for (size_t i = 0; i < pairs.size(); ++i) y[i] = zeros_->evaluate(pairs[i].a, pairs[i].b);
            start(*ones_, pairs.back());
            size_t wrong = pairs.size();
            uint64_t other = 0;
            for (size_t i = pairs.size(); i-- > 0;)
                if (const uint64_t again = ones_->evaluate(pairs[i].a, pairs[i].b); again != y[i]) wrong = i, other = again;
            if (wrong < pairs.size()) {
                std::printf("%llu %llu %llu %llu\n", (unsigned long long)pairs[wrong].a,
                            (unsigned long long)pairs[wrong].b, (unsigned long long)y[wrong],
                            (unsigned long long)other);
                std::exit(3);
            }
            write(y);
        }

      private:
        void start(Circuit& circuit, const Pair& pair) {
            circuit.evaluate(~pair.a & mask(entry_.a_bits), ~pair.b & mask(entry_.b_bits));
        }

        void write(const std::vector<uint64_t>& y) {
            if (entry_.y_bits > 32) return put(y);
            put(std::vector<uint32_t>(y.begin(), y.end()));
        }

        template <typename T>
        void put(const std::vector<T>& values) {
            if (std::fwrite(values.data(), sizeof(T), values.size(), out_) != values.size()) std::exit(4);
        }

        const Entry& entry_;
        std::FILE* out_;
        std::unique_ptr<Circuit> zeros_, ones_;
    };

    int main(int argc, char** argv) {
        constexpr uint64_t chunk_pairs = 65536;
        if (argc < 5) return 1;
        const Entry& entry = entries[std::atoi(argv[1])];
        std::FILE* out = std::fopen(argv[2], "wb");
        if (!out) return 4;
        Run run(entry, out);
        std::vector<Pair> pairs;
        if (std::string(argv[3]) == "range") {
            const uint64_t first = std::strtoull(argv[4], nullptr, 10), count = std::strtoull(argv[5], nullptr, 10);
            for (uint64_t at = first; at < first + count; at += chunk_pairs) {
                pairs.clear();
                for (uint64_t i = at; i < first + count && i < at + chunk_pairs; ++i)
                    pairs.push_back({i >> entry.b_bits, i & mask(entry.b_bits)});
                run.chunk(pairs);
            }
        } else {
            std::FILE* in = std::fopen(argv[4], "rb");
            if (!in) return 4;
            pairs.resize(chunk_pairs);
            for (size_t got; (got = std::fread(pairs.data(), sizeof(Pair), chunk_pairs, in)) > 0;) {
                pairs.resize(got);
                run.chunk(pairs);
                pairs.resize(chunk_pairs);
            }
        }
        return std::fclose(out) == 0 ? 0 : 4;
    }
)code";

/// A name that the wrapped Verilog cannot define itself: it would have to hold its own hash.
std::string wrapper_name(const sim::Sources& sources) {
    return "concrete_operator_" + sources_hash(sources).substr(0, 32);
}

std::string port_range(int bits) {
    return fmt::format("[{}:0]", bits - 1);
}

}  // namespace

Model wrapped_model(const sim::Operator& op, const std::string& prefix) {
    for (const sim::Port* port : {&op.a, &op.b, &op.y})
        if (!sim::is_identifier(port->name))
            throw InputError(fmt::format("{}: port '{}' is no plain Verilog identifier", op.name, port->name));
    std::string parameters;
    for (const auto& [name, value] : op.sources.parameters)
        parameters += fmt::format("{}.{}({})", parameters.empty() ? "" : ", ", name, value);
    const std::string top = wrapper_name(op.sources);
    const std::string text = fmt::format(
        "module {}(input wire {} a, input wire {} b, output wire {} y);\n"
        "  {} #({}) concrete_instance (.{}(a), .{}(b), .{}(y));\nendmodule\n",
        top, port_range(op.a.bits), port_range(op.b.bits), port_range(op.y.bits), op.sources.top, parameters, op.a.name,
        op.b.name, op.y.name);
    Model model{prefix, op.sources};
    model.sources.parameters.clear();
    model.sources.top = top;
    model.sources.files.push_back({top + ".sv", text, false});
    return model;
}

std::string driver_text(std::span<const sim::Operator> operators) {
    std::string entries;
    for (size_t i = 0; i < operators.size(); ++i)
        entries += fmt::format("    {{make<V{}>, {}, {}, {}}},\n", i, operators[i].a.bits, operators[i].b.bits,
                               operators[i].y.bits);
    std::string text = kDriver;
    const std::string mark = "@ENTRIES@";
    return text.replace(text.find(mark), mark.size(), entries);
}

}  // namespace concrete::gen::detail
