// add_heaa: lower-part-OR adder with an exact top bit in the low part, on two's-complement patterns, without carry-out,
// combinational.
//     y[K-2:0] = a[K-2:0] | b[K-2:0];   y[K-1] = a[K-1] ^ b[K-1]
//     y[W-1:K] = a[W-1:K] + b[W-1:K] + (a[K-1] & b[K-1]), modulo 2^(W-K)
// K = 0 and K = 1 are the exact adder.
// Error (modulo 2^W, 1 <= K): y - (a + b) in [-(2^(K-1) - 1), 0], mean -(2^(K-1) - 1)/4 over all operand pairs.
// Source: Balasubramanian and Maskell, IEEE TENCON 2018, pp. 806-810 (HEAA); the multiplexer there is this XOR.
module add_heaa #(
    parameter W = 32,  // 2 to 64
    parameter K = 8    // low bits, 0 to 64
) (
    input wire signed [W-1:0] a,
    input wire signed [W-1:0] b,
    output wire signed [W-1:0] y
);
  localparam [W-1:0] HIGH = {W{1'b1}} << K;  // the exact part; no bit where K >= W
  localparam [W-1:0] LOW = ~HIGH;
  localparam [W-1:0] TOP = LOW & ~(LOW >> 1);  // bit K - 1

  wire [W-1:0] carry = (a & b & TOP) << 1;
  assign y = ((a & HIGH) + (b & HIGH) + carry) | (((a & ~TOP) | (b & ~TOP) | ((a ^ b) & TOP)) & LOW);
endmodule
