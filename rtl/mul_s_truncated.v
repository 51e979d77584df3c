// mul_s_truncated: signed Baugh-Wooley multiplier without the K low columns of its partial products, combinational.
//     y = (sum of v_ij 2^(i+j) over i + j >= K  +  2^n + 2^(2n-1)) mod 2^(2n), read as signed,   n = WIDTH
//     v_ij = a_j b_i, complemented where exactly one of i, j is n - 1
// a, b: n bits, y: 2n bits. Both constants stay for every K.
// Error y - a * b: in [-((K - 1) 2^K + 1), 0] for K <= n - 1, where no complemented cell is dropped; mean a quarter of
// the lower end. K = 0 is the exact product. 0 * 0 is 0 up to K = n - 1, and no longer beyond: -256 at n = K = 8.
// Source: truncation (Schulte and Swartzlander, VLSI Signal Processing VI, 1993) of the array in mul_s_baugh_wooley.v.
// mul12s_2PQ and mul12s_2PR of EvoApproxLib have WIDTH = 12, K = 1 and 2.
module mul_s_truncated #(
    parameter WIDTH = 8,  // n, 2 to 16
    parameter K = 4       // dropped columns, 0 to 32
) (
    input wire signed [WIDTH-1:0] a,
    input wire signed [WIDTH-1:0] b,
    output wire signed [2*WIDTH-1:0] y
);
  localparam [2*WIDTH-1:0] KEPT = {2 * WIDTH{1'b1}} << K;
  localparam [WIDTH-1:0] SIGN = {1'b1, {WIDTH - 1{1'b0}}};
  localparam [2*WIDTH-1:0] CONSTANTS = {1'b1, {WIDTH - 2{1'b0}}, 1'b1, {WIDTH{1'b0}}};

  genvar i;
  generate
    for (i = 0; i < WIDTH; i = i + 1) begin : row
      wire [WIDTH-1:0] complemented = (i == WIDTH - 1) ? ~SIGN : SIGN;
      wire [WIDTH-1:0] values = (a & {WIDTH{b[i]}}) ^ complemented;
      wire [2*WIDTH-1:0] cells = ({{WIDTH{1'b0}}, values} << i) & KEPT;
      wire [2*WIDTH-1:0] sum;
      if (i == 0) begin : first
        assign sum = CONSTANTS + cells;
      end else begin : later
        assign sum = row[i-1].sum + cells;
      end
    end
  endgenerate
  assign y = row[WIDTH-1].sum;
endmodule
