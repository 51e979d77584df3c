// mul_u_ilm: iterative logarithmic multiplier, unsigned, combinational.
//     y = sum of B(a_i, b_i), i = 0..TERMS - 1;   a_0 = a, b_0 = b;   a_{i+1} = a_i - 2^k(a_i), b_{i+1} likewise
//     B(u, v) = 2^(k(u) + k(v)) + (u - 2^k(u)) * 2^k(v) + (v - 2^k(v)) * 2^k(u), 0 if u = 0 or v = 0;   k = floor log2
// Each basic block B leaves the product of the two remainders to the next one. TERMS = 1 is the basic block alone, so
// there are TERMS - 1 correction circuits. Exact where an operand has at most TERMS set bits.
// a, b in [0, 2^WIDTH - 1];   y: 2 * WIDTH bits, never wraps.
// Error: y never exceeds a * b, and falls short of it by less than 4^-TERMS: 25%, 6.25%, 1.56% ...
// Source: Babic, Avramovic and Bulic, Microprocessors and Microsystems 35(1), 2011, pp. 23-33.
module mul_u_ilm #(
    parameter WIDTH = 8,  // of each operand, 4 to 16
    parameter TERMS = 2   // basic blocks, 1 to WIDTH
) (
    input wire [WIDTH-1:0] a,
    input wire [WIDTH-1:0] b,
    output wire [2*WIDTH-1:0] y
);
  localparam K_BITS = $clog2(WIDTH);
  localparam [WIDTH-1:0] ONE = 1;
  genvar i;
  generate
    for (i = 0; i < TERMS; i = i + 1) begin : block
      wire [WIDTH-1:0] u, v;          // a_i, b_i
      wire [2*WIDTH-1:0] sum_before;  // of the blocks before this one
      if (i == 0) begin : first
        assign u = a;
        assign v = b;
        assign sum_before = {(2 * WIDTH) {1'b0}};
      end else begin : next
        assign u = block[i-1].u_rest;
        assign v = block[i-1].v_rest;
        assign sum_before = block[i-1].sum;
      end
      wire [K_BITS-1:0] u_k, v_k;
      leading_one #(.WIDTH(WIDTH)) find_u (
          .x(u),
          .position(u_k)
      );
      leading_one #(.WIDTH(WIDTH)) find_v (
          .x(v),
          .position(v_k)
      );
      wire [WIDTH-1:0] u_rest = u & ~(ONE << u_k);
      wire [WIDTH-1:0] v_rest = v & ~(ONE << v_k);
      // 2^(k(u) + k(v)) + (u - 2^k(u)) 2^k(v) is u 2^k(v): one addition less.
      wire [2*WIDTH-1:0] u_part = {{WIDTH{1'b0}}, u} << v_k;
      wire [2*WIDTH-1:0] v_part = {{WIDTH{1'b0}}, v_rest} << u_k;
      wire [2*WIDTH-1:0] sum = sum_before + ((|u && |v) ? u_part + v_part : {(2 * WIDTH) {1'b0}});
    end
  endgenerate
  wire unused = &{1'b0, block[TERMS-1].u_rest};  // what is left
  assign y = block[TERMS-1].sum;
endmodule
