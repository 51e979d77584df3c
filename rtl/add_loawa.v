// add_loawa: lower-part-OR adder without the AND gate for a carry, on two's-complement patterns, without carry-out,
// combinational.
//     y[K-1:0] = a[K-1:0] | b[K-1:0];   y[W-1:K] = a[W-1:K] + b[W-1:K], modulo 2^(W-K)
// K = 0 is the exact adder, K >= W a bitwise OR.
// Error (modulo 2^W, K < W): y - (a + b) in [-(2^K - 1), 0], mean -(2^K - 1)/4 over all operand pairs.
// Source: Albicocco et al., Asilomar Conference 2012 (LOAWA), after Mahdiani et al., IEEE TCAS-I 57(4), 2010.
module add_loawa #(
    parameter W = 32,  // 2 to 64
    parameter K = 8    // OR-ed low bits, 0 to 64
) (
    input wire signed [W-1:0] a,
    input wire signed [W-1:0] b,
    output wire signed [W-1:0] y
);
  localparam [W-1:0] HIGH = {W{1'b1}} << K;  // the exact part; no bit where K >= W
  localparam [W-1:0] LOW = ~HIGH;

  assign y = ((a & HIGH) + (b & HIGH)) | ((a | b) & LOW);
endmodule
