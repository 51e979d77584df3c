// mul_s_ssm: signed multiplier on one M-bit segment of each magnitude, taken at fixed places, combinational.
//     y = mul_u_ssm(|a|, |b|), negated if and only if exactly one of a, b is negative
// a, b in [-2^(WIDTH-1), 2^(WIDTH-1) - 1];   y: 2 * WIDTH bits, never wraps.
// Error: that of mul_u_ssm.v on the magnitudes, mirrored into all four quadrants. Magnitudes are WIDTH bits wide,
// so that 2^(WIDTH-1) is one. Exact from M = WIDTH - 1 on.
// Source: Narayanamoorthy et al., IEEE TVLSI 23(6), 2015, pp. 1180-1184; sign and magnitude added here.
module mul_s_ssm #(
    parameter WIDTH = 8,    // of each operand, 4 to 16
    parameter M = 4,        // bits of a segment, 2 or more
    parameter SEGMENTS = 2  // 2 SSM, 3 ESSM
) (
    input wire signed [WIDTH-1:0] a,
    input wire signed [WIDTH-1:0] b,
    output wire signed [2*WIDTH-1:0] y
);
  wire [WIDTH-1:0] a_magnitude = a[WIDTH-1] ? ~a + {{(WIDTH - 1) {1'b0}}, 1'b1} : a;
  wire [WIDTH-1:0] b_magnitude = b[WIDTH-1] ? ~b + {{(WIDTH - 1) {1'b0}}, 1'b1} : b;
  wire [2*WIDTH-1:0] product;
  mul_u_ssm #(
      .WIDTH(WIDTH),
      .M(M),
      .SEGMENTS(SEGMENTS)
  ) magnitudes (
      .a(a_magnitude),
      .b(b_magnitude),
      .y(product)
  );
  assign y = (a[WIDTH-1] ^ b[WIDTH-1]) ? ~product + {{(2 * WIDTH - 1) {1'b0}}, 1'b1} : product;
endmodule
