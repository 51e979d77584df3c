#include <gmock/gmock.h>

#include "gen/sweep.h"
#include "gen/testing.h"

namespace concrete::gen {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(SweepSlow, EndsAnEndlessLoop) {
    const sim::Operator op = gen::testing::operator_of(
        "endless",
        "module t(input [3:0] a, input [3:0] b, output reg [7:0] y); reg [7:0] n;\n"
        "always @* begin n = a; while (n != 8'd3 || b > 4'd1) n = {7'd0, n[0]} + 8'd2; y = n; end endmodule",
        4, 4, 8);
    EXPECT_THAT(
        gen::testing::input_error([&] {
            RtlOperators({&op, 1}, 1).sweep(0);
        }),
        AllOf(HasSubstr("endless: the simulation was ended by the limit of"), HasSubstr("a loop without an end?")));
}

}  // namespace
}  // namespace concrete::gen
