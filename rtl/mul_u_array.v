// mul_u_array: exact unsigned carry-save array multiplier written in gates, combinational.
//     y = a * b,   a in [0, 2^A_BITS - 1],   b in [0, 2^B_BITS - 1];   y: A_BITS + B_BITS bits, never wraps.
// Row i adds a * b_i to what the rows before it left: a sum bit and a carry bit a column. A ripple-carry row ends it.
// Error: none. mul_u_exact.v is the same function, left to the synthesis tool.
// Source: the array multiplier of Braun; see Parhami, Computer Arithmetic, 2nd ed., 2010, section 11.5.
module mul_u_array #(
    parameter A_BITS = 8,  // 2 to 16
    parameter B_BITS = 8   // 2 to 16
) (
    input wire [A_BITS-1:0] a,
    input wire [B_BITS-1:0] b,
    output wire [A_BITS+B_BITS-1:0] y
);
  genvar i, j;
  generate
    for (i = 0; i < B_BITS; i = i + 1) begin : row  // bit j of a row counts 2^(i + j)
      wire [A_BITS-1:0] cells = a & {A_BITS{b[i]}};
      wire [A_BITS-1:0] above;
      wire [A_BITS-1:0] carried;
      if (i == 0) begin : first
        assign above   = {A_BITS{1'b0}};
        assign carried = {A_BITS{1'b0}};
      end else begin : later
        assign above   = {1'b0, row[i-1].sums[A_BITS-1:1]};
        assign carried = row[i-1].carries;
      end
      wire [A_BITS-1:0] sums = cells ^ above ^ carried;
      wire [A_BITS-1:0] carries = (cells & above) | (carried & (cells ^ above));
      assign y[i] = sums[0];
    end

    for (j = 0; j < A_BITS; j = j + 1) begin : ripple
      wire above;
      wire carry_in;
      wire carry = row[B_BITS-1].carries[j];
      if (j == A_BITS - 1) begin : top
        assign above = 1'b0;
      end else begin : inner
        assign above = row[B_BITS-1].sums[j+1];
        wire carry_out = (above & carry) | (carry_in & (above ^ carry));
      end
      if (j == 0) begin : start
        assign carry_in = 1'b0;
      end else begin : next
        assign carry_in = ripple[j-1].inner.carry_out;
      end
      assign y[B_BITS+j] = above ^ carry ^ carry_in;
    end
  endgenerate
endmodule
