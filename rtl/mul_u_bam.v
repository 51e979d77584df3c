// mul_u_bam: broken-array multiplier, unsigned, combinational.
//     y = sum of a_j b_i 2^(i+j)  over i >= HBL and i + j >= VBL;   a, b: WIDTH bits, y: 2 * WIDTH bits, never wraps.
// One row of carry-save cells a bit of b. The horizontal break level omits the HBL upper rows (the low bits of b), the
// vertical one the VBL right columns; what an omitted cell would give counts as 0.
// Error y - a * b: in [-(sum of 2^(i+j) over the omitted cells), 0], mean a quarter of the lower end. HBL = VBL = 0 is
// the exact product.
// Source: Mahdiani et al., IEEE TCAS-I 57(4), 2010, pp. 850-862. mul12u_2PD of EvoApproxLib is WIDTH = 12, HBL = 9,
// VBL = 18 with its operands exchanged.
module mul_u_bam #(
    parameter WIDTH = 8,  // 2 to 16
    parameter HBL = 0,    // omitted rows, 0 to 16
    parameter VBL = 4     // omitted columns, 0 to 32
) (
    input wire [WIDTH-1:0] a,
    input wire [WIDTH-1:0] b,
    output wire [2*WIDTH-1:0] y
);
  localparam [2*WIDTH-1:0] KEPT = {2 * WIDTH{1'b1}} << VBL;
  wire [2*WIDTH-1:0] a_wide = {{WIDTH{1'b0}}, a};

  genvar i;
  generate
    for (i = 0; i < WIDTH; i = i + 1) begin : row
      wire [2*WIDTH-1:0] present = (i >= HBL) ? KEPT : {2 * WIDTH{1'b0}};
      wire [2*WIDTH-1:0] cells = {2 * WIDTH{b[i]}} & (a_wide << i) & present;
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
