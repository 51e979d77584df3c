// add_aca_ii: accuracy-configurable adder, uncorrected, on two's-complement patterns, without carry-out, combinational.
//     Sub-adders of 2 K bits that start at bits 0, K, 2 K, ... (the topmost may be narrower). The first gives 2 K bits of y,
//     each other one its bits from K on.
// 2 K >= W is the exact adder. The same function as add_eta_ii and as add_gear with R = P = K.
// Error: carries that cross K bits below a sub-adder's result are lost: y - (a + b) is a sum of -2^(i K), i >= 2, mod 2^W.
// Source: Kahng and Kang, DAC 2012, pp. 820-825, the adder before its correction stages.
module add_aca_ii #(
    parameter W = 32,  // 2 to 64
    parameter K = 4    // half the bits of a sub-adder, 1 to 64
) (
    input wire signed [W-1:0] a,
    input wire signed [W-1:0] b,
    output wire signed [W-1:0] y
);
  genvar i;
  generate
    if (2 * K >= W) begin : exact
      assign y = a + b;
    end else begin : overlapping
      assign y[2*K-1:0] = a[2*K-1:0] + b[2*K-1:0];
      for (i = K; i + K < W; i = i + K) begin : sub_adder
        localparam BITS = (i + 2 * K < W) ? 2 * K : W - i;
        wire [BITS-1:0] sum = a[i+:BITS] + b[i+:BITS];
        wire unused = &{1'b0, sum[K-1:0]};
        assign y[i+BITS-1:i+K] = sum[BITS-1:K];
      end
    end
  endgenerate
endmodule
