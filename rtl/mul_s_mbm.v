// mul_s_mbm: minimally biased logarithmic multiplier, signed by sign and magnitude, combinational.
//     y = mul_u_mbm(|a|, |b|), negated if and only if exactly one of a, b is negative
// a, b in [-2^(WIDTH-1), 2^(WIDTH-1) - 1];   y: 2 * WIDTH bits, never wraps.
// Error: that of mul_u_mbm.v on the magnitudes, mirrored into all four quadrants; magnitudes are too small to saturate.
// Source: Saadat, Bokhari and Parameswaran, IEEE TCAD 37(11), 2018, pp. 2623-2635; sign and magnitude added here.
module mul_s_mbm #(
    parameter WIDTH = 8  // of each operand, 4 to 16
) (
    input wire signed [WIDTH-1:0] a,
    input wire signed [WIDTH-1:0] b,
    output wire signed [2*WIDTH-1:0] y
);
  wire [WIDTH-1:0] a_magnitude = a[WIDTH-1] ? ~a + {{(WIDTH - 1) {1'b0}}, 1'b1} : a;
  wire [WIDTH-1:0] b_magnitude = b[WIDTH-1] ? ~b + {{(WIDTH - 1) {1'b0}}, 1'b1} : b;
  wire [2*WIDTH-1:0] product;
  mul_u_mbm #(.WIDTH(WIDTH)) magnitudes (
      .a(a_magnitude),
      .b(b_magnitude),
      .y(product)
  );
  assign y = (a[WIDTH-1] ^ b[WIDTH-1]) ? ~product + {{(2 * WIDTH - 1) {1'b0}}, 1'b1} : product;
endmodule
