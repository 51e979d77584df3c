// concrete verify on a tiny network with weights and pictures made up here.
#include <gmock/gmock.h>
#include <random>

#include "app/testing.h"
#include "gen/catalogue.h"
#include "gen/process.h"
#include "gen/sources.h"
#include "sim/operator.h"
#include "sim/weights.h"

namespace concrete::app {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::ProgramResult;

class VerifyCommand : public testing::ProgramTest {
  protected:
    void SetUp() override {
        write_file(file("net.yaml"),
                   "name: tiny\ninput: {shape: [1, 4, 4], mean: [0.5], std: [0.5]}\nlayers:\n"
                   "  - {name: conv, type: conv2d, out_channels: 3, kernel: 3, padding: 1}\n"
                   "  - {name: relu, type: relu}\n  - {name: flat, type: flatten}\n"
                   "  - {name: fc, type: linear, out_features: 4}\n");
        const sim::Network network = sim::load_network(file("net.yaml"));
        std::mt19937_64 random(5);
        sim::Weights weights;
        for (const sim::Layer& layer : network.layers) {
            if (!layer.is_mac()) continue;
            sim::Tensor<float> weight(weight_shape(network, layer));
            for (float& v : weight.data) v = static_cast<float>(random() % 2001) / 1000.0f - 1.0f;
            weights[layer.name + ".weight"] = weight;
            weights[layer.name + ".bias"] = sim::Tensor<float>({layer.out_channels});
        }
        save_weights(weights, file("w.h5"));
        write_idx("train", random);
        write_idx("t10k", random);
        const std::string product = "a_wide * b_wide";
        write_operator("sound.h5", "mul8s_exact", product, product);
        write_operator("broken.h5", "mul8s_exact", product, "a_wide * (b_wide ^ 16'd1)");
        write_operator("broken_adder.h5", "add_exact-W20", "y = a + b;", "y = a | b;");
        write_config("{file: sound.h5}");
    }

    void write_config(const std::string& multiplier, const std::string& more = "",
                      const std::string& adder = "{loa: 4}") const {
        write_file(file("c.yaml"),
                   "network: net.yaml\nweights: w.h5\ndata: {kind: idx, dir: ., split: test}\n"
                   "defaults: {multiplier: " +
                       multiplier + ", accumulator: {bits: 20, adder: " + adder + "}" + more + "}\n");
    }

