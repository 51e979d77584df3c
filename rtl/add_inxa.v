// add_inxa: ripple-carry adder whose K low cells are inexact adders InXA, on two's-complement patterns, without carry-out,
// combinational. No carry enters cell 0; the upper part is exact and takes the carry of cell K - 1.
//     CELL 1 (InXA1): carry = c,       sum exact              wrong in 2 of 8 carries and 0 of 8 sums
//     CELL 2 (InXA2): carry exact,     sum = (p ^ q) | c      0 and 2
//     CELL 3 (InXA3): carry exact,     sum = ~carry           0 and 2; the function of AMA2
// p, q, c: bits of a, of b, and the carry from below. K = 0 is the exact adder; K >= W has approximate cells only. As no
// carry enters cell 0, CELL 1 leaves a bitwise XOR in the low part.
// Source: Almurib, Kumar and Lombardi, DATE 2016, pp. 660-665.
module add_inxa #(
    parameter W = 32,   // 2 to 64
    parameter K = 8,    // approximate cells, 0 to 64
    parameter CELL = 1  // 1 to 3
) (
    input wire signed [W-1:0] a,
    input wire signed [W-1:0] b,
    output wire signed [W-1:0] y
);
  localparam [W-1:0] HIGH = {W{1'b1}} << K;  // the exact part; no bit where K >= W
  localparam [W-1:0] LOW = ~HIGH;

  // {carry, sum} of one cell.
  function [1:0] full_adder;
    input p, q, c;
    reg carry;
    begin
      carry = (p & q) | (p & c) | (q & c);
      case (CELL)
        1: full_adder = {c, p ^ q ^ c};
        2: full_adder = {carry, (p ^ q) | c};
        default: full_adder = {carry, ~carry};
      endcase
    end
  endfunction

  // {carry, sum bits} of the cells, with zeros above the sum bits.
  function [W:0] low_part;
    input [W-1:0] p, q;
    integer i;
    begin
      low_part = {(W + 1) {1'b0}};
      for (i = 0; i < W; i = i + 1) begin
        if (LOW[i]) {low_part[W], low_part[i]} = full_adder(p[i], q[i], low_part[W]);
      end
    end
  endfunction

  wire [W:0] low = low_part(a, b);
  wire [W-1:0] carry = low[W] ? HIGH & ~(HIGH << 1) : {W{1'b0}};  // at bit K
  assign y = ((a & HIGH) + (b & HIGH) + carry) | low[W-1:0];
endmodule
