// add_oloca: lower-part constant-OR adder on two's-complement patterns, without carry-out, combinational.
//     y[C-1:0] = all ones;   y[K-1:C] = a[K-1:C] | b[K-1:C]
//     y[W-1:K] = a[W-1:K] + b[W-1:K] + (a[K-1] & b[K-1]), modulo 2^(W-K)
// C = 0 is add_loa, C >= K makes the whole low part constant; the carry stays. K = 0 is the exact adder.
// Error (modulo 2^W, 1 <= K < W, C < K): y - (a + b) in [-(2^(K-1) - 1), 2^(K-1) + 2^C - 1], mean 2^(C-2).
// Source: Dalloo et al., IEEE TVLSI 26(8), 2018, pp. 1595-1599. Our reading: C is free; the paper derives its best value.
module add_oloca #(
    parameter W = 32,  // 2 to 64
    parameter K = 8,   // low bits, 0 to 64
    parameter C = 4    // constant ones among them, 0 to 64
) (
    input wire signed [W-1:0] a,
    input wire signed [W-1:0] b,
    output wire signed [W-1:0] y
);
  localparam [W-1:0] HIGH = {W{1'b1}} << K;  // the exact part; no bit where K >= W
  localparam [W-1:0] LOW = ~HIGH;
  localparam [W-1:0] TOP = LOW & ~(LOW >> 1);  // bit K - 1

  localparam [W-1:0] ONES = ~({W{1'b1}} << C);

  wire [W-1:0] carry = (a & b & TOP) << 1;  // stands in for the carry chain that was cut
  assign y = ((a & HIGH) + (b & HIGH) + carry) | ((a | b | ONES) & LOW);
endmodule
