// mul_u_truncated: unsigned multiplier without the K low columns of its partial products, combinational.
//     y = sum of a_j b_i 2^(i+j)  over i + j >= K;   a, b: WIDTH bits, y: 2 * WIDTH bits, never wraps.
// Error y - a * b: in [-((K - 1) 2^K + 1), 0] for K <= WIDTH, mean a quarter of the lower end. K = 0 is the exact
// product, K >= 2 * WIDTH - 1 leaves 0.
// Source: truncation as Schulte and Swartzlander, VLSI Signal Processing VI, 1993, pp. 388-396, describe it before they
// correct it (mul_u_truncated_cc.v). mul12u_2C1 of EvoApproxLib is WIDTH = 12, K = 11.
module mul_u_truncated #(
    parameter WIDTH = 8,  // 2 to 16
    parameter K = 4       // dropped columns, 0 to 32
) (
    input wire [WIDTH-1:0] a,
    input wire [WIDTH-1:0] b,
    output wire [2*WIDTH-1:0] y
);
  localparam [2*WIDTH-1:0] KEPT = {2 * WIDTH{1'b1}} << K;
  wire [2*WIDTH-1:0] a_wide = {{WIDTH{1'b0}}, a};

  genvar i;
  generate
    for (i = 0; i < WIDTH; i = i + 1) begin : row
      wire [2*WIDTH-1:0] cells = {2 * WIDTH{b[i]}} & (a_wide << i) & KEPT;
      wire [2*WIDTH-1:0] sum;
      if (i == 0) begin : first
        assign sum = cells;
      end else begin : later
        assign sum = row[i-1].sum + cells;
      end
    end
  endgenerate
  assign y = row[WIDTH-1].sum;
endmodule
