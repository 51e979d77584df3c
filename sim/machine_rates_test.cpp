#include "sim/machine_rates.h"

#include <cmath>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "sim/file.h"

namespace concrete::sim {
namespace {

/// Different numbers everywhere, not all of them exact in decimal.
MachineRates numbered() {
    MachineRates rates;
    double next = 0;
    const auto number = [&] { return next += 1.0 / 3; };
    for (double* rate :
         {&rates.gather_mac_ns, &rates.gather_low_mac_ns, &rates.gather_step_mac_ns, &rates.product_mac_ns,
          &rates.expand_code_ns, &rates.tile_code_ns, &rates.output_ns, &rates.or_mac_ns, &rates.node_lane_ns,
          &rates.pack_code_ns, &rates.store_output_ns, &rates.unroll_code_ns})
        *rate = number();
    for (auto* table : {&rates.permute_mac_ns, &rates.permute_row_ns})
        for (auto& planes : *table)
            for (double& rate : planes) rate = number();
    return rates;
}

TEST(MachineRates, AreReadBackAsWritten) {
    const TemporaryFolder folder;
    const auto path = folder.path() / "below" / "rates.json";
    EXPECT_FALSE(detail::load_rates(path)) << "no file yet";
    detail::save_rates(numbered(), path);
    EXPECT_EQ(detail::load_rates(path), numbered());
    EXPECT_NE(numbered(), MachineRates{});
}

TEST(MachineRates, OfOtherMachinesOrDamagedAreIgnored) {
    const TemporaryFolder folder;
    const auto path = folder.path() / "rates.json";
    detail::save_rates(numbered(), path);
    const std::string text = read_file(path);
    const auto sound = nlohmann::json::parse(text);
    const auto loads = [&](const std::string& content) {
        write_file(path, content);
        return detail::load_rates(path).has_value();
    };
    EXPECT_TRUE(loads(text));
    EXPECT_FALSE(loads(""));
    EXPECT_FALSE(loads(text.substr(0, text.size() / 2)));
    EXPECT_FALSE(loads("[]"));
    EXPECT_FALSE(loads("null"));
    EXPECT_FALSE(loads(text + std::string(1 << 17, ' '))) << "larger than any such file";
    size_t names = 0;
    for (const auto& [name, value] : sound.items()) {
        auto damaged = sound;
        damaged.erase(name);
        EXPECT_FALSE(loads(damaged.dump())) << "without " << name;
        damaged[name] = "other";
        EXPECT_FALSE(loads(damaged.dump())) << name << " of another kind";
        if (!value.is_number()) continue;
        ++names;
        damaged[name] = -1;
        EXPECT_FALSE(loads(damaged.dump())) << "negative " << name;
        damaged[name] = nullptr;  // what an infinite number is written as
        EXPECT_FALSE(loads(damaged.dump())) << "no " << name;
    }
    EXPECT_EQ(names, 24u);
    std::filesystem::remove(path);
    std::filesystem::create_directory(path);
    EXPECT_FALSE(detail::load_rates(path)) << "a folder";
}

}  // namespace
}  // namespace concrete::sim
