// nearest_power: exponent of the power of two nearest to x, combinational.
//     exponent = k + 1 if x >= 3 * 2^(k-1) and k >= 2;   else k = floor(log2 x)
// So x halfway between two powers goes to the larger, except 3, which goes to 2. x = 0 gives 0, as 1 does. The exponent
// may be WIDTH. One of the two operands of mul_u_roba.v.
module nearest_power #(
    parameter WIDTH = 8,  // 4 to 32
    parameter EXPONENT_BITS = $clog2(WIDTH + 1)
) (
    input wire [WIDTH-1:0] x,
    output wire [EXPONENT_BITS-1:0] exponent
);
  localparam K_BITS = $clog2(WIDTH);
  localparam integer LAST = WIDTH - 1;
  wire [K_BITS-1:0] k;
  leading_one #(.WIDTH(WIDTH)) find (
      .x(x),
      .position(k)
  );
  wire [WIDTH-1:0] normalized = x << (LAST[K_BITS-1:0] - k);
  wire unused = &{1'b0, normalized[WIDTH-1], normalized[WIDTH-3:0]};
  wire up = normalized[WIDTH-2] & |k[K_BITS-1:1];
  generate
    if (EXPONENT_BITS == K_BITS) begin : same
      assign exponent = k + {{(K_BITS - 1) {1'b0}}, up};
    end else begin : wider
      assign exponent = {1'b0, k} + {{K_BITS{1'b0}}, up};
    end
  endgenerate
endmodule
