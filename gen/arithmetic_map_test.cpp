#include "gen/arithmetic_map.h"

#include <fmt/format.h>
#include <functional>
#include <gtest/gtest.h>
#include <tuple>

#include "gen/synthesis.h"
#include "gen/testing.h"

namespace concrete::gen {
namespace {

/// Products, sums and differences of all signs, and widths from one bit to more than the product has, on all pairs of
/// operands. One circuit holds them all.
TEST(ArithmeticMap, ComputesWhatVerilogSays) {
    struct Term {
        std::function<int64_t(int64_t, int64_t)> value;
        int a_bits, b_bits, y_bits;
        bool is_signed;
    };
    const std::vector<std::pair<std::string, std::function<int64_t(int64_t, int64_t)>>> operations{
        {"*", [](int64_t x, int64_t y) { return x * y; }},
        {"+", [](int64_t x, int64_t y) { return x + y; }},
        {"-", [](int64_t x, int64_t y) { return x - y; }},
        {"<", [](int64_t x, int64_t y) { return int64_t{x < y}; }}};
    std::string text = "module t(input [3:0] a, input [3:0] b, output [{}:0] y);\n";
    std::vector<Term> terms;
    std::string outputs;
    for (const bool is_signed : {false, true}) {
        for (const int a_bits : {1, 3, 4}) {
            for (const int b_bits : {1, 2, 4}) {
                for (const auto& [sign, value] : operations) {
                    const int y_bits = sign == "<" ? 1 : static_cast<int>(3 + terms.size() % 7);
                    const char* kind = is_signed ? "signed " : "";
                    const size_t n = terms.size();
                    text +=
                        fmt::format("wire {}[{}:0] a{} = a; wire {}[{}:0] b{} = b; wire {}[{}:0] y{} = a{} {} b{};\n",
                                    kind, a_bits - 1, n, kind, b_bits - 1, n, kind, y_bits - 1, n, n, sign, n);
                    outputs = fmt::format("y{}{}{}", n, outputs.empty() ? "" : ", ", outputs);
                    terms.push_back({value, a_bits, b_bits, y_bits, is_signed});
                }
            }
        }
    }
    // Operands that repeat their top bit, as a signed product is written in unsigned Verilog: both, or only one of
    // them.
    for (const auto& [a, b, a_signed, b_signed] :
         std::vector<std::tuple<const char*, const char*, bool, bool>>{{"{{4{a[3]}}, a}", "{{4{b[3]}}, b}", true, true},
                                                                       {"{{4{a[3]}}, a}", "{4'b0, b}", true, false},
                                                                       {"{4'b0, a}", "{{4{b[3]}}, b}", false, true}}) {
        const size_t n = terms.size();
        text += fmt::format("wire [7:0] a{0} = {1}; wire [7:0] b{0} = {2}; wire [7:0] y{0} = a{0} * b{0};\n", n, a, b);
        outputs = fmt::format("y{}, {}", n, outputs);
        terms.push_back({[a_is = a_signed, b_is = b_signed](int64_t x, int64_t y) {
                             return (a_is && x >= 8 ? x - 16 : x) * (b_is && y >= 8 ? y - 16 : y);
                         },
                         4, 4, 8, false});
    }
    int bits = 0;
    for (const Term& term : terms) bits += term.y_bits;
    text.replace(text.find("{}"), 2, std::to_string(bits - 1));
    text += "assign y = {" + outputs + "};\nendmodule\n";
    const sim::Netlist netlist = synthesize(testing::operator_of("t", text, 4, 4, bits)).netlist;

    for (uint64_t a = 0; a < 16; ++a) {
        for (uint64_t b = 0; b < 16; ++b) {
            std::vector<uint64_t> inputs;
            for (int i = 0; i < 4; ++i) inputs.push_back(a >> i & 1);
            for (int i = 0; i < 4; ++i) inputs.push_back(b >> i & 1);
            const std::vector<uint64_t> y = sim::evaluate64(netlist, inputs);
            size_t at = 0;
            for (size_t n = 0; n < terms.size(); ++n) {
                const Term& term = terms[n];
                const uint64_t wanted = sim::encode(term.value(sim::decode(a, term.a_bits, term.is_signed),
                                                               sim::decode(b, term.b_bits, term.is_signed)),
                                                    term.y_bits);
                uint64_t found = 0;
                for (int i = 0; i < term.y_bits; ++i) found |= (y[at++] & 1) << i;
                ASSERT_EQ(found, wanted) << "y" << n << " of\n" << text << "\na = " << a << ", b = " << b;
            }
        }
    }
}

}  // namespace
}  // namespace concrete::gen
