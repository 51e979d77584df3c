// add_gear: generic accuracy-configurable adder GeAr(W, R, P), uncorrected, on two's-complement patterns, without
// carry-out, combinational.
//     Sub-adders of R + P bits that start at bits 0, R, 2 R, ... The first gives R + P bits of y, each other one its upper R
//     bits; its P lower bits predict the carry. Where R does not divide W - R - P the topmost sub-adder is narrower.
// R + P >= W is the exact adder.
// Error: with two sub-adders (W = 2 R + P) wrong on (2^R - 1) / 2^(R + P + 1) of all operand pairs, each time by -2^(R+P).
// Source: Shafique et al., DAC 2015, paper 86.
module add_gear #(
    parameter W = 32,  // 2 to 64
    parameter R = 4,   // result bits of a sub-adder, 1 to 64
    parameter P = 4    // prediction bits, 0 to 64
) (
    input wire signed [W-1:0] a,
    input wire signed [W-1:0] b,
    output wire signed [W-1:0] y
);
  genvar i;
  generate
    if (R + P >= W) begin : exact
      assign y = a + b;
    end else begin : overlapping
      assign y[R+P-1:0] = a[R+P-1:0] + b[R+P-1:0];
      for (i = R; i + P < W; i = i + R) begin : sub_adder
        localparam BITS = (i + R + P < W) ? R + P : W - i;
        wire [BITS-1:0] sum = a[i+:BITS] + b[i+:BITS];
        wire unused = &{1'b0, sum};
        assign y[i+BITS-1:i+P] = sum[BITS-1:P];
      end
    end
  endgenerate
endmodule
