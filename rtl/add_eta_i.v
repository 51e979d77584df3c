// add_eta_i: error-tolerant adder of type I, on two's-complement patterns, without carry-out, combinational.
//     With m the highest bit below K where a and b are both 1 (m = -1 if there is none):
//     y[i] = 1 for i <= m;   y[i] = a[i] ^ b[i] for m < i < K;   y[W-1:K] = a[W-1:K] + b[W-1:K], modulo 2^(W-K)
// No carry enters the upper part. K = 0 is the exact adder; K >= W leaves the low part only.
// Error (modulo 2^W, K < W): y - (a + b) in [-(2^K - 1), 0], mean -(1/4) (sum over m = 0..K-1 of (3/4)^(K-1-m) 2^m).
// Source: Zhu et al., IEEE TVLSI 18(8), 2010, pp. 1225-1229.
module add_eta_i #(
    parameter W = 32,  // 2 to 64
    parameter K = 8    // low bits, 0 to 64
) (
    input wire signed [W-1:0] a,
    input wire signed [W-1:0] b,
    output wire signed [W-1:0] y
);
  localparam [W-1:0] HIGH = {W{1'b1}} << K;  // the exact part; no bit where K >= W
  localparam [W-1:0] LOW = ~HIGH;

  // Bit i of s_32 says whether a and b are both 1 at i or above it, in the low part.
  wire [W-1:0] both = a & b & LOW;
  wire [W-1:0] s_1 = both | (both >> 1);
  wire [W-1:0] s_2 = s_1 | (s_1 >> 2);
  wire [W-1:0] s_4 = s_2 | (s_2 >> 4);
  wire [W-1:0] s_8 = s_4 | (s_4 >> 8);
  wire [W-1:0] s_16 = s_8 | (s_8 >> 16);
  wire [W-1:0] s_32 = s_16 | (s_16 >> 32);
  assign y = ((a & HIGH) + (b & HIGH)) | (((a ^ b) | s_32) & LOW);
endmodule
