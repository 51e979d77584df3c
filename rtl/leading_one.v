// leading_one: position of the highest set bit, combinational.
//     position = floor(log2 x);   0 for x = 0, as for x = 1
module leading_one #(
    parameter WIDTH = 8,  // 2 to 64
    parameter POSITION_BITS = $clog2(WIDTH)
) (
    input wire [WIDTH-1:0] x,
    output reg [POSITION_BITS-1:0] position
);
  integer i;
  always @* begin
    position = {POSITION_BITS{1'b0}};
    for (i = 1; i < WIDTH; i = i + 1) if (x[i]) position = i[POSITION_BITS-1:0];
  end
endmodule
