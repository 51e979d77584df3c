// mul_u_perforated: unsigned multiplier that leaves out K successive partial products from the J-th on, combinational.
//     y = a * (b with bits J .. J + K - 1 cleared);   a, b: WIDTH bits, y: 2 * WIDTH bits, never wraps.
// Error y - a * b = -a * (b mod 2^(J+K) - b mod 2^J), in [-(2^WIDTH - 1)(2^K - 1) 2^J, 0] for J + K <= WIDTH, mean a
// quarter of the lower end; it is wrong on (1 - 2^-WIDTH)(1 - 2^-K) of all pairs. K = 0 is the exact product.
// Source: Zervakis et al., IEEE TVLSI 24(10), 2016, pp. 3105-3117.
module mul_u_perforated #(
    parameter WIDTH = 8,  // 2 to 16
    parameter J = 0,      // first partial product left out, 0 to 15
    parameter K = 2       // partial products left out, 0 to 16
) (
    input wire [WIDTH-1:0] a,
    input wire [WIDTH-1:0] b,
    output wire [2*WIDTH-1:0] y
);
  localparam [WIDTH-1:0] ONES = {WIDTH{1'b1}};
  localparam [WIDTH-1:0] LEFT_OUT = ~(ONES << K) << J;
  assign y = {{WIDTH{1'b0}}, a} * {{WIDTH{1'b0}}, b & ~LEFT_OUT};
endmodule
