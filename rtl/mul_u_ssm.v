// mul_u_ssm: unsigned multiplier on one M-bit segment of each operand, taken at fixed places, combinational.
//     y = s(a) * s(b) * 2^(t(a) + t(b));   s(x) = floor(x / 2^t(x))
//     t(x) = 0 if x < 2^M;   H = floor((WIDTH - M) / 2) if SEGMENTS = 3 and x < 2^(M + H);   else WIDTH - M
// SEGMENTS = 2: SSM, the static segment method; 3: ESSM, the enhanced one, with a segment between the two. Each operand
// has its own t; nothing makes up for the bits below the segment.
// a, b in [0, 2^WIDTH - 1];   y: 2 * WIDTH bits, never wraps. M >= WIDTH is exact.
// Error y - a * b in [-(2^(WIDTH-M) - 1) * (2^(WIDTH+1) - 2^(WIDTH-M) - 1), 0]; relative to a * b, -100% only where
// M < WIDTH / 2 (SEGMENTS = 3: M < WIDTH / 3), which is allowed but of little use.
// Source: Narayanamoorthy et al., IEEE TVLSI 23(6), 2015, pp. 1180-1184 (M = WIDTH / 2, and M of 8 to 12 at 16 bits).
module mul_u_ssm #(
    parameter WIDTH = 8,    // of each operand, 4 to 16
    parameter M = 4,        // bits of a segment, 2 or more
    parameter SEGMENTS = 2  // 2 SSM, 3 ESSM
) (
    input wire [WIDTH-1:0] a,
    input wire [WIDTH-1:0] b,
    output wire [2*WIDTH-1:0] y
);
  localparam SHIFT_BITS = $clog2(WIDTH);
  localparam BITS = M < WIDTH ? M : WIDTH;
  wire [BITS-1:0] a_segment, b_segment;
  wire [SHIFT_BITS-1:0] a_shift, b_shift;
  static_segment #(
      .WIDTH(WIDTH),
      .M(BITS),
      .SEGMENTS(SEGMENTS)
  ) of_a (
      .x(a),
      .segment(a_segment),
      .shift(a_shift)
  );
  static_segment #(
      .WIDTH(WIDTH),
      .M(BITS),
      .SEGMENTS(SEGMENTS)
  ) of_b (
      .x(b),
      .segment(b_segment),
      .shift(b_shift)
  );
  wire [2*WIDTH-1:0] a_wide = {{(2 * WIDTH - BITS) {1'b0}}, a_segment};
  wire [2*WIDTH-1:0] b_wide = {{(2 * WIDTH - BITS) {1'b0}}, b_segment};
  wire [SHIFT_BITS:0] shift = {1'b0, a_shift} + {1'b0, b_shift};
  assign y = (a_wide * b_wide) << shift;
endmodule
