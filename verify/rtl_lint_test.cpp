// Every module of rtl/ and of verify/rtl/ is accepted by three tools, also where its parameters are extreme.
#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "gen/process.h"
#include "sim/file.h"
#include "sim/parallel.h"

namespace concrete::verify {
namespace {

namespace fs = std::filesystem;
using Parameters = std::vector<std::pair<std::string, int>>;

const fs::path kRtl = fs::path(CONCRETE_SOURCE_DIR) / "rtl";

std::vector<Parameters> combinations(const std::vector<std::pair<std::string, std::vector<int>>>& ranges) {
    std::vector<Parameters> all{{}};
    for (const auto& [name, values] : ranges) {
        std::vector<Parameters> longer;
        for (const Parameters& begun : all) {
            for (const int value : values) {
                longer.push_back(begun);
                longer.back().emplace_back(name, value);
            }
        }
        all = std::move(longer);
    }
    return all;
}

/// Corner parameters by module. A module that is not listed is read with its defaults.
std::vector<Parameters> corners(const std::string& module) {
    const std::vector<int> no_yes{0, 1};
    if (module == "mul_s_exact" || module == "mul_u_exact" || module == "sign_magnitude")
        return combinations({{"A_BITS", {2, 16}}, {"B_BITS", {2, 7, 16}}});
    const std::vector<int> widths{2, 5, 16};
    if (module == "mul_u_array" || module == "mul_s_baugh_wooley")
        return combinations({{"A_BITS", {2, 16}}, {"B_BITS", {2, 7, 16}}});
    if (module == "mul_u_truncated" || module == "mul_s_truncated")
        return combinations({{"WIDTH", widths}, {"K", {0, 32}}});
    if (module == "mul_u_truncated_cc") return combinations({{"WIDTH", widths}, {"K", {0, 16}}});
    if (module == "mul_u_bam") return combinations({{"WIDTH", {2, 16}}, {"HBL", {0, 16}}, {"VBL", {0, 32}}});
    if (module == "mul_s_broken_booth") return combinations({{"WIDTH", widths}, {"VBL", {0, 32}}, {"TYPE", no_yes}});
    if (module == "mul_u_perforated") return combinations({{"WIDTH", {2, 16}}, {"J", {0, 15}}, {"K", {0, 16}}});
    if (module == "mul_u_udm") return combinations({{"WIDTH", {2, 3, 16}}});
    if (module == "mul_u_etm") return combinations({{"WIDTH", widths}, {"L", {1, 16}}});
    if (module == "compressor42") return combinations({{"DESIGN", {0, 1, 2}}});
    if (module == "mul8u_momeni") return combinations({{"DESIGN", {1, 2}}, {"P", {0, 7, 16}}});
    if (module == "mul8u_venkatachalam_ko") return combinations({{"P", {0, 7, 16}}});
    if (module == "booth8") return combinations({{"ENCODER", {1, 2, 3}}, {"COMPRESSOR", {0, 1, 2}}, {"P", {0, 5, 16}}});
    if (module == "leading_one") return combinations({{"WIDTH", {2, 7, 64}}});
    if (module == "mul_u_drum") return combinations({{"WIDTH", {4, 7, 16}}, {"K", {2, 7, 16}}, {"SET", no_yes}});
    if (module == "mul_u_ssm") return combinations({{"WIDTH", {4, 16}}, {"M", {2, 5, 16}}, {"SEGMENTS", {2, 3}}});
    if (module == "mul_u_alm") return combinations({{"WIDTH", {4, 16}}, {"ADDER", {1, 2}}, {"M", {0, 1, 15}}});
    if (module == "mul_u_ilm") return combinations({{"WIDTH", {4, 16}}, {"TERMS", {1, 4}}});
    if (module == "mul_u_mbm" || module == "mul_u_roba") return combinations({{"WIDTH", {4, 7, 8, 9, 16}}});
    if (module == "mul_u_tosam") return combinations({{"WIDTH", {4, 16}}, {"H", {0, 7}}, {"T", {0, 1, 15}}});
    if (module == "mul_u_lsb_truncate" || module == "mul_s_lsb_truncate")
        return combinations({{"WIDTH", {4, 16}}, {"A_DROP", {0, 16}}, {"B_DROP", {5}}});
    if (module == "mul_s_roba") return combinations({{"WIDTH", {4, 16}}, {"ONES_COMPLEMENT", no_yes}});
    if (module == "mul_s_drum" || module == "mul_s_ssm" || module == "mul_s_alm" || module == "mul_s_mbm" ||
        module == "mul_s_ilm" || module == "mul_s_tosam")
        return combinations({{"WIDTH", {4, 16}}});
    if (module == "add_exact") return combinations({{"W", {2, 64}}});
    if (module == "add_loa") return combinations({{"W", {2, 64}}, {"K", {0, 1, 2, 64}}});
    if (module == "add_gear")
        return {{{"W", 2}, {"R", 64}, {"P", 0}}, {{"W", 64}, {"R", 1}, {"P", 64}}, {{"W", 64}, {"R", 5}, {"P", 3}}};
    if (module == "add_truncated") return combinations({{"W", {2, 64}}, {"K", {5}}, {"FILL", {0, 1, 2}}});
    if (module == "add_oloca") return combinations({{"W", {2, 64}}, {"K", {5}}, {"C", {0, 64}}});
    if (module == "add_ama") return combinations({{"W", {64}}, {"CELL", {1, 2, 3, 4, 5}}});
    if (module == "add_axa" || module == "add_inxa") return combinations({{"W", {2, 64}}, {"CELL", {1, 2, 3}}});
    if (module.starts_with("add_")) return {{{"W", 2}, {"K", 64}}, {{"W", 64}, {"K", 1}}, {{"W", 64}, {"K", 5}}};
    if (module == "zero_point_correction") return combinations({{"W", {2, 64}}, {"SATURATE", no_yes}});
    if (module == "requantise") return combinations({{"W", {2, 64}}, {"Q_BITS", {2, 32}}});
    if (module == "mac_unit" || module == "neuron")
        return combinations({{"W", {2, 16, 17, 64}}, {"SATURATE", no_yes}, {"Y_LSB", {0, 3}}});
    return {{}};
}

std::vector<fs::path> verilog_files(const fs::path& folder) {
    std::vector<fs::path> files;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder))
        if (entry.path().extension() == ".v") files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    return files;
}

