// add_hoeraa: hardware optimized and error reduced approximate adder, on two's-complement patterns, without carry-out,
// combinational.
//     y[K-3:0] = all ones;   y[K-2] = a[K-2] | b[K-2]
//     y[K-1] = (a[K-1] & b[K-1]) ? (a[K-2] & b[K-2]) : (a[K-1] | b[K-1])
//     y[W-1:K] = a[W-1:K] + b[W-1:K] + (a[K-1] & b[K-1]), modulo 2^(W-K)
// K = 0 and K = 1 (with a[-1] = b[-1] = 0) are the exact adder.
// Error (modulo 2^W, 2 <= K < W): y - (a + b) in [-(2^(K-1) - 1), 2^(K-1) - 1], mean -2^(K-5) over all operand pairs.
// Source: Balasubramanian and Maskell, Electronics 8(11), 2019, 1212. Our reading of the multiplexer: as above.
module add_hoeraa #(
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

  localparam [W-1:0] ONES = LOW >> 2;  // bits K - 3 to 0

  wire [W-1:0] both = a & b;
  wire [W-1:0] any = a | b;
  wire generated = |(both & TOP);
  wire [W-1:0] carry = (both & TOP) << 1;
  wire [W-1:0] top = generated ? ((both << 1) & (LOW << 1) & TOP) : (any & TOP);
  assign y = ((a & HIGH) + (b & HIGH) + carry) | ((any | ONES) & LOW & ~TOP) | top;
endmodule
