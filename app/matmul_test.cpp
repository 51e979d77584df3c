// concrete matmul against a computation of its own, on tables that betray mistakes.
#include <algorithm>
#include <cstdlib>
#include <gmock/gmock.h>
#include <random>

#include "app/testing.h"
#include "sim/hdf5.h"
#include "sim/operator.h"

namespace concrete::app {
namespace {

using sim::Operator;
using ::testing::HasSubstr;
using testing::ProgramResult;

/// a: 4 bits signed, b: 5 bits unsigned; a random table, so asymmetric and with L(0, 0) != 0.
Operator odd_multiplier() {
    Operator op;
    op.name = "odd";
    op.a = {"a", 4, true};
    op.b = {"b", 5, false};
    op.y = {"y", 10, true};
    op.sources = {{{"odd.v", "module odd; endmodule\n", false}}, "odd", {}, {}};
    std::mt19937 random(3);
    for (int i = 0; i < 512; ++i) op.lut.push_back(static_cast<int32_t>(random() % 1024) - 512);
    op.lut[0] = 37;
    return op;
}

Operator unsigned_multiplier() {
    Operator op = odd_multiplier();
    op.name = "odd_u";
    op.a = {"a", 4, false};
    op.y = {"y", 10, false};
    for (int32_t& y : op.lut) y += 512;
    return op;
}

class Matmul : public testing::ProgramTest {
  protected:
    static constexpr size_t kM = 5, kK = 13, kN = 3;

    void SetUp() override {
        save_operator(odd_multiplier(), file("op.h5"));
        std::mt19937 random(11);
        for (int32_t& v : a_) v = static_cast<int32_t>(random() % 16) - 8;
        for (int32_t& v : w_) v = static_cast<int32_t>(random() % 32);
        for (int64_t& v : bias_) v = static_cast<int64_t>(random() % 200) - 100;
        a_[0] = w_[0] = 0;
    }

    void write_input(sim::Shape a = {kM, kK}, sim::Shape w = {kK, kN}, sim::Shape bias = {kN}) const {
        sim::Hdf5Writer input(file("in.h5"));
        input.write("A", a, a_.data());
        input.write("W", w, w_.data());
        if (!bias.empty()) input.write("bias", bias, bias_.data());
        input.commit();
    }

    std::vector<int64_t> output() const {
        const sim::Tensor<int64_t> c = sim::Hdf5Reader(file("out.h5")).integers64("C");
        EXPECT_EQ(c.shape, (sim::Shape{kM, kN}));
        return c.data;
    }

    /// The definition, written out: add(acc, product) is given by the test.
    template <typename Product, typename Add>
    std::vector<int64_t> expected(Product product, Add add, bool with_bias = true) const {
        std::vector<int64_t> c;
        for (size_t m = 0; m < kM; ++m) {
            for (size_t n = 0; n < kN; ++n) {
                int64_t acc = with_bias ? bias_[n] : 0;
                for (size_t k = 0; k < kK; ++k) acc = add(acc, product(a_[m * kK + k], w_[k * kN + n]));
                c.push_back(acc);
            }
        }
        return c;
    }

    std::vector<std::string> arguments(const std::vector<std::string>& more = {}) const {
        std::vector<std::string> all = {"matmul", "op.h5", "--in", "in.h5", "--out", "out.h5"};
        all.insert(all.end(), more.begin(), more.end());
        return all;
    }

    static int64_t odd_product(int64_t a, int64_t b) {
        static const Operator op = odd_multiplier();
        return op.lut[static_cast<size_t>((a & 15) * 32 + b)];
    }
    static int64_t exact_add(int64_t acc, int64_t p) { return acc + p; }

