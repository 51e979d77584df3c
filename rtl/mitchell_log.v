// mitchell_log: piecewise linear binary logarithm in fixed point, combinational.
//     log = k + x,   k = floor(log2 value),   x = value / 2^k - 1 in [0, 1)
// log has WIDTH - 1 fraction bits, which hold x exactly, and ceil(log2 WIDTH) integer bits. 0 gives 0, as 1 does.
// Source: Mitchell, IRE Trans. Electronic Computers EC-11(4), 1962, pp. 512-517.
module mitchell_log #(
    parameter WIDTH = 8,  // 2 to 32
    parameter LOG_BITS = $clog2(WIDTH) + WIDTH - 1
) (
    input wire [WIDTH-1:0] value,
    output wire [LOG_BITS-1:0] log
);
  localparam K_BITS = $clog2(WIDTH);
  localparam integer LAST = WIDTH - 1;
  wire [K_BITS-1:0] k;
  leading_one #(.WIDTH(WIDTH)) find (
      .x(value),
      .position(k)
  );
  wire [WIDTH-1:0] normalized = value << (LAST[K_BITS-1:0] - k);
  wire unused = &{1'b0, normalized[WIDTH-1]};  // the leading one itself
  assign log = {k, normalized[WIDTH-2:0]};
endmodule
