// add_esa: equal segmentation adder, on two's-complement patterns, without carry-out, combinational.
//     Blocks of K bits from bit 0 on (the topmost may be narrower): y of a block is the sum of its bits; no carry leaves it.
// K >= W is the exact adder, K = 1 a bitwise XOR. The same function as add_gear with R = K, P = 0.
// Error: y - (a + b) is a sum of -2^(i K), i >= 1, modulo 2^W, one for every block whose own sum overflows.
// Source: Mohapatra et al., DATE 2011; the name from Jiang et al., GLSVLSI 2015.
module add_esa #(
    parameter W = 32,  // 2 to 64
    parameter K = 8    // bits of a block, 1 to 64
) (
    input wire signed [W-1:0] a,
    input wire signed [W-1:0] b,
    output wire signed [W-1:0] y
);
  genvar i;
  generate
    for (i = 0; i < W; i = i + K) begin : block
      localparam BITS = (i + K < W) ? K : W - i;
      assign y[i+:BITS] = a[i+:BITS] + b[i+:BITS];
    end
  endgenerate
endmodule
