// requantise: an accumulator code becomes an activation code: multiply, round half up, shift, add, clamp; combinational.
//     q = clamp(zero_point + floor((acc * m + (n > 0 ? 2^(n-1) : 0)) / 2^n), lowest, highest)
// acc: W bits, two's complement; m: in [2^30, 2^31) or 0; n: 0 to 62; zero_point, lowest, highest, q: Q_BITS bits, two's
// complement, lowest <= highest. Nothing wraps inside: -0.5 becomes 0 and -1.5 becomes -1. A fused ReLU is
// lowest = zero_point.
// Source: Jacob et al., CVPR 2018, eq. 5 to 7, with half up as the rounding.
module requantise #(
    parameter W = 32,      // 2 to 64
    parameter Q_BITS = 17  // 2 to 32; 17 holds the codes of signed and unsigned 16 bits
) (
    input wire [W-1:0] acc,
    input wire [30:0] m,
    input wire [5:0] n,
    input wire [Q_BITS-1:0] zero_point,
    input wire [Q_BITS-1:0] lowest,
    input wire [Q_BITS-1:0] highest,
    output wire [Q_BITS-1:0] q
);
  localparam T = W + 64;  // |acc * m| < 2^(W + 30), the rounding term <= 2^61, the zero point < 2^31

  wire signed [T-1:0] acc_wide = {{(T - W) {acc[W-1]}}, acc};
  wire signed [T-1:0] m_wide = {{(T - 31) {1'b0}}, m};
  wire signed [T-1:0] half = (n == 6'd0) ? {T{1'b0}} : {{(T - 1) {1'b0}}, 1'b1} << (n - 6'd1);
  wire signed [T-1:0] scaled = acc_wide * m_wide + half;
  wire signed [T-1:0] shifted = scaled >>> n;

  wire signed [T-1:0] low = {{(T - Q_BITS) {lowest[Q_BITS-1]}}, lowest};
  wire signed [T-1:0] high = {{(T - Q_BITS) {highest[Q_BITS-1]}}, highest};
  wire signed [T-1:0] moved = shifted + {{(T - Q_BITS) {zero_point[Q_BITS-1]}}, zero_point};
  assign q = (moved < low) ? lowest : (moved > high) ? highest : moved[Q_BITS-1:0];
endmodule
