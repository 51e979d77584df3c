// Every configuration that the project ships can be read.
#include <filesystem>
#include <gtest/gtest.h>
#include <vector>

#include "sim/config.h"

namespace concrete::sim {
namespace {

namespace fs = std::filesystem;

TEST(ConfigFiles, DemoConfigurationsLoad) {
    size_t files = 0;
    for (const auto& entry : fs::directory_iterator(fs::path(CONCRETE_SOURCE_DIR) / "configs/demo")) {
        if (entry.path().extension() != ".yaml") continue;
        SCOPED_TRACE(entry.path().string());
        const RunConfig config = load_run_config(entry.path());
        EXPECT_EQ(config.network.name, "lenet5");
        EXPECT_EQ(config.layers.size(), 5u);
        EXPECT_TRUE(fs::exists(config.weights_path)) << config.weights_path;
        ++files;
    }
    EXPECT_GE(files, 5u);
}

}  // namespace
}  // namespace concrete::sim
