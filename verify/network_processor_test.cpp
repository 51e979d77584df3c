// A whole network in RTL: verify/rtl/network_processor.v works out memories, addresses, padding, pooling and
// requantisation by itself, and must give every code and accumulator that the simulator gives.
#include <cstring>
#include <gtest/gtest.h>

#include "gen/process.h"
#include "gen/verilated.h"
#include "verify/hardware.h"
#include "verify/testing.h"

namespace concrete::verify {
namespace {

using testing::RandomNetwork;

/// Argument 1: pictures to run, as [count of writes, (target, address, data)..., layers, count of reads], 64-bit words;
/// argument 2: (code, accumulator) of addresses 0, 1, ... after each.
constexpr const char* kDriver = R"cpp(
#include <cstdint>
#include <cstdio>
#include <vector>

#include "Vtop.h"

    static bool read_words(FILE* in, uint64_t* words, size_t count) {
        return std::fread(words, 8, count, in) == count;
    }

    int main(int, char** arguments) {
        FILE* in = std::fopen(arguments[1], "rb");
        FILE* out = std::fopen(arguments[2], "wb");
        if (!in || !out) return 1;
        Vtop top;
        const auto clock = [&] {
            top.clk = 0;
            top.eval();
            top.clk = 1;
            top.eval();
        };
        uint64_t writes;
        while (read_words(in, &writes, 1)) {
            top.run = 0;
            top.write = 1;
            for (; writes > 0; --writes) {
                uint64_t word[3];
                if (!read_words(in, word, 3)) return 2;
                top.target = word[0];
                top.address = word[1];
                top.data = word[2];
                clock();
            }
            top.write = 0;
            uint64_t tail[2];
            if (!read_words(in, tail, 2)) return 2;
            top.layers = tail[0];
            clock();
            top.run = 1;
            uint64_t clocks = 0;
            for (top.eval(); !top.done; clock())
                if (++clocks > 10000000) return 3;
            for (uint64_t i = 0; i < tail[1]; ++i) {
                top.read_address = i;
                top.eval();
                const uint64_t answer[2] = {top.read_code, top.read_acc};
                if (std::fwrite(answer, 8, 2, out) != 2) return 4;
            }
        }
        return std::fclose(out) == 0 ? 0 : 4;
    }
)cpp";

/// Where a tensor lies in the processor's memories.
struct Place {
    size_t base = 0;
    sim::Shape shape;
};

/// The memory image of a network, made from codes and parameters alone.
class Program {
  public:
    explicit Program(const sim::QuantizedNetwork& quantized) {
        const sim::Network& network = quantized.network();
        places_.push_back({0, network.input().output_shape});
        next_ = sim::element_count(network.input().output_shape);
        size_t mac = 0;
        for (size_t i = 1; i < network.layers.size(); ++i) {
            const sim::Layer& layer = network.layers[i];
            const Place in = places_[layer.inputs[0]];
            if (layer.type == sim::LayerType::relu || layer.type == sim::LayerType::flatten) {
                places_.push_back({in.base, layer.output_shape});  // ReLU is the requantiser's lower bound
                continue;
            }
            places_.push_back({next_, layer.output_shape});
            next_ += sim::element_count(layer.output_shape);
            layer.is_mac() ? add_mac(quantized.mac_layers()[mac++], in.base) : add_pool(layer, in);
            ++layers_;
        }
    }

    const Place& place(size_t layer) const { return places_.at(layer); }
    size_t result_count() const { return next_; }

    /// Words for one picture.
    std::vector<uint64_t> words(const int32_t* codes) const {
        std::vector<uint64_t> result{writes_.size() / 3 + places_[1].base};
        for (size_t i = 0; i < places_[1].base; ++i)
            result.insert(result.end(), {0, i, sim::encode(codes[i], kCodeBits)});
        result.insert(result.end(), writes_.begin(), writes_.end());
        result.insert(result.end(), {layers_, result_count()});
        return result;
    }

  private:
    void put(uint64_t target, uint64_t address, int64_t value) {
        writes_.insert(writes_.end(), {target, address, static_cast<uint64_t>(value)});
    }

