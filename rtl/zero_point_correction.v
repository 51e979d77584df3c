// zero_point_correction: what is added exactly after the last MAC, -z_w * (sum of activation codes), combinational.
//     y = (acc + correction) mod 2^W (SATURATE = 0), or clamped once to [-2^(W-1), 2^(W-1) - 1] (SATURATE = 1)
// acc, y: W bits, two's complement; correction: C_BITS bits, two's complement.
module zero_point_correction #(
    parameter W = 32,       // 2 to 64
    parameter C_BITS = 64,  // at least W
    parameter SATURATE = 0
) (
    input wire [W-1:0] acc,
    input wire [C_BITS-1:0] correction,
    output wire [W-1:0] y
);
  wire [C_BITS:0] sum = {{(C_BITS + 1 - W) {acc[W-1]}}, acc} + {correction[C_BITS-1], correction};
  wire fits = (&sum[C_BITS:W-1]) | ~(|sum[C_BITS:W-1]);
  assign y = (SATURATE == 0 || fits) ? sum[W-1:0] : {sum[C_BITS], {(W - 1) {~sum[C_BITS]}}};
endmodule
