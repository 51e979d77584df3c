// mul8u_venkatachalam_ko: 8x8 unsigned multiplier of altered partial products, approximate in the P low columns.
// Combinational.
//     y = sum of a_j b_i 2^(i+j) over i + j >= P  +  what two stages leave of the columns below P,   modulo 2^16
// Altered partial products, columns 3 to 11: the cells a_m b_n and a_n b_m, m < n, become p = either and g = both. A
// column's cells are its p, m rising, then a_m b_m where there is one, then G, the OR of all its g. The other columns
// keep their cells, i rising in a_j b_i.
// Stage 1 takes the first cells of a column c < P. Stage 2 takes the first of: the sum of stage 1, cells that it left,
// the carry of stage 1 from column c - 1, the carry of stage 2 from column c - 1. Two or fewer remain:
//     column     0   1   2   3   4   5   6   7   8   9   10  11  12  13  14
//     stage 1            FA  FA  C   C   C   C   C   C   C   FA  FA
//     stage 2                            HA  FA  FA  HA  HA  HA  HA  FA
// HA  sum = x1 | x2,   carry = x1 x2                                                     1 of 4 wrong, +1
// FA  sum = (x1 | x2) ^ x3,   carry = (x1 | x2) x3                                       2 of 8 wrong, -1
// C   sum = (x1 ^ x2) | (x3 ^ x4) | x1 x2 x3 x4,   carry = x1 x2 | x3 x4                 5 of 16 wrong, -1
// What remains, carries into column P and the exact columns are added exactly.
// The source's multiplier 1 is P = 15 (or 16), multiplier 2 is P = 7 (n - 1). P <= 2 is the exact product, 0 * 0 is 0.
// Error y - a * b: mean |error| 27.33, mean -19.56 at P = 7; 1482.4 and -802.0 at P = 15.
// Source: Venkatachalam and Ko, IEEE TVLSI 25(5), 2017, pp. 1782-1786: cells and adders; the layout is our reading.
module mul8u_venkatachalam_ko #(
    parameter P = 7  // approximate columns, 0 to 16
) (
    input wire [7:0] a,
    input wire [7:0] b,
    output wire [15:0] y
);
  wire [7:0] p_0 = a & {8{b[0]}};  // p_i[j] = a_j b_i, in column i + j
  wire [7:0] p_1 = a & {8{b[1]}};
  wire [7:0] p_2 = a & {8{b[2]}};
  wire [7:0] p_3 = a & {8{b[3]}};
  wire [7:0] p_4 = a & {8{b[4]}};
  wire [7:0] p_5 = a & {8{b[5]}};
  wire [7:0] p_6 = a & {8{b[6]}};
  wire [7:0] p_7 = a & {8{b[7]}};

  // x_c[0] is the first cell of column c.
  wire [2:0] x_2 = {p_2[0], p_1[1], p_0[2]};
  wire g_3 = (p_0[3] & p_3[0]) | (p_1[2] & p_2[1]);
  wire [2:0] x_3 = {g_3, p_1[2] | p_2[1], p_0[3] | p_3[0]};
  wire g_4 = (p_0[4] & p_4[0]) | (p_1[3] & p_3[1]);
  wire [3:0] x_4 = {g_4, p_2[2], p_1[3] | p_3[1], p_0[4] | p_4[0]};
  wire g_5 = (p_0[5] & p_5[0]) | (p_1[4] & p_4[1]) | (p_2[3] & p_3[2]);
  wire [3:0] x_5 = {g_5, p_2[3] | p_3[2], p_1[4] | p_4[1], p_0[5] | p_5[0]};
  wire g_6 = (p_0[6] & p_6[0]) | (p_1[5] & p_5[1]) | (p_2[4] & p_4[2]);
  wire [4:0] x_6 = {g_6, p_3[3], p_2[4] | p_4[2], p_1[5] | p_5[1], p_0[6] | p_6[0]};
  wire g_7 = (p_0[7] & p_7[0]) | (p_1[6] & p_6[1]) | (p_2[5] & p_5[2]) | (p_3[4] & p_4[3]);
  wire [4:0] x_7 = {g_7, p_3[4] | p_4[3], p_2[5] | p_5[2], p_1[6] | p_6[1], p_0[7] | p_7[0]};
  wire g_8 = (p_1[7] & p_7[1]) | (p_2[6] & p_6[2]) | (p_3[5] & p_5[3]);
  wire [4:0] x_8 = {g_8, p_4[4], p_3[5] | p_5[3], p_2[6] | p_6[2], p_1[7] | p_7[1]};
  wire g_9 = (p_2[7] & p_7[2]) | (p_3[6] & p_6[3]) | (p_4[5] & p_5[4]);
  wire [3:0] x_9 = {g_9, p_4[5] | p_5[4], p_3[6] | p_6[3], p_2[7] | p_7[2]};
  wire g_10 = (p_3[7] & p_7[3]) | (p_4[6] & p_6[4]);
  wire [3:0] x_10 = {g_10, p_5[5], p_4[6] | p_6[4], p_3[7] | p_7[3]};
  wire g_11 = (p_4[7] & p_7[4]) | (p_5[6] & p_6[5]);
  wire [2:0] x_11 = {g_11, p_5[6] | p_6[5], p_4[7] | p_7[4]};
  wire [2:0] x_12 = {p_7[5], p_6[6], p_5[7]};
  wire [1:0] x_13 = {p_7[6], p_6[7]};

  function [1:0] half(input [1:0] x);
    half = {x[0] & x[1], x[0] | x[1]};
  endfunction

  function [1:0] full(input [2:0] x);
    full = {(x[0] | x[1]) & x[2], (x[0] | x[1]) ^ x[2]};
  endfunction

  function [1:0] four(input [3:0] x);
    four = {(x[0] & x[1]) | (x[2] & x[3]), (x[0] ^ x[1]) | (x[2] ^ x[3]) | (&x)};
  endfunction

  // {carry, sum} of stage 1 (v) and stage 2 (w) in column c.
  wire [1:0] v_2 = full(x_2);
  wire [1:0] v_3 = full(x_3);
  wire [1:0] v_4 = four(x_4);
  wire [1:0] v_5 = four(x_5);
  wire [1:0] v_6 = four(x_6[3:0]);
  wire [1:0] v_7 = four(x_7[3:0]);
  wire [1:0] v_8 = four(x_8[3:0]);
  wire [1:0] v_9 = four(x_9);
  wire [1:0] v_10 = four(x_10);
  wire [1:0] v_11 = full(x_11);
  wire [1:0] v_12 = full(x_12);
  wire [1:0] w_6 = half({x_6[4], v_6[0]});
  wire [1:0] w_7 = full({v_6[1], x_7[4], v_7[0]});
  wire [1:0] w_8 = full({v_7[1], x_8[4], v_8[0]});
  wire [1:0] w_9 = half({v_8[1], v_9[0]});
  wire [1:0] w_10 = half({v_9[1], v_10[0]});
  wire [1:0] w_11 = half({v_10[1], v_11[0]});
  wire [1:0] w_12 = half({v_11[1], v_12[0]});
  wire [1:0] w_13 = full({v_12[1], x_13});

  // The two cells that remain in each column, and the carries of either stage at the column that they count in.
  wire [15:0] cell_1 = {
    1'b0, p_7[7], w_13[0], w_12[0], w_11[0], w_10[0], w_9[0], w_8[0],
    w_7[0], w_6[0], v_5[0], v_4[0], v_3[0], v_2[0], p_0[1], p_0[0]
  };
  wire [15:0] cell_2 = {
    1'b0, w_13[1], w_12[1], w_11[1], w_10[1], w_9[1], w_8[1], w_7[1],
    w_6[1], v_5[1], v_4[1], v_3[1], v_2[1], 1'b0, p_1[0], 1'b0
  };
  wire [15:0] carry_1 = {
    1'b0, 1'b0, v_12[1], v_11[1], v_10[1], v_9[1], v_8[1], v_7[1],
    v_6[1], v_5[1], v_4[1], v_3[1], v_2[1], 1'b0, 1'b0, 1'b0
  };
  wire [15:0] carry_2 = {
    1'b0, w_13[1], w_12[1], w_11[1], w_10[1], w_9[1], w_8[1], w_7[1],
    w_6[1], 1'b0, 1'b0, 1'b0, 1'b0, 1'b0, 1'b0, 1'b0
  };

  localparam [15:0] EXACT = 16'hffff << P;
  localparam [15:0] LOWEST = EXACT & ~(EXACT << 1);  // column P
  wire [15:0] exact = ({8'b0, p_0} & EXACT) + ({7'b0, p_1, 1'b0} & EXACT) + ({6'b0, p_2, 2'b0} & EXACT)
      + ({5'b0, p_3, 3'b0} & EXACT) + ({4'b0, p_4, 4'b0} & EXACT) + ({3'b0, p_5, 5'b0} & EXACT)
      + ({2'b0, p_6, 6'b0} & EXACT) + ({1'b0, p_7, 7'b0} & EXACT);
  assign y = exact + (cell_1 & ~EXACT) + (cell_2 & ~EXACT) + (carry_1 & LOWEST) + (carry_2 & LOWEST);
endmodule
