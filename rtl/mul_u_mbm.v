// mul_u_mbm: minimally biased logarithmic multiplier, unsigned, combinational.
//     y = 0 if a = 0 or b = 0;   else, with v = 2^k(v) * (1 + x(v)), x(v) in [0, 1),
//     y = floor(2^(k(a) + k(b)) * (1 + x(a) + x(b) + C))                if x(a) + x(b) < 1
//     y = floor(2^(k(a) + k(b) + 1) * (x(a) + x(b) + C / 2))            else;   C = 5/64
// Mitchell's multiplier with one constant that makes up for the mean of its error, 1/12 of 2^(k(a) + k(b)), of which C
// is the value in six fraction bits. The sum is not carried into k once more where C lifts it over 2.
// a, b in [0, 2^WIDTH - 1];   y: 2 * WIDTH bits. Where the sum exceeds 2^(2 * WIDTH) - 1, y is that largest value.
// Error relative to a * b before the floor: in [-7.64%, 7.81%], mean -0.09%. With it, down to -11.1% (3 * 3).
// Source: Saadat, Bokhari and Parameswaran, IEEE TCAD 37(11), 2018, pp. 2623-2635, without truncation of the fractions.
module mul_u_mbm #(
    parameter WIDTH = 8  // of each operand, 4 to 16
) (
    input wire [WIDTH-1:0] a,
    input wire [WIDTH-1:0] b,
    output wire [2*WIDTH-1:0] y
);
  localparam LOG_BITS = $clog2(WIDTH) + WIDTH - 1;
  localparam FRACTION = WIDTH > 8 ? WIDTH - 1 : 7;  // C / 2 needs seven bits
  localparam PADDING = FRACTION - (WIDTH - 1);
  localparam integer CORRECTION = 5 << (FRACTION - 6);
  localparam integer HALVED = 5 << (FRACTION - 7);
  wire [LOG_BITS-1:0] a_log, b_log;
  mitchell_log #(.WIDTH(WIDTH)) log_of_a (
      .value(a),
      .log(a_log)
  );
  mitchell_log #(.WIDTH(WIDTH)) log_of_b (
      .value(b),
      .log(b_log)
  );
  wire [LOG_BITS:0] sum = {1'b0, a_log} + {1'b0, b_log};
  wire [WIDTH-1:0] fractions = {1'b0, a_log[WIDTH-2:0]} + {1'b0, b_log[WIDTH-2:0]};
  wire carry = fractions[WIDTH-1];
  wire unused = &{1'b0, fractions[WIDTH-2:0]};

  wire [FRACTION+1:0] corrected;  // in [1, 2 + C / 2)
  generate
    if (PADDING == 0) begin : wide
      assign corrected = {2'b01, sum[WIDTH-2:0]} + (carry ? HALVED[FRACTION+1:0] : CORRECTION[FRACTION+1:0]);
    end else begin : narrow
      assign corrected = {2'b01, sum[WIDTH-2:0], {PADDING{1'b0}}} +
                         (carry ? HALVED[FRACTION+1:0] : CORRECTION[FRACTION+1:0]);
    end
  endgenerate

  wire [2*WIDTH+FRACTION:0] power = {{(2 * WIDTH - 1) {1'b0}}, corrected} << sum[LOG_BITS:WIDTH-1];
  wire unused_fraction = &{1'b0, power[FRACTION-1:0]};
  wire [2*WIDTH-1:0] saturated = power[2*WIDTH+FRACTION-1:FRACTION] | {(2 * WIDTH) {power[2*WIDTH+FRACTION]}};
  assign y = (|a && |b) ? saturated : {(2 * WIDTH) {1'b0}};
endmodule
