// mul_u_tosam: truncation- and rounding-based scalable approximate multiplier, unsigned, combinational.
//     y = 0 if a = 0 or b = 0;   else, with v = 2^k(v) * (1 + x(v)), x(v) in [0, 1),
//     y = floor(2^(k(a) + k(b)) * (1 + C(x(a)) + C(x(b)) + O(x(a)) * O(x(b))))
//     C(x) = floor(2^T * x) / 2^T: T fraction bits;   O(x) = floor(2^H * x) / 2^H + 2^-(H+1): H of them, then a 1
// The addition takes truncated fractions, the small multiplication those rounded to the nearest odd number of H + 1
// bits.
// a, b in [0, 2^WIDTH - 1];   y: 2 * WIDTH bits, never wraps.
// Error: mean |relative error| at 16 bits 10.9% (H = 0, T = 2), 7.6% (0, 3), 2.1% (2, 6), 1.05% (3, 7).
// Source: Vahdat et al., IEEE TVLSI 27(5), 2019, pp. 1161-1173 (there TOSAM(H, T)). That only O ends in a 1 is our
// reading, which gives these published errors.
module mul_u_tosam #(
    parameter WIDTH = 8,  // of each operand, 4 to 16
    parameter H = 2,      // fraction bits in the multiplication, 0 to 7
    parameter T = 6       // fraction bits in the addition, 0 to 15
) (
    input wire [WIDTH-1:0] a,
    input wire [WIDTH-1:0] b,
    output wire [2*WIDTH-1:0] y
);
  localparam LOG_BITS = $clog2(WIDTH) + WIDTH - 1;
  localparam FRACTION = T > 2 * H + 2 ? T : 2 * H + 2;
  wire [LOG_BITS-1:0] a_log, b_log;
  mitchell_log #(.WIDTH(WIDTH)) log_of_a (
      .value(a),
      .log(a_log)
  );
  mitchell_log #(.WIDTH(WIDTH)) log_of_b (
      .value(b),
      .log(b_log)
  );
  wire [15:0] a_fraction = {a_log[WIDTH-2:0], {(17 - WIDTH) {1'b0}}};
  wire [15:0] b_fraction = {b_log[WIDTH-2:0], {(17 - WIDTH) {1'b0}}};
  wire [LOG_BITS-WIDTH+1:0] k = {1'b0, a_log[LOG_BITS-1:WIDTH-1]} + {1'b0, b_log[LOG_BITS-1:WIDTH-1]};

  // In units of 2^-FRACTION; below 4.
  wire [FRACTION+1:0] one = {2'b01, {FRACTION{1'b0}}};
  wire [FRACTION+1:0] a_truncated, b_truncated;
  wire [2*H+1:0] a_odd, b_odd;
  generate
    if (T == 0) begin : no_addition
      assign a_truncated = {(FRACTION + 2) {1'b0}};
      assign b_truncated = {(FRACTION + 2) {1'b0}};
    end else begin : addition
      assign a_truncated = {{(FRACTION + 2 - T) {1'b0}}, a_fraction[15-:T]} << (FRACTION - T);
      assign b_truncated = {{(FRACTION + 2 - T) {1'b0}}, b_fraction[15-:T]} << (FRACTION - T);
    end
    if (H == 0) begin : half
      assign a_odd = 2'b01;
      assign b_odd = 2'b01;
    end else begin : odd
      assign a_odd = {{(H + 1) {1'b0}}, a_fraction[15-:H], 1'b1};
      assign b_odd = {{(H + 1) {1'b0}}, b_fraction[15-:H], 1'b1};
    end
  endgenerate
  wire [2*H+1:0] product = a_odd * b_odd;
  wire [FRACTION+1:0] aligned = {{(FRACTION - 2 * H) {1'b0}}, product} << (FRACTION - (2 * H + 2));
  wire [FRACTION+1:0] mantissa = one + a_truncated + b_truncated + aligned;
  wire [2*WIDTH+FRACTION-1:0] power = {{(2 * WIDTH - 2) {1'b0}}, mantissa} << k;
  wire unused = &{1'b0, power[FRACTION-1:0], a_fraction, b_fraction};
  assign y = (|a && |b) ? power[2*WIDTH+FRACTION-1:FRACTION] : {(2 * WIDTH) {1'b0}};
endmodule
