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

TEST(Device, MachineWithoutDriverIsReportedAsSuch) {
    if (std::filesystem::exists("/proc/driver/nvidia/version")) GTEST_SKIP() << "this machine has an NVIDIA driver";
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
    EXPECT_THAT(runtime_version(), testing::MatchesRegex("[0-9]+\\.[0-9]+"));
    EXPECT_GE(std::stoi(runtime_version()), 12);
}

}  // namespace
}  // namespace concrete::cuda
