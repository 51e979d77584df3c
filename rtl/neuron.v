// neuron: the data path of one output neuron: MAC unit, zero-point correction, requantiser. Clocked, latency 1.
//     acc after each edge as in mac_unit.v;   corrected = zero_point_correction(acc);   q = requantise(corrected)
// corrected and q follow acc combinationally; they mean something after the last MAC. Parameters and macros: mac_unit.v.
// `verify` replays the operand streams of a run in this module.
module neuron #(
    parameter A_BITS = 8,
    parameter B_BITS = 8,
    parameter Y_BITS = A_BITS + B_BITS,
    parameter Y_SIGNED = 1,
    parameter Y_LSB = 0,
    parameter W = 32,
    parameter SATURATE = 0,
    parameter Q_BITS = 17
) (
    input wire clk,
    input wire clear,
    input wire enable,
    input wire [W-1:0] init,
    input wire [A_BITS-1:0] a,
    input wire [B_BITS-1:0] b,
    output wire [W-1:0] acc,
    input wire [63:0] correction,
    output wire [W-1:0] corrected,
    input wire [30:0] m,
    input wire [5:0] n,
    input wire [Q_BITS-1:0] zero_point,
    input wire [Q_BITS-1:0] lowest,
    input wire [Q_BITS-1:0] highest,
    output wire [Q_BITS-1:0] q
);
  mac_unit #(
      .A_BITS(A_BITS),
      .B_BITS(B_BITS),
      .Y_BITS(Y_BITS),
      .Y_SIGNED(Y_SIGNED),
      .Y_LSB(Y_LSB),
      .W(W),
      .SATURATE(SATURATE)
  ) mac (
      .clk(clk),
      .clear(clear),
      .enable(enable),
      .init(init),
      .a(a),
      .b(b),
      .acc(acc)
  );
  zero_point_correction #(
      .W(W),
      .C_BITS(64),
      .SATURATE(SATURATE)
  ) correct (
      .acc(acc),
      .correction(correction),
      .y(corrected)
  );
  requantise #(
      .W(W),
      .Q_BITS(Q_BITS)
  ) requantiser (
      .acc(corrected),
      .m(m),
      .n(n),
      .zero_point(zero_point),
      .lowest(lowest),
      .highest(highest),
      .q(q)
  );
endmodule
