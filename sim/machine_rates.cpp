#include "sim/machine_rates.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <fstream>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>

#include "sim/error.h"
#include "sim/file.h"
#include "sim/hash.h"
#include "sim/measure_rates.h"
#include "sim/version.h"

namespace concrete::sim {
namespace {

using Json = nlohmann::json;

/// Raise it when engines become faster or slower, or rates mean something else.
constexpr int kRatesVersion = 1;

/// Every rate by name.
template <typename Rates, typename Visit>
void each_rate(Rates& rates, const Visit& visit) {
    visit("gather_mac_ns", rates.gather_mac_ns);
    visit("gather_low_mac_ns", rates.gather_low_mac_ns);
    visit("gather_step_mac_ns", rates.gather_step_mac_ns);
    constexpr std::array<const char*, 3> kDomains{"64", "128", "256"};
    for (size_t planes = 1; planes <= 2; ++planes) {
        for (size_t i = 0; i < kDomains.size(); ++i) {
            const std::string name = fmt::format("permute_{}x{}_", planes, kDomains[i]);
            visit(name + "mac_ns", rates.permute_mac_ns[planes - 1][i]);
            visit(name + "row_ns", rates.permute_row_ns[planes - 1][i]);
        }
    }
    visit("product_mac_ns", rates.product_mac_ns);
    visit("expand_code_ns", rates.expand_code_ns);
    visit("tile_code_ns", rates.tile_code_ns);
    visit("output_ns", rates.output_ns);
    visit("pack_code_ns", rates.pack_code_ns);
    visit("store_output_ns", rates.store_output_ns);
    visit("unroll_code_ns", rates.unroll_code_ns);
    visit("or_mac_ns", rates.or_mac_ns);
    visit("node_lane_ns", rates.node_lane_ns);
}

/// "model name" of /proc/cpuinfo; "unknown" elsewhere.
std::string processor() {
    std::ifstream file("/proc/cpuinfo");
    for (std::string line; std::getline(file, line);) {
        if (line.rfind("model name", 0) == 0) return line.substr(std::min(line.size(), line.find(':') + 2));
    }
    return "unknown";
}

/// What rates depend on.
std::map<std::string, std::string> machine() {
    return {{"format", "concrete-rates"},
            {"version", version()},
            {"rates", std::to_string(kRatesVersion)},
            {"processor", processor()},
            {"isa", to_string(default_isa())}};
}

}  // namespace

const MachineRates& machine_rates(bool measure) {
    static std::once_flag once;
    static MachineRates rates;
    std::call_once(once, [&] {
        try {
            const std::string key = sha256_hex(Json(machine()).dump()).substr(0, 16);
            const std::filesystem::path path = cache_folder() / "rates" / (key + ".json");
            const auto kept = measure ? std::nullopt : detail::load_rates(path);
            rates = kept ? *kept : measure_rates();
            if (!kept) detail::save_rates(rates, path);
        } catch (const InputError&) {
            // No cache folder, or one that cannot be written to: measured again the next time.
            if (rates == MachineRates{}) rates = measure_rates();
        }
    });
    return rates;
}

namespace detail {

void save_rates(const MachineRates& rates, const std::filesystem::path& path) {
    Json json = machine();
    each_rate(rates, [&](const std::string& name, double value) { json[name] = value; });
    write_file(path, json.dump(2) + "\n");
}

std::optional<MachineRates> load_rates(const std::filesystem::path& path) {
    constexpr uint64_t kMostBytes = 1 << 16;
    std::error_code error;
    if (!std::filesystem::exists(path, error)) return std::nullopt;
    try {
        const Json json = Json::parse(read_file(path, kMostBytes));
        for (const auto& [key, value] : machine())
            if (json.at(key).get<std::string>() != value) return std::nullopt;
        MachineRates rates;
        bool sound = true;
        each_rate(rates, [&](const std::string& name, double& value) {
            value = json.at(name).get<double>();
            sound = sound && std::isfinite(value) && value >= 0;
        });
        sound = sound && rates.gather_mac_ns > 0 && rates.permute_mac_ns[0][0] > 0 && rates.product_mac_ns > 0;
        return sound ? std::optional(rates) : std::nullopt;
    } catch (const Json::exception&) {
        return std::nullopt;
    } catch (const InputError&) {
        return std::nullopt;
    }
}

}  // namespace detail
}  // namespace concrete::sim
