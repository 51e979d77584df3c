// mul_u_drum: unsigned multiplier on the K bits of each operand from its leading one on, combinational.
//     y = s(a) * s(b) * 2^(t(a) + t(b))
//     t(x) = max(0, floor(log2 x) - (K - 1));   s(x) = floor(x / 2^t(x)), with its low bit set where t(x) > 0
// a, b in [0, 2^WIDTH - 1];   y: 2 * WIDTH bits, never wraps. Exact where both operands are below 2^K.
// The low bit that is always set makes up for the mean of the bits cut off (SET = 0 leaves it out: DSM, the dynamic
// segment method, which never exceeds the product).
// Error relative to a * b, SET = 1: in (-2^(1-K) * (2 - 2^(1-K)), 2^(1-K) * (2 + 2^(1-K))], mean about 0; the upper end
// is met where both operands are powers of two, 2^K or more. SET = 0: in (-2^(1-K) * (2 - 2^(1-K)), 0].
// Source: Hashemi, Bahar and Reda, ICCAD 2015, pp. 418-425 (DRUM); DSM from Narayanamoorthy et al., IEEE TVLSI 23(6),
// 2015, pp. 1180-1184.
module mul_u_drum #(
    parameter WIDTH = 8,  // of each operand, 4 to 16
    parameter K = 4,      // bits kept of each operand, 2 or more; exact from WIDTH on
    parameter SET = 1     // 1 DRUM, 0 DSM
) (
    input wire [WIDTH-1:0] a,
    input wire [WIDTH-1:0] b,
    output wire [2*WIDTH-1:0] y
);
  localparam SHIFT_BITS = $clog2(WIDTH);
  localparam BITS = K < WIDTH ? K : WIDTH;
  wire [BITS-1:0] a_segment, b_segment;
  wire [SHIFT_BITS-1:0] a_shift, b_shift;
  leading_segment #(
      .WIDTH(WIDTH),
      .K(BITS),
      .SET(SET)
  ) of_a (
      .x(a),
      .segment(a_segment),
      .shift(a_shift)
  );
  leading_segment #(
      .WIDTH(WIDTH),
      .K(BITS),
      .SET(SET)
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
