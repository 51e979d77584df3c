// mul_s_roba: rounding-based approximate multiplier, signed by sign and magnitude, combinational.
//     y = mul_u_roba(m(a), m(b)), negated if and only if exactly one of a, b is negative
// S-RoBA:  m(x) = |x|; negation is exact.
// AS-RoBA: wherever something is negated, operand or product, its bits are inverted and the increment is left out:
//          m(x) = -x - 1 for x < 0, and a negated product p is -p - 1. So -1 counts as 0, and 0 * -1 = -1 here.
// a, b in [-2^(WIDTH-1), 2^(WIDTH-1) - 1];   y: 2 * WIDTH bits, never wraps.
// Error of S-RoBA relative to a * b: in [-1/9, 1/9]. AS-RoBA adds up to 100% where an operand is -1, and less
// the larger the operands are.
// Source: Zendegani et al., IEEE TVLSI 25(2), 2017, pp. 393-401; that AS-RoBA leaves out the increment of the product's
// negation as well is our reading of it.
module mul_s_roba #(
    parameter WIDTH = 8,           // of each operand, 4 to 16
    parameter ONES_COMPLEMENT = 0  // 0 S-RoBA, 1 AS-RoBA
) (
    input wire signed [WIDTH-1:0] a,
    input wire signed [WIDTH-1:0] b,
    output wire signed [2*WIDTH-1:0] y
);
  localparam [WIDTH-1:0] INCREMENT = ONES_COMPLEMENT == 0 ? 1 : 0;
  localparam [2*WIDTH-1:0] INCREMENT_WIDE = ONES_COMPLEMENT == 0 ? 1 : 0;
  wire [WIDTH-1:0] a_magnitude = a[WIDTH-1] ? ~a + INCREMENT : a;
  wire [WIDTH-1:0] b_magnitude = b[WIDTH-1] ? ~b + INCREMENT : b;
  wire [2*WIDTH-1:0] product;
  mul_u_roba #(.WIDTH(WIDTH)) magnitudes (
      .a(a_magnitude),
      .b(b_magnitude),
      .y(product)
  );
  assign y = (a[WIDTH-1] ^ b[WIDTH-1]) ? ~product + INCREMENT_WIDE : product;
endmodule
