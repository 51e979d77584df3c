// mul_u_roba: rounding-based approximate multiplier, unsigned, combinational.
//     y = R(a) * b + R(b) * a - R(a) * R(b) = a * b - (R(a) - a) * (R(b) - b);   0 if a = 0 or b = 0
// R(x) is the power of two nearest to x: 3 * 2^p, halfway between two, goes up to 2^(p+2), except 3 itself, which goes
// down to 2 (the rule that keeps the rounding circuit small). R(x) of the largest operands is 2^WIDTH.
// a, b in [0, 2^WIDTH - 1];   y: 2 * WIDTH bits, never wraps.
// Error relative to a * b: in [-1/9, 1/9], exact where an operand is a power of two.
// Source: Zendegani et al., IEEE TVLSI 25(2), 2017, pp. 393-401 (U-RoBA).
module mul_u_roba #(
    parameter WIDTH = 8  // of each operand, 4 to 16
) (
    input wire [WIDTH-1:0] a,
    input wire [WIDTH-1:0] b,
    output wire [2*WIDTH-1:0] y
);
  localparam EXPONENT_BITS = $clog2(WIDTH + 1);
  localparam [2*WIDTH-1:0] ONE = 1;
  wire [EXPONENT_BITS-1:0] a_exponent, b_exponent;
  nearest_power #(.WIDTH(WIDTH)) of_a (
      .x(a),
      .exponent(a_exponent)
  );
  nearest_power #(.WIDTH(WIDTH)) of_b (
      .x(b),
      .exponent(b_exponent)
  );
  wire [2*WIDTH-1:0] b_part = {{WIDTH{1'b0}}, b} << a_exponent;
  wire [2*WIDTH-1:0] a_part = {{WIDTH{1'b0}}, a} << b_exponent;
  wire [2*WIDTH-1:0] both = ONE << ({1'b0, a_exponent} + {1'b0, b_exponent});
  // Modulo 2^(2 * WIDTH) all along: the sum may pass it, the difference does not.
  assign y = (|a && |b) ? b_part + a_part - both : {(2 * WIDTH) {1'b0}};
endmodule
