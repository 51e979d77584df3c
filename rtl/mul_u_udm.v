// mul_u_udm: unsigned multiplier of underdesigned 2x2 blocks, combinational.
//     y = sum of block(a_i, b_j) 4^(i+j),   a_i, b_j: digits of base 4;   block(3, 3) = 7, else block(p, q) = p q
// a, b: WIDTH bits (an odd WIDTH gets a zero on top), y: 2 * WIDTH bits, never wraps. The sums are exact, so that the
// recursive arrangement of the source and this one are the same function.
// Error y - a * b = -2 * sum of 4^(i+j) over a_i = b_j = 3; |error| is at most 2/9 of the product. Mean relative error
// 1.39% at WIDTH = 2, rising to 3.3%.
// Source: Kulkarni, Gupta and Ercegovac, VLSI Design 2011, pp. 346-351.
module mul_u_udm #(
    parameter WIDTH = 8  // 2 to 16
) (
    input wire [WIDTH-1:0] a,
    input wire [WIDTH-1:0] b,
    output wire [2*WIDTH-1:0] y
);
  localparam DIGITS = (WIDTH + 1) / 2;
  wire [2*DIGITS-1:0] a_even;
  wire [2*DIGITS-1:0] b_even;
  assign a_even[WIDTH-1:0] = a;
  assign b_even[WIDTH-1:0] = b;

  genvar i, j;
  generate
    if (2 * DIGITS > WIDTH) begin : extended
      assign a_even[2*DIGITS-1] = 1'b0;
      assign b_even[2*DIGITS-1] = 1'b0;
    end
    for (j = 0; j < DIGITS; j = j + 1) begin : row
      for (i = 0; i < DIGITS; i = i + 1) begin : block
        wire [2:0] product = {
          a_even[2*i+1] & b_even[2*j+1],
          (a_even[2*i+1] & b_even[2*j]) | (a_even[2*i] & b_even[2*j+1]),
          a_even[2*i] & b_even[2*j]
        };
        wire [2*WIDTH-1:0] cells = {{2 * WIDTH - 3{1'b0}}, product} << (2 * (i + j));
        wire [2*WIDTH-1:0] sum;
        if (i > 0) begin : next
          assign sum = row[j].block[i-1].sum + cells;
        end else if (j > 0) begin : later
          assign sum = row[j-1].block[DIGITS-1].sum + cells;
        end else begin : first
          assign sum = cells;
        end
      end
    end
  endgenerate
  assign y = row[DIGITS-1].block[DIGITS-1].sum;
endmodule
