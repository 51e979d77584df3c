// add_aca_i: almost correct adder, on two's-complement patterns, without carry-out, combinational.
//     y[i] = bit K - 1 of a[i:i-K+1] + b[i:i-K+1], modulo 2^K, for i >= K;   y[K-1:0] = a[K-1:0] + b[K-1:0]
// Each bit looks at the K - 1 bits below it. K >= W is the exact adder, K = 1 a bitwise XOR. The same function as add_gear
// with R = 1, P = K - 1.
// Error: carries are lost after they crossed K - 1 bits.
// Source: Verma, Brisk and Ienne, DATE 2008, pp. 1250-1255; K is the length of a sub-adder (our reading).
module add_aca_i #(
    parameter W = 32,  // 2 to 64
    parameter K = 8    // bits that a sum bit looks at, 1 to 64
) (
    input wire signed [W-1:0] a,
    input wire signed [W-1:0] b,
    output wire signed [W-1:0] y
);
  genvar i;
  generate
    if (K >= W) begin : exact
      assign y = a + b;
    end else begin : windows
      assign y[K-1:0] = a[K-1:0] + b[K-1:0];
      for (i = K; i < W; i = i + 1) begin : window
        wire [K-1:0] sum = a[i-:K] + b[i-:K];
        wire unused = &{1'b0, sum};
        assign y[i] = sum[K-1];
      end
    end
  endgenerate
endmodule
