// add_loa: lower-part-OR adder on two's-complement patterns, without carry-out, combinational.
//     y[K-1:0] = a[K-1:0] | b[K-1:0];   y[W-1:K] = a[W-1:K] + b[W-1:K] + (a[K-1] & b[K-1]), modulo 2^(W-K)
// K = 0 is the exact adder, K = W (or more) a bitwise OR.
// Error (modulo 2^W, 1 <= K < W): y - (a + b) in [-(2^(K-1) - 1), 2^(K-1)], mean +1/4 over all operand pairs.
// Source: Mahdiani et al., IEEE TCAS-I 57(4), 2010, pp. 850-862.
module add_loa #(
    parameter W = 32,  // 2 to 64
    parameter K = 8    // OR-ed low bits, 0 to W
) (
    input wire signed [W-1:0] a,
    input wire signed [W-1:0] b,
    output wire signed [W-1:0] y
);
  generate
    if (K == 0) begin : exact
      assign y = a + b;
    end else if (K >= W) begin : all_or
      assign y = a | b;
    end else begin : split
      wire carry = a[K-1] & b[K-1];  // stands in for the carry chain that was cut
      assign y[K-1:0] = a[K-1:0] | b[K-1:0];
      if (W - K == 1) begin : top_bit
        assign y[W-1] = a[W-1] ^ b[W-1] ^ carry;
      end else begin : top_bits
        assign y[W-1:K] = a[W-1:K] + b[W-1:K] + {{(W - K - 1) {1'b0}}, carry};
      end
    end
  endgenerate
endmodule
