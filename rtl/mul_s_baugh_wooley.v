// mul_s_baugh_wooley: exact signed carry-save array multiplier written in gates, combinational.
//     y = a * b,   a in [-2^(A_BITS-1), 2^(A_BITS-1) - 1],   b likewise;   y: A_BITS + B_BITS bits, never wraps.
// With m = A_BITS and n = B_BITS: cells that hold exactly one sign bit are complemented, and constants make up for it.
//     y = a_{m-1} b_{n-1} 2^(m+n-2) + sum of a_j b_i 2^(i+j)              over j < m - 1, i < n - 1
//       + sum of ~(a_j b_{n-1}) 2^(n-1+j)  over j < m - 1   + sum of ~(a_{m-1} b_i) 2^(m-1+i)  over i < n - 1
//       + 2^(m-1) + 2^(n-1) + 2^(m+n-1)    modulo 2^(m+n)
// The three ones enter at inputs that an unsigned array leaves free.
// Error: none. mul_s_exact.v is the same function, left to the synthesis tool.
// Source: Baugh and Wooley, IEEE TC C-22(12), 1973, pp. 1045-1047, in the form with complemented cells of Hatamian and
// Cash, IEEE JSSC 21(4), 1986, pp. 505-513.
module mul_s_baugh_wooley #(
    parameter A_BITS = 8,  // 2 to 16
    parameter B_BITS = 8   // 2 to 16
) (
    input wire signed [A_BITS-1:0] a,
    input wire signed [B_BITS-1:0] b,
    output wire signed [A_BITS+B_BITS-1:0] y
);
  localparam [A_BITS-1:0] SIGN = {1'b1, {A_BITS - 1{1'b0}}};

  genvar i, j;
  generate
    for (i = 0; i < B_BITS; i = i + 1) begin : row  // bit j of a row counts 2^(i + j)
      wire [A_BITS-1:0] complemented = (i == B_BITS - 1) ? ~SIGN : SIGN;
      wire [A_BITS-1:0] cells = (a & {A_BITS{b[i]}}) ^ complemented;
      wire [A_BITS-1:0] above;
      wire [A_BITS-1:0] carried;
      if (i == 0) begin : first
        for (j = 0; j < A_BITS; j = j + 1) begin : constant
          assign above[j] = (j == B_BITS - 1);  // 2^(n-1), where row 0 reaches it
          assign carried[j] = (j == A_BITS - 1);  // 2^(m-1)
        end
      end else begin : later
        assign above = {i == B_BITS - A_BITS, row[i-1].sums[A_BITS-1:1]};  // 2^(n-1), where n > m
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
        assign above = 1'b1;  // 2^(m+n-1)
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