  private:
    static std::string big_endian(uint32_t number) {
        std::string bytes;
        for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(number >> shift);
        return bytes;
    }
    void write_idx(const std::string& name, std::mt19937_64& random) const {
        constexpr uint32_t count = 10;
        std::string images = big_endian(0x803) + big_endian(count) + big_endian(4) + big_endian(4);
        for (uint32_t i = 0; i < count * 16; ++i) images += static_cast<char>(random());
        write_file(file(name + "-images-idx3-ubyte"), images);
        write_file(file(name + "-labels-idx1-ubyte"), big_endian(0x801) + big_endian(count) + std::string(count, '\1'));
    }
    /// An instance of the catalogue with its true table and closed form, its Verilog altered.
    void write_operator(const std::string& name, const std::string& instance, const std::string& from,
                        const std::string& to) const {
        const gen::Catalogue catalogue = gen::load_catalogue(gen::default_catalogue_path());
        const auto [family, parameters] = gen::parse_instance_name(catalogue, instance);
        const gen::Request request = gen::catalogue_request(*family, parameters);
        sim::Operator op = gen::generate(std::span(&request, 1), 1).at(0);
        std::string& text = op.sources.files.at(0).text;
        text.replace(text.find(from), from.size(), to);
        op.sources_sha256 = gen::sources_hash(op.sources);
        sim::save_operator(op, file(name));
    }
};

TEST_F(VerifyCommand, ReplaysEveryLayerAndDumpsVectors) {
    const ProgramResult result = run({"verify", "c.yaml", "--samples", "20", "--seed", "3", "--threads", "2",
                                      "--tables", "--dump", "vectors", "--json", "r.json"});
    ASSERT_EQ(result.exit_code, 0) << result.err << result.out;
    EXPECT_THAT(result.out, AllOf(HasSubstr("mul8s_exact, loa 4, 20 bits, wrap"), HasSubstr(" 0 mismatches"),
                                  HasSubstr("mul8s_exact: table equals RTL on 65536 pairs")));
    const nlohmann::json details = json("r.json")["result"];
    EXPECT_EQ(details["neurons"], 40);
    EXPECT_EQ(details["macs_replayed"], 20 * 9 + 20 * 48);
    EXPECT_EQ(details["mismatches"], 0);
    EXPECT_EQ(details["seed"], 3);
    EXPECT_EQ(details["images"], 10);
    EXPECT_EQ(details["layers"][1]["name"], "fc");
    EXPECT_EQ(details["tables"][0]["differences"], 0);
    EXPECT_GT(details["verilated_macs_per_s"], 0);
    const auto icarus = gen::run_process({"iverilog", "-g2005", "-c", "files.f", "-o", "x"}, file("vectors/0_conv"));
    ASSERT_EQ(icarus.exit_status, 0) << icarus.err;
    EXPECT_THAT(gen::run_process({"vvp", "-n", "x"}, file("vectors/0_conv")).out, HasSubstr("PASS: 20 neurons"));
}

TEST_F(VerifyCommand, ReplaysTheEngineAndBackEndAskedFor) {
    for (const std::string engine : {"gather", "logic"}) {
        const ProgramResult result = run({"verify", "c.yaml", "--samples", "20", "--backend", "cpu", "--engine", engine,
                                          "--threads", "1", "--json", "r.json"});
        ASSERT_EQ(result.exit_code, 0) << result.err << result.out;
        EXPECT_THAT(result.out, HasSubstr("MMAC/s; cpu, 1 thread\n"));
        EXPECT_EQ(json("r.json")["result"]["engine"], engine);
        EXPECT_EQ(json("r.json")["result"]["backend"], "cpu");
    }
    const ProgramResult refused = run({"verify", "c.yaml", "--engine", "permute", "--backend", "cpu"});
    EXPECT_EQ(refused.exit_code, 2);
    EXPECT_THAT(refused.err, HasSubstr("layer 'conv': engine permute"));
    EXPECT_EQ(run({"verify", "c.yaml", "--backend", "cuda"}, "CUDA_VISIBLE_DEVICES=").exit_code, 4);
}

TEST_F(VerifyCommand, AnAddersOwnVerilogIsReplayedAndComparedWithItsClosedForm) {
    write_config("{file: sound.h5}", "", "{file: broken_adder.h5}");
    const ProgramResult result = run({"verify", "c.yaml", "--samples", "20", "--tables", "--json", "r.json"});
    EXPECT_EQ(result.exit_code, 3) << result.err;
    EXPECT_THAT(result.out, AllOf(HasSubstr("mul8s_exact, add_exact-W20, 20 bits, wrap"), HasSubstr("conv: image "),
                                  HasSubstr("add_exact-W20: RTL and closed form differ at ")));
    const nlohmann::json details = json("r.json")["result"];
    EXPECT_GT(details["mismatches"], 20);
    ASSERT_EQ(details["operators"].size(), 2u);
    EXPECT_EQ(details["operators"][1]["name"], "add_exact-W20");
    EXPECT_EQ(details["operators"][1]["sha256"], content_hash(sim::load_operator(file("broken_adder.h5"))));
}

TEST_F(VerifyCommand, ExitCodeThreeAndAPlaceForAMismatch) {
    write_config("{file: broken.h5}");
    const ProgramResult result = run({"verify", "c.yaml", "--samples", "20", "--tables", "--json", "r.json"});
    EXPECT_EQ(result.exit_code, 3) << result.err;
    EXPECT_THAT(result.out, AllOf(HasSubstr("conv: image "), HasSubstr("MAC "), HasSubstr("RTL 0x"),
                                  HasSubstr("mul8s_exact: RTL and table differ at a=0x01 b=0x00: RTL 0x0001, table "
                                            "0x0000 (first of ")));
    const nlohmann::json envelope = json("r.json");
    EXPECT_EQ(envelope["status"], "mismatch");
    EXPECT_EQ(envelope["exit_code"], 3);
    EXPECT_GT(envelope["result"]["mismatches"], 20);
    EXPECT_THAT(envelope["result"]["layers"][0]["first_mismatch"].get<std::string>(), HasSubstr("conv: image "));
}

TEST_F(VerifyCommand, BadInputIsExplained) {
    write_config("{file: sound.h5}", ", mode: float");
    ProgramResult result = run({"verify", "c.yaml"});
    EXPECT_EQ(result.exit_code, 2);
    EXPECT_THAT(result.err, AllOf(HasSubstr("c.yaml"), HasSubstr("nothing to replay")));

    write_config("{file: sound.h5}");
    write_file(file("full/mine.txt"), "x");
    result = run({"verify", "c.yaml", "--dump", "full"});
    EXPECT_EQ(result.exit_code, 2);
    EXPECT_THAT(result.err, HasSubstr("full: exists already"));
    EXPECT_EQ(run({"verify", "c.yaml", "--samples", "0"}).exit_code, 1);
    EXPECT_EQ(run({"verify", "missing.yaml"}).exit_code, 2);
}

}  // namespace
}  // namespace concrete::app
