// add_eta_ii: error-tolerant adder of type II, on two's-complement patterns, without carry-out, combinational.
//     Blocks of K bits from bit 0 on (the topmost may be narrower). y of a block is the sum of its bits and of the carry that
//     the block below generates by itself, as if none entered that block.
// K >= W is the exact adder. The same function as add_aca_ii and as add_gear with R = P = K.
// Error: carries that cross a whole block are lost: y - (a + b) is a sum of -2^(i K), i >= 2, modulo 2^W.
// Source: Zhu et al., ISIC 2009, pp. 69-72.
module add_eta_ii #(
    parameter W = 32,  // 2 to 64
    parameter K = 8    // bits of a block, 1 to 64
) (
    input wire signed [W-1:0] a,
    input wire signed [W-1:0] b,
    output wire signed [W-1:0] y
);
  genvar i;
  generate
    if (K >= W) begin : exact
      assign y = a + b;
    end else begin : blocks
      assign y[K-1:0] = a[K-1:0] + b[K-1:0];
      for (i = K; i < W; i = i + K) begin : block
        localparam BITS = (i + K < W) ? K : W - i;
        wire [K:0] below = {1'b0, a[i-1-:K]} + {1'b0, b[i-1-:K]};  // carry generator
        wire [BITS:0] sum = {1'b0, a[i+:BITS]} + {1'b0, b[i+:BITS]} + {{BITS{1'b0}}, below[K]};
        wire unused = &{1'b0, below[K-1:0], sum[BITS]};
        assign y[i+:BITS] = sum[BITS-1:0];
      end
    end
  endgenerate
endmodule
