// add_truncated: adder without its low part, on two's-complement patterns, without carry-out, combinational.
//     y[K-1:0] = 0 (FILL 0), all ones (FILL 1) or a[K-1:0] (FILL 2)
//     y[W-1:K] = a[W-1:K] + b[W-1:K], modulo 2^(W-K)
// K = 0 is the exact adder; K >= W leaves the low part only.
// Error (modulo 2^W, K < W): y - (a + b) in [-2 (2^K - 1), 0], mean -(2^K - 1) for FILL 0; in [-(2^K - 1), 2^K - 1], mean 0
// for FILL 1; in [-(2^K - 1), 0], mean -(2^K - 1)/2 for FILL 2.
// Source: truncated adders as compared in Jiang et al., Proc. IEEE 108(12), 2020; the fill is a parameter of ours.
module add_truncated #(
    parameter W = 32,   // 2 to 64
    parameter K = 8,    // low bits without addition, 0 to 64
    parameter FILL = 0  // 0 zeros, 1 ones, 2 bits of a
) (
    input wire signed [W-1:0] a,
    input wire signed [W-1:0] b,
    output wire signed [W-1:0] y
);
  localparam [W-1:0] HIGH = {W{1'b1}} << K;  // the exact part; no bit where K >= W
  localparam [W-1:0] LOW = ~HIGH;

  wire [W-1:0] fill = (FILL == 2) ? a : (FILL == 1) ? {W{1'b1}} : {W{1'b0}};
  assign y = ((a & HIGH) + (b & HIGH)) | (fill & LOW);
endmodule
