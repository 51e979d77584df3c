// mul_s_tosam: truncation- and rounding-based scalable approximate multiplier, signed, combinational.
//     y = mul_u_tosam(|a|, |b|), negated if and only if exactly one of a, b is negative
// a, b in [-2^(WIDTH-1), 2^(WIDTH-1) - 1];   y: 2 * WIDTH bits, never wraps.
// Error: that of mul_u_tosam.v on the magnitudes, mirrored into all four quadrants.
// Source: Vahdat et al., IEEE TVLSI 27(5), 2019, pp. 1161-1173; sign and magnitude as for the others of this folder.
module mul_s_tosam #(
    parameter WIDTH = 8,  // of each operand, 4 to 16
    parameter H = 2,      // fraction bits in the multiplication, 0 to 7
    parameter T = 6       // fraction bits in the addition, 0 to 15
) (
    input wire signed [WIDTH-1:0] a,
    input wire signed [WIDTH-1:0] b,
    output wire signed [2*WIDTH-1:0] y
);
  wire [WIDTH-1:0] a_magnitude = a[WIDTH-1] ? ~a + {{(WIDTH - 1) {1'b0}}, 1'b1} : a;
  wire [WIDTH-1:0] b_magnitude = b[WIDTH-1] ? ~b + {{(WIDTH - 1) {1'b0}}, 1'b1} : b;
  wire [2*WIDTH-1:0] product;
  mul_u_tosam #(
      .WIDTH(WIDTH),
      .H(H),
      .T(T)
  ) magnitudes (
      .a(a_magnitude),
      .b(b_magnitude),
      .y(product)
  );
  assign y = (a[WIDTH-1] ^ b[WIDTH-1]) ? ~product + {{(2 * WIDTH - 1) {1'b0}}, 1'b1} : product;
endmodule
