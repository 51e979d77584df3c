// mul_u_alm: unsigned logarithmic multiplier, Mitchell's or with an approximate adder of logarithms, combinational.
//     y = 0 if a = 0 or b = 0;   else y = floor(2^k * (1 + x)),   k + x = log(a) (+) log(b),   x in [0, 1)
//     log(v) = floor(log2 v) + v / 2^floor(log2 v) - 1, exact in WIDTH - 1 fraction bits
// (+) adds fixed-point numbers P, Q of WIDTH - 1 fraction bits; in its low M bits
//     ADDER 0:  P + Q, exact: Mitchell's multiplier (M is not used)
//     ADDER 1, ALM-SOA:  the low bits of the sum are 1, the carry into bit M is P[M-1] & Q[M-1]   (set-one adder)
//     ADDER 2, ALM-LOA:  the low bits of the sum are P | Q, the carry is the same      (lower-part OR)
// a, b in [0, 2^WIDTH - 1];   y: 2 * WIDTH bits, never wraps. M = 0 is ADDER 0; M above WIDTH - 1 counts as WIDTH - 1.
// Error, ADDER 0: y never exceeds a * b, and falls short of it by at most 1/9 (11.1%), at x(a) = x(b) = 1/2; the mean
// of the relative error is -3.85% at large WIDTH. ADDER 1: y exceeds a * b by at most (2^M - 1) / 2^(WIDTH-1) of it.
// Source: Mitchell, IRE Trans. Electronic Computers EC-11(4), 1962, pp. 512-517; ADDER 1 and 2: Liu et al., IEEE
// TCAS-I 65(9), 2018, pp. 2856-2868.
module mul_u_alm #(
    parameter WIDTH = 8,  // of each operand, 4 to 16
    parameter ADDER = 0,  // 0 exact, 1 set-one, 2 lower-part OR
    parameter M = 4       // approximate low bits of the sum of logarithms
) (
    input wire [WIDTH-1:0] a,
    input wire [WIDTH-1:0] b,
    output wire [2*WIDTH-1:0] y
);
  localparam FRACTION = WIDTH - 1;
  localparam LOG_BITS = $clog2(WIDTH) + FRACTION;
  localparam LOW = ADDER == 0 ? 0 : M < FRACTION ? M : FRACTION;
  wire [LOG_BITS-1:0] a_log, b_log;
  mitchell_log #(.WIDTH(WIDTH)) log_of_a (
      .value(a),
      .log(a_log)
  );
  mitchell_log #(.WIDTH(WIDTH)) log_of_b (
      .value(b),
      .log(b_log)
  );

  wire [LOG_BITS:0] sum;
  generate
    if (LOW == 0) begin : exact
      assign sum = {1'b0, a_log} + {1'b0, b_log};
    end else begin : approximate
      wire carry = a_log[LOW-1] & b_log[LOW-1];
      if (ADDER == 1) begin : set_one
        wire unused = &{1'b0, a_log[LOW-1:0], b_log[LOW-1:0]};
        assign sum[LOW-1:0] = {LOW{1'b1}};
      end else begin : lower_or
        assign sum[LOW-1:0] = a_log[LOW-1:0] | b_log[LOW-1:0];
      end
      assign sum[LOG_BITS:LOW] = {1'b0, a_log[LOG_BITS-1:LOW]} + {1'b0, b_log[LOG_BITS-1:LOW]} +
                                 {{(LOG_BITS - LOW) {1'b0}}, carry};
    end
  endgenerate

  // Antilogarithm: 1.x moved up by the integer part, then the fraction dropped.
  wire [3*WIDTH-2:0] power = {{(2 * WIDTH - 1) {1'b0}}, 1'b1, sum[FRACTION-1:0]} << sum[LOG_BITS:FRACTION];
  wire unused_fraction = &{1'b0, power[FRACTION-1:0]};
  assign y = (|a && |b) ? power[3*WIDTH-2:FRACTION] : {(2 * WIDTH) {1'b0}};
endmodule
