// booth8: 8x8 signed radix-4 Booth multiplier with approximate low columns, combinational.
//
//     y = (sum of all rows - (2^8 + 2^10 + 2^12 + 2^14)) mod 2^16, read as signed
//
// b (the multiplier) is recoded into digits b_{2i-1} + b_{2i} - 2 b_{2i+1} of {-2, -1, 0, 1, 2}, i = 0..3, b_{-1} = 0.
// Row i holds the partial products of a (the multiplicand) at columns c = 2i + j, j = 0..8, with a_8 = a_7, a_{-1} = 0:
//
//     exact  pp_ij = (b_{2i} ^ b_{2i-1}) & (b_{2i+1} ^ a_j)  |  ~(b_{2i} ^ b_{2i-1}) & (b_{2i+1} ^ b_{2i}) & (b_{2i+1} ^ a_{j-1})
//
// Its top bit (j = 8) is inverted and the constant above added, which replaces sign extension; neg_i completes the
// two's complement of a negative row at column 2i and stays exact.
//
// In columns c < P an approximate encoder takes the place of the exact one:
//     ENCODER 1, E1:  (b_{2i} ^ b_{2i-1}) & (b_{2i+1} ^ a_j)                               2A becomes 0 (R4ABE1)
//     ENCODER 2, E2:  b_{2i+1} ^ a_j                                                       (R4ABE2)
//     ENCODER 3, E1a: ((b_{2i} ^ b_{2i-1}) | (b_{2i+1} ^ b_{2i})) & (b_{2i+1} ^ a_j)       2A becomes A (a variant)
// and, in those of them with three or more partial products (columns 4..10), a 4:2 compressor without carry-in takes
// x1..x4 = rows 0..3 (absent rows 0). Sum and carry go on exactly, with no second stage:
//     COMPRESSOR 0:       exact addition
//     COMPRESSOR 1, AC1:  carry = x1 x2 | x3 x4,         sum = (x1 ^ x2) | (x3 ^ x4) | x1 x2 x3 x4     5 of 16 wrong, all -1
//     COMPRESSOR 2, AC2:  carry = (x1 | x2)(x3 | x4),    sum = ~(x1 ^ x2) | ~(x3 ^ x4)                 4 of 16 wrong
//
// P = 0 is the exact product. Error at P = 8, over all pairs: mean |error| 142.9 (E2), 117.5 (E1), 51.6 (E1a) with exact
// compression. With AC2 and P >= 6, 0 * 0 is not 0.
// Source: encoders from Liu et al., IEEE TC 66(8), 2017, pp. 1435-1441 (E1, E2 as best known); AC1 from Venkatachalam
// and Ko, IEEE TVLSI 25(5), 2017, pp. 1782-1786, where it compresses altered partial products, applied here to Booth
// rows; AC2 is design 2 of Momeni et al., IEEE TC 64(4), 2015, pp. 984-994.
module booth8 #(
    parameter ENCODER = 1,     // 1 E1, 2 E2, 3 E1a
    parameter COMPRESSOR = 0,  // 0 exact, 1 AC1, 2 AC2
    parameter P = 8            // approximate columns, 0 to 16
) (
    input wire signed [7:0] a,
    input wire signed [7:0] b,
    output wire signed [15:0] y
);
  wire [8:0] b_0 = {b, 1'b0};        // b_0[k] = b_{k-1}
  wire [9:0] a_0 = {a[7], a, 1'b0};  // a_0[j] = a_{j-1}
  wire unused = &{1'b0, a_0[0]};     // where every row starts with an approximate cell

  // Bit 16 * i + c of `cells` is the partial product of row i in column c, bit j = 8 already inverted.
  wire [63:0] cells;
  wire [15:0] negative;

  genvar i, c;
  generate
    for (i = 0; i < 4; i = i + 1) begin : row
      wire high = b_0[2*i+2];  // b_{2i+1}
      wire mid = b_0[2*i+1];   // b_{2i}
      wire low = b_0[2*i];     // b_{2i-1}
      assign negative[2*i+:2] = {1'b0, high & ~(mid & low)};

      for (c = 0; c < 16; c = c + 1) begin : column
        if (c < 2 * i || c > 2 * i + 8) begin : absent
          assign cells[16*i+c] = 1'b0;
        end else begin : present
          wire same = high ^ a_0[c-2*i+1];  // bit j of A or ~A; of 2A or ~2A it is high ^ a_0[c-2*i]
          wire pp;
          if (c >= P) begin : exact
            assign pp = ((mid ^ low) & same) | (~(mid ^ low) & (high ^ mid) & (high ^ a_0[c-2*i]));
          end else if (ENCODER == 1) begin : e1
            assign pp = (mid ^ low) & same;
          end else if (ENCODER == 2) begin : e2
            assign pp = same;
          end else begin : e1a
            assign pp = ((mid ^ low) | (high ^ mid)) & same;
          end
          assign cells[16*i+c] = (c == 2 * i + 8) ? ~pp : pp;
        end
      end
    end
    assign negative[15:8] = 8'b0;
  endgenerate

  // Columns after compression: what is left of each row, sums, and carries at the column they count in.
  wire [63:0] rest;
  wire [15:0] sums;
  wire [15:0] carries;
  assign carries[4:0] = 5'b0;
  assign carries[15:12] = 4'b0;
  generate
    for (c = 0; c < 16; c = c + 1) begin : compress
      if (COMPRESSOR != 0 && c < P && c >= 4 && c <= 10) begin : approximate
        wire x1 = cells[c];
        wire x2 = cells[16+c];
        wire x3 = cells[32+c];
        wire x4 = cells[48+c];
        if (COMPRESSOR == 1) begin : ac1
          assign carries[c+1] = (x1 & x2) | (x3 & x4);
          assign sums[c] = (x1 ^ x2) | (x3 ^ x4) | (x1 & x2 & x3 & x4);
        end else begin : ac2
          assign carries[c+1] = (x1 | x2) & (x3 | x4);
          assign sums[c] = ~(x1 ^ x2) | ~(x3 ^ x4);
        end
        assign rest[c] = 1'b0;
        assign rest[16+c] = 1'b0;
        assign rest[32+c] = 1'b0;
        assign rest[48+c] = 1'b0;
      end else begin : pass
        if (c >= 4 && c <= 10) begin : no_carry
          assign carries[c+1] = 1'b0;
        end
        assign sums[c] = 1'b0;
        assign rest[c] = cells[c];
        assign rest[16+c] = cells[16+c];
        assign rest[32+c] = cells[32+c];
        assign rest[48+c] = cells[48+c];
      end
    end
  endgenerate

  // 16'hab00 = -(2^8 + 2^10 + 2^12 + 2^14) mod 2^16.
  assign y = rest[15:0] + rest[31:16] + rest[47:32] + rest[63:48] + sums + carries + negative + 16'hab00;
endmodule
