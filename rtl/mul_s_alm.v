// mul_s_alm: signed logarithmic multiplier by sign and magnitude, combinational.
//     y = mul_u_alm(|a|, |b|), negated if and only if exactly one of a, b is negative
// a, b in [-2^(WIDTH-1), 2^(WIDTH-1) - 1];   y: 2 * WIDTH bits, never wraps.
// Error: that of mul_u_alm.v on the magnitudes, mirrored into all four quadrants.
// Source: Mitchell, IRE Trans. Electronic Computers EC-11(4), 1962, pp. 512-517; ADDER 1 and 2: Liu et al., IEEE
// TCAS-I 65(9), 2018, pp. 2856-2868; sign and magnitude added here.
module mul_s_alm #(
    parameter WIDTH = 8,  // of each operand, 4 to 16
    parameter ADDER = 0,  // 0 exact (Mitchell), 1 set-one (ALM-SOA), 2 lower-part OR (ALM-LOA)
    parameter M = 4       // approximate low bits of the sum of logarithms
) (
    input wire signed [WIDTH-1:0] a,
    input wire signed [WIDTH-1:0] b,
    output wire signed [2*WIDTH-1:0] y
);
  wire [WIDTH-1:0] a_magnitude = a[WIDTH-1] ? ~a + {{(WIDTH - 1) {1'b0}}, 1'b1} : a;
  wire [WIDTH-1:0] b_magnitude = b[WIDTH-1] ? ~b + {{(WIDTH - 1) {1'b0}}, 1'b1} : b;
  wire [2*WIDTH-1:0] product;
  mul_u_alm #(
      .WIDTH(WIDTH),
      .ADDER(ADDER),
      .M(M)
  ) magnitudes (
      .a(a_magnitude),
      .b(b_magnitude),
      .y(product)
  );
  assign y = (a[WIDTH-1] ^ b[WIDTH-1]) ? ~product + {{(2 * WIDTH - 1) {1'b0}}, 1'b1} : product;
endmodule
