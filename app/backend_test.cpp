#include "app/backend.h"

#include <gmock/gmock.h>

#include "app/testing.h"
#include "sim/hdf5.h"
#include "sim/operator.h"

namespace concrete::app {
namespace {

using ::testing::HasSubstr;
using testing::ProgramResult;

TEST(Backend, AutoTakesTheCpuWhereCudaIsRefused) {
    EXPECT_EQ(choose_backend("cpu").name, "cpu");
    EXPECT_EQ(choose_backend("cpu").reason, "");
    const Backend chosen = choose_backend("auto");
    EXPECT_NE(chosen.on_gpu(), !chosen.reason.empty());
    if (chosen.on_gpu()) {
        EXPECT_EQ(choose_backend("cuda").name, "cuda");
        return;
    }
    try {
        choose_backend("cuda");
        FAIL();
    } catch (const MissingError& error) {
        EXPECT_EQ(error.what(), "--backend cuda: " + chosen.reason + "; use --backend cpu");
    }
}

TEST(Backend, JsonHasAReasonOnlyWhereThereIsOne) {
    Json json;
    fill_backend(json, {"cpu", "it is off"});
    EXPECT_EQ(json.dump(), R"({"backend":"cpu","backend_reason":"it is off"})");
    json = Json::object();
    fill_backend(json, {"cuda"});
    EXPECT_EQ(json.dump(), R"({"backend":"cuda"})");
}

/// The program where CUDA shows it no GPU, whatever the machine has.
class BackendCommand : public testing::ProgramTest {
  protected:
    void SetUp() override {
        sim::Operator op;
        op.name = "odd";
        op.kind = sim::OperatorKind::multiplier;
        op.a = {"a", 2, true}, op.b = {"b", 2, false}, op.y = {"y", 4, true};
        op.sources = {{{"odd.v", "module odd; endmodule\n", false}}, "odd", {}, {}};
        for (int i = 0; i < 16; ++i) op.lut.push_back(i * 5 % 16 - 8);
        save_operator(op, file("op.h5"));
        sim::Hdf5Writer input(file("in.h5"));
        const std::vector<int32_t> codes{1, 0};
        input.write("A", {1, 2}, codes.data());
        input.write("W", {2, 1}, codes.data());
        input.commit();
    }
    ProgramResult matmul(const std::string& backend, const std::string& environment = "CUDA_VISIBLE_DEVICES=",
                         const std::string& engine = "auto") const {
        return run({"matmul", "op.h5", "--in", "in.h5", "--out", "out.h5", "--backend", backend, "--engine", engine,
                    "--json", "r.json"},
                   environment);
    }
    std::vector<int64_t> product() const { return sim::Hdf5Reader(file("out.h5")).integers64("C").data; }
};

TEST_F(BackendCommand, WithoutAGpuAutoSaysWhyAndCudaIsMissing) {
    ASSERT_EQ(run({"info", "--json", "info.json"}, "CUDA_VISIBLE_DEVICES=").exit_code, 0);
    const std::string reason = json("info.json")["result"]["cuda"]["reason"];

    const ProgramResult chosen = matmul("auto");
    ASSERT_EQ(chosen.exit_code, 0) << chosen.err;
    EXPECT_THAT(chosen.out, HasSubstr("backend cpu\n"));
    EXPECT_EQ(chosen.err, "");
    EXPECT_EQ(json("r.json")["result"]["backend"], "cpu");
    EXPECT_EQ(json("r.json")["result"]["backend_reason"], reason);

    ASSERT_EQ(matmul("cpu").exit_code, 0);
    EXPECT_FALSE(json("r.json")["result"].contains("backend_reason"));

    const ProgramResult refused = matmul("cuda");
    EXPECT_EQ(refused.exit_code, 4);
    EXPECT_EQ(refused.err, "concrete matmul: --backend cuda: " + reason + "; use --backend cpu\n");
    EXPECT_EQ(json("r.json")["status"], "missing");

    EXPECT_EQ(matmul("gpu").exit_code, 1);
}

TEST_F(BackendCommand, TheHostStandsInForAGpuOnlyWhereThatIsAskedFor) {
    ASSERT_EQ(matmul("cpu").exit_code, 0);
    const std::vector<int64_t> expected = product();
    const std::string emulate = "CUDA_VISIBLE_DEVICES= CONCRETE_CUDA_EMULATE=1";
    std::filesystem::remove(file("out.h5"));
    const ProgramResult result = matmul("cuda", emulate, "gather");
    ASSERT_EQ(result.exit_code, 0) << result.err;
    EXPECT_THAT(result.out, HasSubstr("engine gather, backend cuda\n"));
    EXPECT_EQ(product(), expected);
    EXPECT_EQ(json("r.json")["result"]["backend"], "cuda");
    EXPECT_THAT(json("r.json")["result"]["backend_reason"].get<std::string>(), HasSubstr("the host executor"));

    ASSERT_EQ(matmul("auto", emulate).exit_code, 0);
    EXPECT_EQ(json("r.json")["result"]["backend"], "cpu");
}

}  // namespace
}  // namespace concrete::app
