// concrete gen from Verilog to the values that inspect prints.
#include <cstdlib>
#include <gmock/gmock.h>

#include "app/testing.h"
#include "sim/operator.h"

namespace concrete::app {
namespace {

using ::testing::HasSubstr;
using testing::ProgramResult;

class GenSlow : public testing::ProgramTest {};

// b stands before a in the port list, and the result is asymmetric and not 0 at (0, 0): swapped operands would show.
TEST_F(GenSlow, UsersOwnVerilog) {
    write_file(file("own.v"),
               "`include \"inc/half.vh\"\n"
               "module own #(parameter C = 0) (input wire signed [2:0] b, input wire signed [3:0] a, output wire "
               "signed [6:0] y);\n"
               "  assign y = a * b + `HALF * a + C;\nendmodule\n");
    write_file(file("inc/half.vh"), "`define HALF 2\n");
    const std::string environment = "CONCRETE_CACHE_DIR=cache";
    const std::vector<std::string> arguments = {"gen",    "own.v",      "--top", "own",    "-P",     "C=-3",
                                                "--kind", "multiplier", "-o",    "own.h5", "--json", "r.json"};
    const ProgramResult result = run(arguments, environment);
    ASSERT_EQ(result.exit_code, 0) << result.err;
    EXPECT_THAT(result.out,
                HasSubstr("own: multiplier, a = a (4 bits signed), b = b (3 bits signed), y = y (7 bits signed)\n"));
    EXPECT_THAT(result.out, HasSubstr("over all 128 pairs\n"));
    const sim::Operator op = sim::load_operator(file("own.h5"));
    ASSERT_EQ(op.lut.size(), 128U);
    double abs_error = 0;
    for (int a = -8; a < 8; ++a) {
        for (int b = -4; b < 4; ++b) {
            const int64_t expected = sim::decode(static_cast<uint64_t>(a * b + 2 * a - 3), 7, true);
            EXPECT_EQ(sim::lookup(op, sim::encode(a, 4), sim::encode(b, 3)), expected) << a << "," << b;
            abs_error += static_cast<double>(std::abs(expected - int64_t{a} * b));
        }
    }
    EXPECT_EQ(json("r.json")["result"]["operators"][0]["mae"], abs_error / 128);
    EXPECT_THAT(run({"inspect", "own.h5", "--eval", "-8,3"}).out,
                HasSubstr("own(-8, 3) = -43, exact -24, error -19\n"));

    const std::string first = read_file(file("own.h5"));
    ASSERT_EQ(run(arguments, environment).exit_code, 0);  // from the cache
    EXPECT_TRUE(read_file(file("own.h5")) == first);
}

}  // namespace
}  // namespace concrete::app
