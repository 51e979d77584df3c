#include "gen/arithmetic_map.h"

namespace concrete::gen {

const char* arithmetic_map() {
    return R"verilog(
(* techmap_celltype = "$mul" *)
module concrete_array_multiplier (A, B, Y);
  parameter A_SIGNED = 0, B_SIGNED = 0, A_WIDTH = 1, B_WIDTH = 1, Y_WIDTH = 1;
  // Which bits of a port are the same wire: a number for each, set by techmap.
  parameter _TECHMAP_BITS_CONNMAP_ = 1;
  parameter [A_WIDTH*_TECHMAP_BITS_CONNMAP_-1:0] _TECHMAP_CONNMAP_A_ = 0;
  parameter [B_WIDTH*_TECHMAP_BITS_CONNMAP_-1:0] _TECHMAP_CONNMAP_B_ = 0;
  localparam K = _TECHMAP_BITS_CONNMAP_;
  input [A_WIDTH-1:0] A;
  input [B_WIDTH-1:0] B;
  output [Y_WIDTH-1:0] Y;
  wire _TECHMAP_FAIL_ = A_SIGNED != B_SIGNED;

  // How many of the top bits are the same.
  function integer same_a(input integer unused);
    begin
      same_a = 1;
      while (same_a < A_WIDTH && _TECHMAP_CONNMAP_A_[(A_WIDTH-1-same_a)*K +: K] == _TECHMAP_CONNMAP_A_[(A_WIDTH-1)*K +: K])
        same_a = same_a + 1;
    end
  endfunction
  function integer same_b(input integer unused);
    begin
      same_b = 1;
      while (same_b < B_WIDTH && _TECHMAP_CONNMAP_B_[(B_WIDTH-1-same_b)*K +: K] == _TECHMAP_CONNMAP_B_[(B_WIDTH-1)*K +: K])
        same_b = same_b + 1;
    end
  endfunction

  // The top bit may count negative where operands are signed, or where nothing above it reaches Y.
  localparam A_NEGATIVE = A_SIGNED || (A_WIDTH >= Y_WIDTH && same_a(0) > 1);
  localparam B_NEGATIVE = B_SIGNED || (B_WIDTH >= Y_WIDTH && same_b(0) > 1);
  localparam N = A_NEGATIVE ? A_WIDTH + 1 - same_a(0) : A_WIDTH;
  localparam M = B_NEGATIVE ? B_WIDTH + 1 - same_b(0) : B_WIDTH;

  // A partial product p that counts negative goes in as ~p: -p 2^k = ~p 2^k - 2^k.
  function [Y_WIDTH-1:0] correction(input integer unused);
    integer i, j;
    begin
      correction = 0;
      for (j = 0; j < M; j = j + 1)
        for (i = 0; i < N; i = i + 1)
          if ((A_NEGATIVE && i == N - 1) != (B_NEGATIVE && j == M - 1) && i + j < Y_WIDTH)
            correction = correction - ({{Y_WIDTH{1'b0}}, 1'b1} << (i + j));
    end
  endfunction

  wire [Y_WIDTH*(M+1)-1:0] sum;
  assign sum[0 +: Y_WIDTH] = correction(0);
  genvar i, j;
  generate
    for (j = 0; j < M; j = j + 1) begin : row
      wire [Y_WIDTH:0] carry;
      assign carry[0] = 1'b0;
      for (i = 0; i < Y_WIDTH; i = i + 1) begin : column
        wire s = sum[Y_WIDTH*j+i];
        wire p;
        if (i < j || i >= j + N) begin : outside
          assign p = 1'b0;
        end else begin : inside
          assign p = (A[i-j] & B[j]) ^ ((A_NEGATIVE && i - j == N - 1) != (B_NEGATIVE && j == M - 1));
        end
        assign sum[Y_WIDTH*(j+1)+i] = s ^ p ^ carry[i];
        assign carry[i+1] = (s & p) | ((s ^ p) & carry[i]);
      end
    end
  endgenerate
  assign Y = sum[Y_WIDTH*M +: Y_WIDTH];
endmodule

(* techmap_celltype = "$alu" *)
module concrete_ripple_adder (A, B, CI, BI, X, Y, CO);
  parameter A_SIGNED = 0, B_SIGNED = 0, A_WIDTH = 1, B_WIDTH = 1, Y_WIDTH = 1;
  input [A_WIDTH-1:0] A;
  input [B_WIDTH-1:0] B;
  input CI, BI;
  output [Y_WIDTH-1:0] X, Y, CO;
  wire [Y_WIDTH-1:0] a, b;
  \$pos #(.A_SIGNED(A_SIGNED), .A_WIDTH(A_WIDTH), .Y_WIDTH(Y_WIDTH)) extend_a (.A(A), .Y(a));
  \$pos #(.A_SIGNED(B_SIGNED), .A_WIDTH(B_WIDTH), .Y_WIDTH(Y_WIDTH)) extend_b (.A(B), .Y(b));
  wire [Y_WIDTH-1:0] n = b ^ {Y_WIDTH{BI}};
  wire [Y_WIDTH:0] carry = {CO, CI};
  assign X = a ^ n;
  assign Y = X ^ carry[Y_WIDTH-1:0];
  assign CO = (a & n) | (X & carry[Y_WIDTH-1:0]);
endmodule
)verilog";
}

}  // namespace concrete::gen