    std::vector<int32_t> a_ = std::vector<int32_t>(kM * kK), w_ = std::vector<int32_t>(kK * kN);
    std::vector<int64_t> bias_ = std::vector<int64_t>(kN);
};

TEST_F(Matmul, EqualsTheDefinition) {
    write_input();
    const ProgramResult result = run(arguments({"--json", "r.json"}));
    ASSERT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(output(), expected(odd_product, exact_add));
    EXPECT_NE(output(), std::vector<int64_t>(kM * kN, 0));
    const nlohmann::json details = json("r.json")["result"];
    EXPECT_EQ(details["macs"], kM * kK * kN);
    EXPECT_EQ(details["operator"]["sha256"], content_hash(odd_multiplier()));
    EXPECT_NE(details["engine"], "auto");
    for (const std::string engine : {"gather", "permute"}) {
        ASSERT_EQ(run(arguments({"--engine", engine, "--json", "r.json"})).exit_code, 0);
        EXPECT_EQ(json("r.json")["result"]["engine"], engine);
        EXPECT_EQ(output(), expected(odd_product, exact_add)) << engine;
    }
    const ProgramResult refused = run(arguments({"--engine", "netlist"}));
    EXPECT_EQ(refused.exit_code, 2);
    EXPECT_THAT(refused.err, HasSubstr("engine netlist: "));
}

TEST_F(Matmul, BiasMayBeAbsent) {
    write_input({kM, kK}, {kK, kN}, {});
    ASSERT_EQ(run(arguments()).exit_code, 0);
    EXPECT_EQ(output(), expected(odd_product, exact_add, false));
}

TEST_F(Matmul, WrapsAndSaturatesAtEveryStep) {
    write_input();
    ASSERT_EQ(run(arguments({"--acc-bits", "10", "--overflow", "wrap"})).exit_code, 0);
    const auto wrap = [](int64_t acc, int64_t p) { return (acc + p + 512 + 102400) % 1024 - 512; };
    EXPECT_EQ(output(), expected(odd_product, wrap));
    ASSERT_EQ(run(arguments({"--acc-bits", "10", "--overflow", "saturate", "--threads", "2"})).exit_code, 0);
    const auto saturate = [](int64_t acc, int64_t p) { return std::clamp<int64_t>(acc + p, -512, 511); };
    EXPECT_EQ(output(), expected(odd_product, saturate));
    EXPECT_NE(expected(odd_product, saturate), expected(odd_product, wrap));
}

TEST_F(Matmul, AddsWithTheLowerPartOr) {
    write_input();
    ASSERT_EQ(run(arguments({"--acc-bits", "16", "--adder", "loa:4"})).exit_code, 0);
    const auto loa = [](int64_t acc, int64_t p) {
        const auto a = static_cast<uint16_t>(acc), b = static_cast<uint16_t>(p);
        const unsigned low = (a | b) & 0xf, carry = (a >> 3) & (b >> 3) & 1;
        return int64_t{static_cast<int16_t>((((a >> 4) + (b >> 4) + carry) << 4) | low)};
    };
    EXPECT_EQ(output(), expected(odd_product, loa));
    EXPECT_NE(output(), expected(odd_product, exact_add));
}

TEST_F(Matmul, AddsWithAnOperatorFile) {
    Operator adder;
    adder.name = "add10";
    adder.kind = sim::OperatorKind::adder;
    adder.a = {"a", 10, true};
    adder.b = {"b", 10, true};
    adder.y = {"y", 10, true};
    adder.sources = odd_multiplier().sources;
    for (int i = 0; i < 1 << 20; ++i) {  // a + b with bit 0 inverted
        adder.lut.push_back(static_cast<int32_t>(sim::decode(static_cast<uint64_t>(((i >> 10) + i) ^ 1), 10, true)));
    }
    save_operator(adder, file("adder.h5"));
    write_input();
    const ProgramResult result = run(arguments({"--acc-bits", "10", "--adder", "adder.h5"}));
    ASSERT_EQ(result.exit_code, 0) << result.err;
    const auto add = [](int64_t acc, int64_t p) { return sim::decode(static_cast<uint64_t>((acc + p) ^ 1), 10, true); };
    EXPECT_EQ(output(), expected(odd_product, add));
    EXPECT_THAT(run(arguments({"--acc-bits", "12", "--adder", "adder.h5"})).err, HasSubstr("accumulator of 12 bits"));
}

TEST_F(Matmul, SignMagnitudePutsTheSignBack) {
    const Operator op = unsigned_multiplier();
    save_operator(op, file("op.h5"));
    for (size_t i = 0; i < w_.size(); ++i) w_[i] = i % 2 == 0 ? w_[i] : -w_[i];
    write_input();
    EXPECT_EQ(run(arguments()).exit_code, 2);
    ASSERT_EQ(run(arguments({"--sign-magnitude"})).exit_code, 0);
    const auto product = [&op](int64_t a, int64_t b) {
        const int64_t y = op.lut[static_cast<size_t>(std::abs(a) * 32 + std::abs(b))];
        return (a < 0) != (b < 0) ? -y : y;
    };
    EXPECT_EQ(output(), expected(product, exact_add));
}

TEST_F(Matmul, BadInputIsNamed) {
    const auto error = [&](const std::vector<std::string>& more = {}) {
        const ProgramResult result = run(arguments(more));
        EXPECT_EQ(result.exit_code, 2) << result.err;
        EXPECT_FALSE(std::filesystem::exists(file("out.h5")));
        return result.err;
    };
    write_input({kM, kK}, {kN, kK});
    EXPECT_THAT(error(),
                HasSubstr("in.h5: /: A is [5, 13] but W is [3, 13]; A's columns (13) must equal W's rows (3)"));
    write_input({kM * kK}, {kK, kN});
    EXPECT_THAT(error(), HasSubstr("in.h5: /A: has the shape [65], expected a matrix"));
    write_input({0, kK}, {kK, kN});
    EXPECT_THAT(error(), HasSubstr("in.h5: /A: has the shape [0, 13], expected a matrix"));
    write_input({kM, kK}, {kK, kN}, {1});
    EXPECT_THAT(error(), HasSubstr("in.h5: /bias: has the shape [1], expected [3]"));
    bias_[2] = 512;
    write_input();
    EXPECT_THAT(error({"--acc-bits", "10"}), HasSubstr("/bias: the code 512 at [2] is outside -512 to 511"));
    a_[15] = 8;
    write_input();
    EXPECT_THAT(error(),
                HasSubstr("in.h5: /A: the code 8 at [1, 2] is outside -8 to 7, what port a of 4 signed bits takes"));
    a_[15] = 0;
    w_[4] = -1;
    write_input();
    EXPECT_THAT(error(),
                HasSubstr("/W: the code -1 at [1, 1] is outside 0 to 31, what port b of 5 unsigned bits takes"));
    EXPECT_EQ(run(arguments({"--adder", "loa:33"})).exit_code, 1);
    EXPECT_EQ(run(arguments({"--adder", "carry"})).exit_code, 1);
}

TEST_F(Matmul, OutputsNeverReplaceInputs) {
    write_input();
    const std::string before = read_file(file("in.h5"));
    std::vector<std::string> to_input = arguments({});
    std::replace(to_input.begin(), to_input.end(), std::string("out.h5"), std::string("./in.h5"));
    for (const auto& line : {to_input, arguments({"--json", "in.h5"})}) {
        const ProgramResult result = run(line);
        EXPECT_EQ(result.exit_code, 1);
        EXPECT_THAT(result.err, HasSubstr("would be overwritten"));
        EXPECT_TRUE(read_file(file("in.h5")) == before);
    }
}

TEST_F(Matmul, MisspeltDataSetsAreNamed) {
    write_input();
    {
        sim::Hdf5Writer extra(file("in.h5"));
        extra.write("A", {1, 1}, a_.data());
        extra.write("W", {1, 1}, w_.data());
        extra.write("Bias", {1}, w_.data());
        extra.commit();
    }
    const ProgramResult result = run(arguments({}));
    EXPECT_EQ(result.exit_code, 2);
    EXPECT_THAT(result.err, HasSubstr("Bias: is not expected here"));
}

}  // namespace
}  // namespace concrete::app
