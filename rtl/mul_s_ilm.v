// mul_s_ilm: iterative logarithmic multiplier, signed by sign and magnitude, combinational.
//     y = mul_u_ilm(|a|, |b|), negated if and only if exactly one of a, b is negative
// a, b in [-2^(WIDTH-1), 2^(WIDTH-1) - 1];   y: 2 * WIDTH bits, never wraps.
// Error: that of mul_u_ilm.v on the magnitudes, mirrored into all four quadrants.
// Source: Babic, Avramovic and Bulic, Microprocessors and Microsystems 35(1), 2011, pp. 23-33; sign and magnitude added
// here.
module mul_s_ilm #(
    parameter WIDTH = 8,  // of each operand, 4 to 16
    parameter TERMS = 2   // basic blocks, 1 to WIDTH
) (
    input wire signed [WIDTH-1:0] a,
    input wire signed [WIDTH-1:0] b,
    output wire signed [2*WIDTH-1:0] y
);
  wire [WIDTH-1:0] a_magnitude = a[WIDTH-1] ? ~a + {{(WIDTH - 1) {1'b0}}, 1'b1} : a;
  wire [WIDTH-1:0] b_magnitude = b[WIDTH-1] ? ~b + {{(WIDTH - 1) {1'b0}}, 1'b1} : b;
  wire [2*WIDTH-1:0] product;
  mul_u_ilm #(
      .WIDTH(WIDTH),
      .TERMS(TERMS)
  ) magnitudes (
      .a(a_magnitude),
      .b(b_magnitude),
      .y(product)
  );
  assign y = (a[WIDTH-1] ^ b[WIDTH-1]) ? ~product + {{(2 * WIDTH - 1) {1'b0}}, 1'b1} : product;
endmodule
