// leading_segment: the K bits of an operand from its leading one on, combinational.
//     shift = max(0, floor(log2 x) - (K - 1));   segment = floor(x / 2^shift), its low bit set if SET = 1 and shift > 0
// x is about segment * 2^shift; below 2^K, and for K >= WIDTH, it is exactly that. One of the two operands of
// mul_u_drum.v.
module leading_segment #(
    parameter WIDTH = 8,  // 2 to 32
    parameter K = 4,      // 1 or more
    parameter SET = 1,    // 1: the lowest kept bit stands for the mean of what was cut off
    parameter SHIFT_BITS = $clog2(WIDTH)
) (
    input wire [WIDTH-1:0] x,
    output wire [K-1:0] segment,
    output wire [SHIFT_BITS-1:0] shift
);
  generate
    if (K >= WIDTH) begin : whole
      if (K == WIDTH) begin : same
        assign segment = x;
      end else begin : wider
        assign segment = {{(K - WIDTH) {1'b0}}, x};
      end
      assign shift = {SHIFT_BITS{1'b0}};
    end else begin : part
      localparam integer LAST = K - 1;
      wire [SHIFT_BITS-1:0] position;
      leading_one #(.WIDTH(WIDTH)) find (
          .x(x),
          .position(position)
      );
      wire cut = position > LAST[SHIFT_BITS-1:0];
      assign shift = cut ? position - LAST[SHIFT_BITS-1:0] : {SHIFT_BITS{1'b0}};
      wire [WIDTH-1:0] shifted = x >> shift;
      wire unused = &{1'b0, shifted[WIDTH-1:K]};  // all 0: the leading one has come down to bit K - 1
      if (K == 1) begin : one_bit
        assign segment = shifted[0];
      end else begin : bits
        assign segment = {shifted[K-1:1], shifted[0] | (cut & (SET != 0))};
      end
    end
  endgenerate
endmodule