class RtlLint : public ::testing::Test {
  protected:
    void expect_accepted(const std::vector<std::vector<std::string>>& commands) const {
        std::vector<gen::ProcessResult> results(commands.size());
        sim::parallel_for(commands.size(), sim::default_threads(), [&](size_t begin, size_t end) {
            for (size_t i = begin; i < end; ++i) results[i] = gen::run_process(commands[i], folder_.path());
        });
        for (size_t i = 0; i < commands.size(); ++i) {
            const std::string shown = fmt::format("{}", fmt::join(commands[i], " "));
            EXPECT_EQ(results[i].exit_status, 0) << shown << "\n" << results[i].out << results[i].err;
            EXPECT_EQ(results[i].err, "") << shown;
        }
    }

    TemporaryFolder folder_;
};

TEST_F(RtlLint, VerilatorHasNoWarnings) {
    const std::vector<fs::path> files = verilog_files(kRtl);
    EXPECT_GE(files.size(), 10u);
    std::vector<std::vector<std::string>> commands;
    for (const fs::path& file : files) {
        const std::string module = file.stem();
        for (const Parameters& parameters : corners(module)) {
            commands.push_back(
                {"verilator", "--lint-only", "-Wall", "-y", kRtl.string(), "--top-module", module, file.string()});
            for (const auto& [name, value] : parameters)
                commands.back().push_back("-G" + name + "=" + std::to_string(value));
        }
    }
    expect_accepted(commands);
}

TEST_F(RtlLint, IcarusHasNoWarnings) {
    std::vector<std::vector<std::string>> commands;
    for (const fs::path& folder : {kRtl, kRtl.parent_path() / "verify" / "rtl"})
        for (const fs::path& file : verilog_files(folder))
            commands.push_back({"iverilog", "-g2005", "-Wall", "-t", "null", "-y", kRtl.string(), file.string()});
    expect_accepted(commands);
}

TEST_F(RtlLint, YosysFindsNoProblem) {
    std::vector<std::vector<std::string>> commands;
    const auto check = [&](const std::string& module, const std::string& setting) {
        commands.push_back({"yosys", "-q", "-p",
                            fmt::format("read_verilog {0}/{1}.v; {2}; hierarchy -check -libdir {0} -top {1}; proc; "
                                        "check -assert",
                                        kRtl.string(), module, setting)});
    };
    for (const fs::path& file : verilog_files(kRtl)) check(file.stem(), "");
    for (const std::string setting : {"P 0", "P 16", "COMPRESSOR 1", "COMPRESSOR 2", "ENCODER 2", "ENCODER 3"})
        check("booth8", "chparam -set " + setting + " booth8");
    expect_accepted(commands);
}

TEST_F(RtlLint, WarningsAreNoticed) {
    write_file(folder_.path() / "bad.v", "module bad(input a, input b, output y);\n  assign y = a;\nendmodule\n");
    EXPECT_NE(gen::run_process({"verilator", "--lint-only", "-Wall", "bad.v"}, folder_.path()).err, "");
}

}  // namespace
}  // namespace concrete::verify
