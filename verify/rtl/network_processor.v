// network_processor: runs a small quantised network from picture to accumulators, layer by layer, one MAC a clock.
// An independent route for the tests of the simulator: memories, addresses, padding, pooling and requantisation are
// worked out here in Verilog; only codes and parameters come from outside.
//
//     MAC layer (kind 0), out[oc][oy][ox], a in activations, w in weights, per channel oc:
//         acc = init[oc];   for ic, ky, kx:   acc = ADD(acc, MUL(a[ic][oy*stride+ky-pad][ox*stride+kx-pad], w[oc][ic][ky][kx]))
//         acc = acc - w_zero[oc] * (sum of the a's);   q = requantise(acc)
//       positions outside the picture carry the code pad_code; ic runs over the channels of oc's group
//     max pooling (kind 1): q = the largest activation of the window inside the picture
//
// While `run` is low, the bus writes memories: target 0 activations, 1 weights, 2 descriptors (32 words a layer), 3 channel
// parameters (8 words a channel: init, w_zero, m, n, zero_point, lowest, highest, unused). With `run` high, layers
// 0 .. layers-1 are worked through, then `done` rises. Results are read at read_address: activations (codes) and
// accumulators, which are stored at the same addresses as the codes of the same neuron.
//
// Words of a descriptor: 0 kind, 1 in_base, 2 out_base, 3 in_h, 4 in_w, 5 out_c, 6 out_h, 7 out_w, 8 group_in (input
// channels of a group), 9 group_out (output channels of a group), 10 kernel_h, 11 kernel_w, 12 stride, 13 pad,
// 14 pad_code, 15 weight_base, 16 channel_base. For pooling, group_in = group_out = 1.
`ifndef CONCRETE_MULTIPLIER
`define CONCRETE_MULTIPLIER mul_s_exact #(.A_BITS(A_BITS), .B_BITS(B_BITS))
`endif
module network_processor #(
    parameter A_BITS = 8,
    parameter B_BITS = 8,
    parameter Y_BITS = 16,
    parameter Y_SIGNED = 1,
    parameter Y_LSB = 0,
    parameter W = 32,
    parameter SATURATE = 0,
    parameter Q_BITS = 17,
    parameter DEPTH = 14  // address bits of each memory
) (
    input wire clk,
    input wire write,
    input wire [1:0] target,
    input wire [DEPTH-1:0] address,
    input wire [63:0] data,
    input wire run,
    input wire [7:0] layers,
    output wire done,
    input wire [DEPTH-1:0] read_address,
    output wire [Q_BITS-1:0] read_code,
    output wire [W-1:0] read_acc
);
  reg [Q_BITS-1:0] activations[0:(1<<DEPTH)-1];
  reg [W-1:0] accumulators[0:(1<<DEPTH)-1];
  reg [B_BITS-1:0] weights[0:(1<<DEPTH)-1];
  reg [63:0] descriptors[0:(1<<DEPTH)-1];
  reg [63:0] channels[0:(1<<DEPTH)-1];

  assign read_code = activations[read_address];
  assign read_acc  = accumulators[read_address];

  localparam FETCH = 3'd0, START = 3'd1, WORK = 3'd2, FINISH = 3'd3, STOP = 3'd4;
  reg [2:0] state;
  reg [7:0] layer;
  reg [4:0] word;
  assign done = (state == STOP);

  // The layer at work.
  reg signed [15:0] d[0:31];
  wire pooling = d[0][0];
  wire signed [15:0] in_h = d[3], in_w = d[4], stride = d[12], pad = d[13];

  // The neuron and the tap at work; `group_first` is the first input channel of oc's group.
  reg signed [15:0] oc, oy, ox, ic, ky, kx, group_first, group_position;
  reg [DEPTH-1:0] weight_row;  // of oc
  reg [DEPTH-1:0] weight;
  reg [DEPTH-1:0] out;

  wire signed [15:0] y = oy * stride + ky - pad;
  wire signed [15:0] x = ox * stride + kx - pad;
  wire inside_picture = (y >= 0) && (y < in_h) && (x >= 0) && (x < in_w);
  wire signed [31:0] source = d[1] + ((group_first + ic) * in_h + y) * in_w + x;
  wire [Q_BITS-1:0] code = inside_picture ? activations[source[DEPTH-1:0]] : {{(Q_BITS - 16) {d[14][15]}}, d[14]};

  wire last_kx = (kx == d[11] - 1), last_ky = (ky == d[10] - 1), last_ic = (ic == d[8] - 1);
  wire last_tap = last_kx && last_ky && last_ic;
  wire last_ox = (ox == d[7] - 1), last_oy = (oy == d[6] - 1), last_oc = (oc == d[5] - 1);

  // Parameters of channel oc.
  wire [31:0] channel_row = {16'b0, d[16]} + {13'b0, oc, 3'b0};
  wire [DEPTH-4:0] channel = channel_row[DEPTH-1:3];
  wire [63:0] init = channels[{channel, 3'd0}];
  wire [63:0] w_zero = channels[{channel, 3'd1}];
  wire [63:0] m = channels[{channel, 3'd2}];
  wire [63:0] n = channels[{channel, 3'd3}];
  wire [63:0] zero_point = channels[{channel, 3'd4}];
  wire [63:0] lowest = channels[{channel, 3'd5}];
  wire [63:0] highest = channels[{channel, 3'd6}];

  // The data path of rtl/: MAC unit, correction, requantiser.
  wire [W-1:0] acc, corrected;
  wire [Q_BITS-1:0] q;
  reg signed [63:0] a_sum;
  neuron #(
      .A_BITS(A_BITS),
      .B_BITS(B_BITS),
      .Y_BITS(Y_BITS),
      .Y_SIGNED(Y_SIGNED),
      .Y_LSB(Y_LSB),
      .W(W),
      .SATURATE(SATURATE),
      .Q_BITS(Q_BITS)
  ) data_path (
      .clk(clk),
      .clear(state == START),
      .enable(state == WORK && !pooling),
      .init(init[W-1:0]),
      .a(code[A_BITS-1:0]),
      .b(weights[weight]),
      .acc(acc),
      .correction(-(a_sum * $signed(w_zero))),
      .corrected(corrected),
      .m(m[30:0]),
      .n(n[5:0]),
      .zero_point(zero_point[Q_BITS-1:0]),
      .lowest(lowest[Q_BITS-1:0]),
      .highest(highest[Q_BITS-1:0]),
      .q(q)
  );

  reg any;  // a tap of the pooling window lay inside
  reg signed [Q_BITS-1:0] largest;

  always @(posedge clk) begin
    if (write) begin
      case (target)
        2'd0: activations[address] <= data[Q_BITS-1:0];
        2'd1: weights[address] <= data[B_BITS-1:0];
        2'd2: descriptors[address] <= data;
        default: channels[address] <= data;
      endcase
    end
    if (!run) begin
      state <= (layers == 0) ? STOP : FETCH;
      layer <= 0;
      word  <= 0;
    end else begin
      case (state)
        FETCH: begin  // a word of the descriptor a clock
          d[word] <= descriptors[{{(DEPTH - 13) {1'b0}}, layer, word}][15:0];
          word <= word + 1;
          if (word == 5'd31) begin
            state <= START;
            {oc, oy, ox, ic, ky, kx} <= 0;
            {group_first, group_position} <= 0;
            weight_row <= descriptors[{{(DEPTH - 13) {1'b0}}, layer, 5'd15}][DEPTH-1:0];
            out <= descriptors[{{(DEPTH - 13) {1'b0}}, layer, 5'd2}][DEPTH-1:0];
          end
        end
        START: begin
          state  <= WORK;
          weight <= weight_row;
          a_sum  <= 0;
          any    <= 0;
        end
        WORK: begin
          weight <= weight + 1;
          a_sum  <= a_sum + {{(64 - Q_BITS) {code[Q_BITS-1]}}, code};
          if (inside_picture && (!any || $signed(code) > largest)) begin
            any <= 1;
            largest <= code;
          end
          kx <= last_kx ? 16'd0 : kx + 16'd1;
          if (last_kx) ky <= last_ky ? 16'd0 : ky + 16'd1;
          if (last_kx && last_ky) ic <= last_ic ? 16'd0 : ic + 16'd1;
          if (last_tap) state <= FINISH;
        end
        FINISH: begin
          accumulators[out] <= corrected;
          activations[out] <= pooling ? largest : q;
          out <= out + 1;
          ox <= last_ox ? 16'd0 : ox + 16'd1;
          if (last_ox) oy <= last_oy ? 16'd0 : oy + 16'd1;
          if (last_ox && last_oy) begin
            oc <= oc + 16'd1;
            weight_row <= weight;
            group_position <= (group_position == d[9] - 1) ? 16'd0 : group_position + 16'd1;
            if (group_position == d[9] - 1) group_first <= group_first + d[8];
          end
          state <= START;
          if (last_ox && last_oy && last_oc) begin
            layer <= layer + 8'd1;
            state <= (layer == layers - 8'd1) ? STOP : FETCH;
          end
        end
        default: ;
      endcase
    end
  end
endmodule
