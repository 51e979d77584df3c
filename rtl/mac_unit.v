// mac_unit: multiply-accumulate unit, clocked, one product a clock, latency 1.
//     at the rising edge:  clear  -> acc <= init                    (wins over enable; the bias enters here)
//                          enable -> acc <= ADD(acc, FIT(MUL(a, b) * 2^Y_LSB))
//                          else      acc holds
// The product is sign-extended (Y_SIGNED = 1) or zero-extended to W bits. Where it needs more, FIT keeps the low W bits
// (SATURATE = 0) or clamps it to [-2^(W-1), 2^(W-1) - 1] (SATURATE = 1).
// SATURATE = 1: if acc and the fitted product have the same sign and the sum's differs, the result is the extreme of
// that sign. The rule looks at the sum that ADD gives, exact or not.
//
// Multiplier and adder are bound by text macros, each a module name with its parameters, ports a, b, y:
//     CONCRETE_MULTIPLIER  a: A_BITS, b: B_BITS, y: Y_BITS   default: mul_s_exact
//     CONCRETE_ADDER       a, b, y: W bits                   default: add_exact
`ifndef CONCRETE_MULTIPLIER
`define CONCRETE_MULTIPLIER mul_s_exact #(.A_BITS(A_BITS), .B_BITS(B_BITS))
`endif
`ifndef CONCRETE_ADDER
`define CONCRETE_ADDER add_exact #(.W(W))
`endif
module mac_unit #(
    parameter A_BITS = 8,
    parameter B_BITS = 8,
    parameter Y_BITS = A_BITS + B_BITS,
    parameter Y_SIGNED = 1,
    parameter Y_LSB = 0,    // value of the product = y * 2^Y_LSB
    parameter W = 32,       // 2 to 64
    parameter SATURATE = 0
) (
    input wire clk,
    input wire clear,
    input wire enable,
    input wire [W-1:0] init,
    input wire [A_BITS-1:0] a,
    input wire [B_BITS-1:0] b,
    output reg [W-1:0] acc
);
  wire [Y_BITS-1:0] y;
  `CONCRETE_MULTIPLIER multiplier (
      .a(a),
      .b(b),
      .y(y)
  );

  // One bit more than the product, so that an unsigned one is positive too; `addend` is it in W bits.
  localparam P_BITS = Y_BITS + Y_LSB + 1;
  wire y_sign = (Y_SIGNED != 0) & y[Y_BITS-1];
  wire [P_BITS-1:0] product;
  wire [W-1:0] addend;
  generate
    if (Y_LSB == 0) begin : whole
      assign product = {y_sign, y};
    end else begin : shifted
      assign product = {y_sign, y, {Y_LSB{1'b0}}};
    end

    if (W > P_BITS) begin : extend
      assign addend = {{(W - P_BITS) {product[P_BITS-1]}}, product};
    end else if (SATURATE == 0 || W == P_BITS) begin : keep
      assign addend = product[W-1:0];
      if (W < P_BITS) begin : drop
        wire unused = &{1'b0, product[P_BITS-1:W]};
      end
    end else begin : clamp
      // It fits if all bits from the sign of W on are alike.
      wire fits = (&product[P_BITS-1:W-1]) | ~(|product[P_BITS-1:W-1]);
      assign addend = fits ? product[W-1:0] : {product[P_BITS-1], {(W - 1) {~product[P_BITS-1]}}};
    end
  endgenerate

  wire [W-1:0] sum;
  `CONCRETE_ADDER adder (
      .a(acc),
      .b(addend),
      .y(sum)
  );

  wire overflow = (SATURATE != 0) & (acc[W-1] == addend[W-1]) & (sum[W-1] != acc[W-1]);
  wire [W-1:0] next = overflow ? {acc[W-1], {(W - 1) {~acc[W-1]}}} : sum;

  always @(posedge clk) begin
    if (clear) acc <= init;
    else if (enable) acc <= next;
  end
endmodule