    void descriptor(const std::vector<size_t>& words) {
        for (size_t i = 0; i < words.size(); ++i) put(2, layers_ * 32 + i, static_cast<int64_t>(words[i]));
    }

    void add_mac(const sim::MacLayer& m, size_t in_base) {
        const auto pad_code = static_cast<size_t>(m.a_params.zero_point);
        descriptor({0, in_base, places_.back().base, m.in_h, m.in_w, m.out_channels, m.out_h, m.out_w,
                    m.in_channels / m.groups, m.out_channels / m.groups, m.window.kernel[0], m.window.kernel[1],
                    m.window.stride[0], m.window.padding[0], pad_code, weight_base_, channel_base_});
        for (const int32_t code : m.w_codes) put(1, weight_base_++, code);
        for (size_t c = 0; c < m.out_channels; ++c) {
            int64_t w_sum = 0;
            for (size_t k = 0; k < m.k(); ++k) w_sum += m.w_codes[c * m.k() + k];
            const int64_t za = m.a_params.zero_point, zw = m.w_params[c].zero_point;
            const int64_t init =
                sim::fit_accumulator(m.acc, m.bias_codes[c] - za * w_sum + static_cast<int64_t>(m.k()) * za * zw);
            const sim::Requantizer r = m.requantizers.empty() ? sim::Requantizer{} : m.requantizers[c];
            for (const int64_t word : {init, zw, r.multiplier, int64_t{r.shift}, r.zero_point, r.lowest, r.highest})
                put(3, channel_base_++, word);
            ++channel_base_;
        }
    }

    void add_pool(const sim::Layer& layer, const Place& in) {
        const sim::Shape& out = layer.output_shape;
        descriptor({1, in.base, places_.back().base, in.shape[1], in.shape[2], out[0], out[1], out[2], 1, 1,
                    layer.window.kernel[0], layer.window.kernel[1], layer.window.stride[0], layer.window.padding[0], 0,
                    0, 0});
    }

