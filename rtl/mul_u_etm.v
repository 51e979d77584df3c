// mul_u_etm: error-tolerant multiplier, unsigned, combinational.
//     a_h, b_h = a, b >> L;   a_l, b_l = a, b mod 2^L
//     y = a_l b_l                          if a_h = b_h = 0
//     y = a_h b_h 2^(2L) + low             otherwise
//     low = 0 if a_l = b_l = 0, else 2^(L+t+1) - 1, where t is the highest bit that is 1 in a_l or in b_l
// a, b: WIDTH bits, y: 2 * WIDTH bits, never wraps. `low` is the non-multiplication part: from the top, each pair of
// bits gives 0 up to the first that holds a 1; from there on all bits of the product's lower part are 1.
// Error y - a * b at WIDTH = 8, L = 4: mean -1638.5, mean |error| 1643.9, at most 7170; none where both operands are
// below 2^L. L >= WIDTH is the exact product.
// Source: Kyaw, Goh and Yeo, EDSSC 2010, pp. 1-4, which splits at L = WIDTH / 2. Our reading: the low parts are
// multiplied only where both high parts are 0, and the L lowest bits repeat the last of the flags above them.
module mul_u_etm #(
    parameter WIDTH = 8,  // 2 to 16
    parameter L = 4       // bits of the lower part, 1 to 16
) (
    input wire [WIDTH-1:0] a,
    input wire [WIDTH-1:0] b,
    output wire [2*WIDTH-1:0] y
);
  localparam [2*WIDTH-1:0] LOWER = ~({2 * WIDTH{1'b1}} << L);
  wire [2*WIDTH-1:0] a_wide = {{WIDTH{1'b0}}, a};
  wire [2*WIDTH-1:0] b_wide = {{WIDTH{1'b0}}, b};
  wire [2*WIDTH-1:0] a_high = a_wide >> L;
  wire [2*WIDTH-1:0] b_high = b_wide >> L;
  wire both_low = ~|(a_high | b_high);

  // One multiplier serves both cases.
  wire [2*WIDTH-1:0] product = (both_low ? a_wide : a_high) * (both_low ? b_wide : b_high);

  wire [2*WIDTH-1:0] some = (a_wide | b_wide) & LOWER;
  wire [2*WIDTH-1:0] down_1 = some | (some >> 1);
  wire [2*WIDTH-1:0] down_3 = down_1 | (down_1 >> 2);
  wire [2*WIDTH-1:0] down_7 = down_3 | (down_3 >> 4);
  wire [2*WIDTH-1:0] flags = down_7 | (down_7 >> 8);  // 1 from the highest 1 of `some` on downwards
  wire [2*WIDTH-1:0] low = (flags << L) | ({2 * WIDTH{flags[0]}} & LOWER);

  assign y = both_low ? product : ((product << (2 * L)) | low);
endmodule
