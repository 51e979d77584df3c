// add_ama: ripple-carry adder whose K low cells are approximate mirror adders, on two's-complement patterns, without
// carry-out, combinational. No carry enters cell 0; the upper part is exact and takes the carry of cell K - 1.
//     CELL 1 (AMA1): carry = q | p c,   sum = ~p ~q c | p q c        wrong in 1 of 8 carries and 2 of 8 sums
//     CELL 2 (AMA2): carry exact,       sum = ~carry                 0 and 2
//     CELL 3 (AMA3): carry = q | p c,   sum = ~carry                 1 and 3
//     CELL 4 (AMA4): carry = p,         sum = c (~p | q)             2 and 3
//     CELL 5 (AMA5): carry = p,         sum = q                      2 and 4
// p, q, c: bits of a, of b, and the carry from below. K = 0 is the exact adder; K >= W has approximate cells only.
// Source: Gupta et al., IEEE TCAD 32(1), 2013, pp. 124-137 (approximations 1 to 5).
module add_ama #(
    parameter W = 32,   // 2 to 64
    parameter K = 8,    // approximate cells, 0 to 64
    parameter CELL = 1  // 1 to 5
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
        1: full_adder = {q | (p & c), (~p & ~q & c) | (p & q & c)};
        2: full_adder = {carry, ~carry};
        3: full_adder = {q | (p & c), ~(q | (p & c))};
        4: full_adder = {p, c & (~p | q)};
        default: full_adder = {p, q};
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
