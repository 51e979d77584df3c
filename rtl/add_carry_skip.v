// add_carry_skip: approximate adder with carry skip, on two's-complement patterns, without carry-out, combinational.
//     Blocks of K bits from bit 0 on (the topmost may be narrower). Block j generates G_j, its carry without one entering,
//     and P_j, whether it would pass one on (a ^ b all ones). y of block j is the sum of its bits and of a carry
//         P_{j-1} ? G_{j-2} : G_{j-1},   G_{-1} = 0, none for block 0
// K >= W is the exact adder. The same function as add_gear with R = K, P = 2 K.
// Error: carries that cross two whole blocks are lost: y - (a + b) is a sum of -2^(i K), i >= 3, modulo 2^W.
// Source: Kim, Zhang and Li, ICCAD 2013, pp. 130-137, without their reduction of the error's size (our reading).
module add_carry_skip #(
    parameter W = 32,  // 2 to 64
    parameter K = 8    // bits of a block, 1 to 64
) (
    input wire signed [W-1:0] a,
    input wire signed [W-1:0] b,
    output wire signed [W-1:0] y
);
  genvar i;
  generate
    if (K >= W) begin : exact
      assign y = a + b;
    end else begin : blocks
      assign y[K-1:0] = a[K-1:0] + b[K-1:0];
      for (i = K; i < W; i = i + K) begin : block
        localparam BITS = (i + K < W) ? K : W - i;
        wire [K:0] below = {1'b0, a[i-1-:K]} + {1'b0, b[i-1-:K]};
        wire carry;
        if (i == K) begin : second
          assign carry = below[K];
        end else begin : skip
          wire [K:0] beyond = {1'b0, a[i-K-1-:K]} + {1'b0, b[i-K-1-:K]};
          wire unused = &{1'b0, beyond[K-1:0]};
          assign carry = (&(a[i-1-:K] ^ b[i-1-:K])) ? beyond[K] : below[K];
        end
        wire [BITS:0] sum = {1'b0, a[i+:BITS]} + {1'b0, b[i+:BITS]} + {{BITS{1'b0}}, carry};
        wire unused = &{1'b0, below[K-1:0], sum[BITS]};
        assign y[i+:BITS] = sum[BITS-1:0];
      end
    end
  endgenerate
endmodule
