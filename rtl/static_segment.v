// static_segment: the highest of two or three fixed M-bit segments that loses no set bit above it, combinational.
//     x < 2^M:                       segment = x,                    shift = 0
//     SEGMENTS = 3, x < 2^(M + H):   segment = floor(x / 2^H),       shift = H = floor((WIDTH - M) / 2)
//     else:                          segment = floor(x / 2^shift),   shift = WIDTH - M
// x is about segment * 2^shift. M >= WIDTH passes x as it is. One of the two operands of mul_u_ssm.v.
module static_segment #(
    parameter WIDTH = 8,  // 2 to 32
    parameter M = 4,      // bits of a segment, 1 to WIDTH
    parameter SEGMENTS = 2,
    parameter SHIFT_BITS = $clog2(WIDTH)
) (
    input wire [WIDTH-1:0] x,
    output wire [M-1:0] segment,
    output wire [SHIFT_BITS-1:0] shift
);
  localparam integer TOP = WIDTH - M;
  localparam integer MIDDLE = TOP / 2;
  generate
    if (TOP == 0) begin : whole
      assign segment = x;
      assign shift = {SHIFT_BITS{1'b0}};
    end else if (SEGMENTS == 2 || MIDDLE == 0) begin : two
      wire high = |x[WIDTH-1:M];
      assign segment = high ? x[WIDTH-1:TOP] : x[M-1:0];
      assign shift = high ? TOP[SHIFT_BITS-1:0] : {SHIFT_BITS{1'b0}};
    end else begin : three
      wire high = |x[WIDTH-1:M+MIDDLE];
      wire middle = |x[M+MIDDLE-1:M];
      assign segment = high ? x[WIDTH-1:TOP] : middle ? x[M+MIDDLE-1:MIDDLE] : x[M-1:0];
      assign shift = high ? TOP[SHIFT_BITS-1:0] : middle ? MIDDLE[SHIFT_BITS-1:0] : {SHIFT_BITS{1'b0}};
    end
  endgenerate
endmodule
