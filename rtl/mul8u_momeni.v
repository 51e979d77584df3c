// mul8u_momeni: 8x8 unsigned Dadda multiplier of 4:2 compressors, approximate in the P low columns, combinational.
//     y = sum of all cells a_j b_i 2^(i+j) as the tree below adds them, modulo 2^16
// Two stages of compressors (compressor42.v: exact in columns >= P, DESIGN in columns < P) and of exact half and full
// adders, then one exact adder. The cells of a column are taken in order, i rising. C4 is a compressor, C3 one with
// x4 = 0, FA a full adder whose third input is the cout of the column before; `+` marks a cin from there:
//     column     2   3   4   5   6      7       8        9       10   11   12   13
//     stage 1            HA  C4  C4+ HA C4+ C4  C4+ C3+  C4+ FA  C4+  FA
//     stage 2    HA  C4  C4+ C4+ C4+    C4+     C4+      C4+     C4+  C4+  C4+  FA
// Cells of the second stage: sums of the first in order, cells it left, its carries from the column before, in order.
// The source's multipliers 1 and 2 are P = 15 (or 16) with DESIGN 1 and 2; 3 and 4 are P = 7 (n - 1) with the same.
// Error y - a * b: mean |error| 57.88 and 48.50 (DESIGN 1 and 2) at P = 7, 3477.7 and 3161.2 at P = 15. P <= 3 is the
// exact product; from P = 4 on, 0 * 0 is not 0.
// Source: Momeni et al., IEEE TC 64(4), 2015, pp. 984-994: 2 half adders, 2 full adders and 8 compressors, then 1, 1
// and 10, which settles the columns; the order of inputs within a column is our reading.
module mul8u_momeni #(
    parameter DESIGN = 2,  // of the approximate compressors, 1 or 2
    parameter P = 15       // approximate columns, 0 to 16
) (
    input wire [7:0] a,
    input wire [7:0] b,
    output wire [15:0] y
);
  wire [7:0] p_0 = a & {8{b[0]}};  // p_i[j] is the cell of row i in column i + j
  wire [7:0] p_1 = a & {8{b[1]}};
  wire [7:0] p_2 = a & {8{b[2]}};
  wire [7:0] p_3 = a & {8{b[3]}};
  wire [7:0] p_4 = a & {8{b[4]}};
  wire [7:0] p_5 = a & {8{b[5]}};
  wire [7:0] p_6 = a & {8{b[6]}};
  wire [7:0] p_7 = a & {8{b[7]}};

  // Sums s, carries k and couts o of the column that they count in; a and b are the first stage's, c the second's.
  wire [11:4] s_a;
  wire [9:6] s_b;
  wire [12:5] k_a;
  wire [10:7] k_b;
  wire [11:6] o_a;
  wire [9:8] o_b;
  wire [13:2] s_c;
  wire [14:3] k_c;
  wire [13:4] o_c;

  // Stage 1
  assign {k_a[5], s_a[4]} = {p_0[4] & p_1[3], p_0[4] ^ p_1[3]};
  compressor42 #(.DESIGN(5 < P ? DESIGN : 0)) a5 (
      .x({p_3[2], p_2[3], p_1[4], p_0[5]}), .cin(1'b0), .sum(s_a[5]), .carry(k_a[6]), .cout(o_a[6]));
  compressor42 #(.DESIGN(6 < P ? DESIGN : 0)) a6 (
      .x({p_3[3], p_2[4], p_1[5], p_0[6]}), .cin(o_a[6]), .sum(s_a[6]), .carry(k_a[7]), .cout(o_a[7]));
  assign {k_b[7], s_b[6]} = {p_4[2] & p_5[1], p_4[2] ^ p_5[1]};
  compressor42 #(.DESIGN(7 < P ? DESIGN : 0)) a7 (
      .x({p_3[4], p_2[5], p_1[6], p_0[7]}), .cin(o_a[7]), .sum(s_a[7]), .carry(k_a[8]), .cout(o_a[8]));
  compressor42 #(.DESIGN(7 < P ? DESIGN : 0)) b7 (
      .x({p_7[0], p_6[1], p_5[2], p_4[3]}), .cin(1'b0), .sum(s_b[7]), .carry(k_b[8]), .cout(o_b[8]));
  compressor42 #(.DESIGN(8 < P ? DESIGN : 0)) a8 (
      .x({p_4[4], p_3[5], p_2[6], p_1[7]}), .cin(o_a[8]), .sum(s_a[8]), .carry(k_a[9]), .cout(o_a[9]));
  compressor42 #(.DESIGN(8 < P ? DESIGN : 0)) b8 (
      .x({1'b0, p_7[1], p_6[2], p_5[3]}), .cin(o_b[8]), .sum(s_b[8]), .carry(k_b[9]), .cout(o_b[9]));
  compressor42 #(.DESIGN(9 < P ? DESIGN : 0)) a9 (
      .x({p_5[4], p_4[5], p_3[6], p_2[7]}), .cin(o_a[9]), .sum(s_a[9]), .carry(k_a[10]), .cout(o_a[10]));
  assign s_b[9] = p_6[3] ^ p_7[2] ^ o_b[9];
  assign k_b[10] = (p_6[3] & p_7[2]) | (o_b[9] & (p_6[3] | p_7[2]));
  compressor42 #(.DESIGN(10 < P ? DESIGN : 0)) a10 (
      .x({p_6[4], p_5[5], p_4[6], p_3[7]}), .cin(o_a[10]), .sum(s_a[10]), .carry(k_a[11]), .cout(o_a[11]));
  assign s_a[11] = p_4[7] ^ p_5[6] ^ o_a[11];
  assign k_a[12] = (p_4[7] & p_5[6]) | (o_a[11] & (p_4[7] | p_5[6]));

  // Stage 2
  assign {k_c[3], s_c[2]} = {p_0[2] & p_1[1], p_0[2] ^ p_1[1]};
  compressor42 #(.DESIGN(3 < P ? DESIGN : 0)) c3 (
      .x({p_3[0], p_2[1], p_1[2], p_0[3]}), .cin(1'b0), .sum(s_c[3]), .carry(k_c[4]), .cout(o_c[4]));
  compressor42 #(.DESIGN(4 < P ? DESIGN : 0)) c4 (
      .x({p_4[0], p_3[1], p_2[2], s_a[4]}), .cin(o_c[4]), .sum(s_c[4]), .carry(k_c[5]), .cout(o_c[5]));
  compressor42 #(.DESIGN(5 < P ? DESIGN : 0)) c5 (
      .x({k_a[5], p_5[0], p_4[1], s_a[5]}), .cin(o_c[5]), .sum(s_c[5]), .carry(k_c[6]), .cout(o_c[6]));
  compressor42 #(.DESIGN(6 < P ? DESIGN : 0)) c6 (
      .x({k_a[6], p_6[0], s_b[6], s_a[6]}), .cin(o_c[6]), .sum(s_c[6]), .carry(k_c[7]), .cout(o_c[7]));
  compressor42 #(.DESIGN(7 < P ? DESIGN : 0)) c7 (
      .x({k_b[7], k_a[7], s_b[7], s_a[7]}), .cin(o_c[7]), .sum(s_c[7]), .carry(k_c[8]), .cout(o_c[8]));
  compressor42 #(.DESIGN(8 < P ? DESIGN : 0)) c8 (
      .x({k_b[8], k_a[8], s_b[8], s_a[8]}), .cin(o_c[8]), .sum(s_c[8]), .carry(k_c[9]), .cout(o_c[9]));
  compressor42 #(.DESIGN(9 < P ? DESIGN : 0)) c9 (
      .x({k_b[9], k_a[9], s_b[9], s_a[9]}), .cin(o_c[9]), .sum(s_c[9]), .carry(k_c[10]), .cout(o_c[10]));
  compressor42 #(.DESIGN(10 < P ? DESIGN : 0)) c10 (
      .x({k_b[10], k_a[10], p_7[3], s_a[10]}), .cin(o_c[10]), .sum(s_c[10]), .carry(k_c[11]), .cout(o_c[11]));
  compressor42 #(.DESIGN(11 < P ? DESIGN : 0)) c11 (
      .x({k_a[11], p_7[4], p_6[5], s_a[11]}), .cin(o_c[11]), .sum(s_c[11]), .carry(k_c[12]), .cout(o_c[12]));
  compressor42 #(.DESIGN(12 < P ? DESIGN : 0)) c12 (
      .x({k_a[12], p_7[5], p_6[6], p_5[7]}), .cin(o_c[12]), .sum(s_c[12]), .carry(k_c[13]), .cout(o_c[13]));
  assign s_c[13] = p_6[7] ^ p_7[6] ^ o_c[13];
  assign k_c[14] = (p_6[7] & p_7[6]) | (o_c[13] & (p_6[7] | p_7[6]));

  assign y = {1'b0, p_7[7], s_c, p_0[1], p_0[0]} + {1'b0, k_c, p_2[0], p_1[0], 1'b0};
endmodule
