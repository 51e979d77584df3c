// compressor42: 4:2 compressor of one column, exact or approximate, combinational.
//     DESIGN 0, exact:  x1 + x2 + x3 + x4 + cin = sum + 2 (carry + cout),   cout = majority(x1, x2, x3)
//     DESIGN 1:  cout = (x1 | x2)(x3 | x4),   carry = cin,   sum = ~cin & (~(x1 ^ x2) | ~(x3 ^ x4))   12 of 32 wrong
//     DESIGN 2:  cout = 0, cin ignored,   carry = (x1 | x2)(x3 | x4),   sum = ~(x1 ^ x2) | ~(x3 ^ x4)   4 of 16 wrong
// x = {x4, x3, x2, x1}. No wrong result is off by more than 1.
// Source: Momeni et al., IEEE TC 64(4), 2015, pp. 984-994.
module compressor42 #(
    parameter DESIGN = 0  // 0 exact, 1, 2
) (
    input wire [3:0] x,
    input wire cin,
    output wire sum,
    output wire carry,  // counts double, goes to the next column's next stage
    output wire cout    // counts double, goes to the next column's cin in this stage
);
  wire odd_low = x[0] ^ x[1];
  wire odd_high = x[2] ^ x[3];
  wire some_in_both = (x[0] | x[1]) & (x[2] | x[3]);
  generate
    if (DESIGN == 0) begin : exact
      wire odd = odd_low ^ odd_high;
      assign cout  = odd_low ? x[2] : x[0];
      assign carry = odd ? cin : x[3];
      assign sum   = odd ^ cin;
      wire unused = &{1'b0, some_in_both};
    end else if (DESIGN == 1) begin : first
      assign cout  = some_in_both;
      assign carry = cin;
      assign sum   = ~cin & (~odd_low | ~odd_high);
    end else begin : second
      assign cout  = 1'b0;
      assign carry = some_in_both;
      assign sum   = ~odd_low | ~odd_high;
      wire unused = &{1'b0, cin};
    end
  endgenerate
endmodule