    std::vector<Place> places_;
    std::vector<uint64_t> writes_;
    size_t next_ = 0, layers_ = 0, weight_base_ = 0, channel_base_ = 0;
};

/// The processor with the hardware of a network's layers, which all have the same.
std::filesystem::path build_processor(const sim::QuantizedNetwork& quantized) {
    gen::VerilatedSpec spec;
    spec.sources = neuron_sources(hardware_of(quantized.mac_layers().front()), rtl_folder());
    spec.sources.top = "network_processor";
    const std::filesystem::path file = std::filesystem::path(CONCRETE_SOURCE_DIR) / "verify/rtl/network_processor.v";
    spec.sources.files.push_back({"concrete/network_processor.v", read_file(file), false});
    spec.driver = kDriver;
    return gen::build_verilated(spec);
}

/// (code, accumulator) of every address, picture by picture.
std::vector<uint64_t> run_processor(const sim::QuantizedNetwork& quantized, const Program& program,
                                    const sim::Tensor<int32_t>& pictures) {
    const size_t images = pictures.shape[0];
    std::vector<uint64_t> words;
    for (size_t i = 0; i < images; ++i) {
        const std::vector<uint64_t> picture = program.words(pictures.data.data() + i * (pictures.size() / images));
        words.insert(words.end(), picture.begin(), picture.end());
    }
    const TemporaryFolder folder;
    write_file(folder.path() / "in", {reinterpret_cast<const char*>(words.data()), words.size() * 8});
    const gen::ProcessResult done = gen::run_process({build_processor(quantized).string(), "in", "out"}, folder.path());
    EXPECT_EQ(done.exit_status, 0) << done.err;
    const std::string bytes = read_file(folder.path() / "out");
    std::vector<uint64_t> answers(bytes.size() / 8);
    std::memcpy(answers.data(), bytes.data(), answers.size() * 8);
    EXPECT_EQ(answers.size(), images * program.result_count() * 2);
    return answers;
}

void expect_whole_network_equal(const std::string& description, const std::string& settings, uint64_t seed) {
    SCOPED_TRACE(settings);
    constexpr size_t images = 3;
    const RandomNetwork network(description, images, seed);
    const sim::QuantizedNetwork quantized = network.quantized(
        settings, [](const sim::OperatorRef& ref) { return testing::catalogue_operator(ref.label()); });

    struct Recorded {
        size_t layer;
        int acc_bits;
        sim::Tensor<int64_t> acc;
        sim::Tensor<int32_t> codes;
    };
    sim::Tensor<int32_t> pictures;
    std::vector<Recorded> recorded;
    const sim::Tensor<double> logits = quantized.run(network.images(), 1, [&](const sim::MacLayerRecord& r) {
        if (recorded.empty()) pictures = *r.input_codes;
        recorded.push_back({r.layer->layer_index, r.layer->acc.bits, *r.accumulators,
                            r.output_codes ? *r.output_codes : sim::Tensor<int32_t>()});
    });

    const Program program(quantized);
    const std::vector<uint64_t> answers = run_processor(quantized, program, pictures);
    ASSERT_EQ(answers.size(), images * program.result_count() * 2);
    size_t compared = 0;
    std::set<uint64_t> values;
    for (const Recorded& r : recorded) {
        const size_t count = r.acc.size() / images;
        for (size_t i = 0; i < r.acc.size(); ++i, ++compared) {
            const size_t at = 2 * (i / count * program.result_count() + program.place(r.layer).base + i % count);
            ASSERT_EQ(answers[at + 1], sim::encode(r.acc.data[i], r.acc_bits)) << "layer " << r.layer << ", " << i;
            if (!r.codes.empty()) {
                ASSERT_EQ(answers[at], sim::encode(r.codes.data[i], kCodeBits)) << "layer " << r.layer << ", " << i;
            }
            values.insert(answers[at + 1]);
        }
    }
    EXPECT_GT(compared, 300u);
    EXPECT_GT(values.size(), 100u) << "nearly all outputs are alike";

    // The logits are the last accumulators, scaled: what run() returns is covered as well.
    const sim::MacLayer& last = quantized.mac_layers().back();
    for (size_t i = 0; i < logits.size(); ++i) {
        const size_t classes = logits.size() / images;
        const size_t at =
            2 * (i / classes * program.result_count() + program.place(last.layer_index).base + i % classes);
        const auto acc = static_cast<double>(sim::decode(answers[at + 1], last.acc.bits, true));
        EXPECT_EQ(logits.data[i], acc * last.a_params.scale * last.w_params[i % classes].scale);
    }
}

TEST(NetworkProcessor, SmallNetworkOnAsymmetricMultiplierAndLowerPartOrAdder) {
    expect_whole_network_equal(testing::kSmallNetwork,
                               "defaults: {weights: {bits: 8, per: channel}, activations: {bits: 8, scheme: affine}, "
                               "multiplier: {name: booth8_m6, P: 8}, accumulator: {bits: 22, adder: {loa: 6}}}",
                               11);
}

constexpr const char* kStridedNetwork = R"(
name: strided
input: {shape: [3, 9, 7], mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5]}
layers:
  - {name: conv1, type: conv2d, out_channels: 6, kernel: 3, stride: 2, padding: 1, groups: 3}
  - {name: relu1, type: relu}
  - {name: pool1, type: max_pool, kernel: 3, stride: 2, padding: 1}
  - {name: conv2, type: conv2d, out_channels: 5, kernel: 1}
  - {name: flat, type: flatten}
  - {name: fc1, type: linear, out_features: 12}
  - {name: relu2, type: relu}
  - {name: fc2, type: linear, out_features: 7}
)";

TEST(NetworkProcessor, StridedNetworkOnUnsignedMultiplierAndSaturation) {
    expect_whole_network_equal(kStridedNetwork,
                               "defaults: {weights: {bits: 8, scheme: affine, per: channel}, activations: {bits: 8, "
                               "scheme: affine}, multiplier: mul8u_exact, accumulator: {bits: 18, overflow: saturate}}",
                               12);
}

}  // namespace
}  // namespace concrete::verify
