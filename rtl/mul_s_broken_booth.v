// mul_s_broken_booth: radix-4 Booth multiplier without the VBL right columns of its rows, signed, combinational.
//     d_i = b_{2i-1} + b_{2i} - 2 b_{2i+1},   i = 0 .. ceil(WIDTH / 2) - 1,   b_{-1} = 0, b sign-extended
//     TYPE 0:  y = sum of 2^VBL floor(d_i a 4^i / 2^VBL)
//     TYPE 1:  y = sum of 2^VBL floor((d_i a - s_i) 4^i / 2^VBL)  +  sum of s_i 4^i over 2i >= VBL,   s_i = (d_i < 0)
// a, b: WIDTH bits, y: 2 * WIDTH bits (the sum is taken modulo 2^(2 WIDTH)). Type 0 completes the two's complement of a
// negative row before the columns are dropped; type 1 adds the completing bit s_i as a cell of its own at column 2i,
// which is dropped like any other.
// Error y - a * b: never positive where nothing wraps. At WIDTH = 8, VBL = 6: mean -61.5, at least -171 (TYPE 0); mean
// -72.25, at least -192 (TYPE 1). VBL = 0 is the exact product for both types.
// Source: Farshchi, Abrishami and Fakhraie, CADS 2013, pp. 25-30 (broken-Booth multiplier; our reading of its types).
module mul_s_broken_booth #(
    parameter WIDTH = 8,  // 2 to 16
    parameter VBL = 4,    // dropped columns, 0 to 32
    parameter TYPE = 0    // 0 or 1
) (
    input wire signed [WIDTH-1:0] a,
    input wire signed [WIDTH-1:0] b,
    output wire signed [2*WIDTH-1:0] y
);
  localparam ROWS = (WIDTH + 1) / 2;
  localparam [2*WIDTH-1:0] KEPT = {2 * WIDTH{1'b1}} << VBL;
  wire [2*WIDTH-1:0] once = {{WIDTH{a[WIDTH-1]}}, a};
  wire [2*WIDTH-1:0] twice = {once[2*WIDTH-2:0], 1'b0};
  wire [2*ROWS:0] b_0;  // b_0[k] = b_{k-1}
  assign b_0[WIDTH:0] = {b, 1'b0};

  genvar i;
  generate
    if (2 * ROWS > WIDTH) begin : extended
      assign b_0[2*ROWS] = b[WIDTH-1];
    end
    for (i = 0; i < ROWS; i = i + 1) begin : row
      wire one = b_0[2*i+1] ^ b_0[2*i];
      wire two = (b_0[2*i+2] ^ b_0[2*i+1]) & ~one;
      wire negative = b_0[2*i+2] & ~(b_0[2*i+1] & b_0[2*i]);
      wire [2*WIDTH-1:0] magnitude = ({2 * WIDTH{one}} & once) | ({2 * WIDTH{two}} & twice);
      wire [2*WIDTH-1:0] digits = magnitude ^ {2 * WIDTH{negative}};
      wire [2*WIDTH-1:0] completing = {{2 * WIDTH - 1{1'b0}}, negative};
      wire [2*WIDTH-1:0] cells;
      if (TYPE == 0) begin : completed
        assign cells = ((digits + completing) << (2 * i)) & KEPT;
      end else begin : separate
        assign cells = ((digits << (2 * i)) & KEPT) + ((completing << (2 * i)) & KEPT);
      end
      wire [2*WIDTH-1:0] sum;
      if (i == 0) begin : first
        assign sum = cells;
      end else begin : later
        assign sum = row[i-1].sum + cells;
      end
    end
  endgenerate
  assign y = row[ROWS-1].sum;
endmodule
