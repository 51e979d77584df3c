#include "cuda/device.h"

#include <cstdlib>
#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <iostream>

namespace concrete::cuda {
namespace {

using testing::HasSubstr;

TEST(Device, ListsDevicesOrSaysWhyThereIsNone) {
    const DeviceList list = list_devices();
    EXPECT_NE(list.devices.empty(), list.reason.empty()) << list.reason;
}

/// What CUDA says of a machine, only builds with CUDA know.
#define SKIP_WITHOUT_CUDA() \
    if (!is_built()) GTEST_SKIP() << "this build has no CUDA back end"

TEST(Device, MachineWithoutDriverIsReportedAsSuch) {
    SKIP_WITHOUT_CUDA();
    // Containers may show the devices alone, WSL another one.
    for (const char* sign : {"/proc/driver/nvidia/version", "/dev/nvidiactl", "/dev/dxg"}) {
        if (std::filesystem::exists(sign)) GTEST_SKIP() << "this machine has an NVIDIA driver: " << sign;
    }
    const DeviceList list = list_devices();
    EXPECT_TRUE(list.devices.empty());
    EXPECT_THAT(list.reason, HasSubstr("driver"));
    EXPECT_EQ(driver_version(), "");
}

TEST(Device, MachineWithGpuListsIt) {
    const DeviceList list = list_devices();
    if (list.devices.empty()) GTEST_SKIP() << "no GPU: " << list.reason;
    for (size_t i = 0; i < list.devices.size(); ++i) {
        const Device& device = list.devices[i];
        EXPECT_EQ(device.index, static_cast<int>(i));
        EXPECT_FALSE(device.name.empty());
        EXPECT_GT(device.memory_bytes, uint64_t{1} << 28);
        EXPECT_GE(device.compute_major, 7);
    }
}

// CUDA reads the variable once, so the question is asked in a process of its own.
TEST(DeviceDeathTest, HiddenDevicesAreReportedNotThrown) {
    SKIP_WITHOUT_CUDA();
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    const auto ask = [] {
        setenv("CUDA_VISIBLE_DEVICES", "", 1);
        const DeviceList list = list_devices();
        std::cerr << list.devices.size() << " devices: " << list.reason << '\n';
        std::_Exit(0);
    };
    EXPECT_EXIT(ask(), testing::ExitedWithCode(0), "0 devices: (no NVIDIA driver|the NVIDIA driver shows no GPU)");
}

TEST(Device, RuntimeVersionHasMajorAndMinor) {
    SKIP_WITHOUT_CUDA();
    EXPECT_THAT(runtime_version(), testing::MatchesRegex("[0-9]+\\.[0-9]+"));
    EXPECT_GE(std::stoi(runtime_version()), 12);
}

}  // namespace
}  // namespace concrete::cuda
