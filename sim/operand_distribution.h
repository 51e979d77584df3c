#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/operator.h"

namespace concrete::sim {

/// How often operand codes reached the ports of multipliers, indexed by raw port codes (two's-complement patterns):
/// after extension to the port's width, and with magnitudes where sign_magnitude puts the sign back outside.
struct OperandCounts {
    Port a, b;                      ///< widths and signedness; names are those of the first multiplier
    std::vector<int64_t> a_counts;  ///< [2^a_bits], of multiply-accumulates
    std::vector<int64_t> b_counts;  ///< [2^b_bits]
    std::vector<int64_t> joint;  ///< [2^a_bits, 2^b_bits] row-major, or empty: marginals only, joint_absence says why
    std::string joint_absence;

    /// Multiply-accumulates counted.
    int64_t macs() const;

    bool operator==(const OperandCounts&) const = default;
};

/// What the multipliers of a run were fed, as its file holds it (docs/operand-distributions.md).
struct OperandDistribution {
    std::string network, config;  ///< names
    std::string calibration_sha256;
    uint64_t images = 0;
    std::map<std::string, OperandCounts> layers;  ///< by layer, at least one
    std::optional<OperandCounts> total;           ///< of all layers, where all have ports of the same width and sign

    bool operator==(const OperandDistribution&) const = default;
};

/// Most bits of both operands together that have a joint histogram, and most counts of all joint histograms of a file.
inline constexpr int kMaxJointBits = 24;
inline constexpr uint64_t kMaxJointCounts = uint64_t{1} << 27;

/// Most bits of one operand.
inline constexpr int kMaxMarginalBits = 24;

/// True where two ports have the same widths and signedness as two others.
bool same_ports(const OperandCounts& x, const OperandCounts& y);

/// Sum over all layers; nothing where their ports differ. The joint histogram is there where every layer has one.
std::optional<OperandCounts> total_counts(const std::map<std::string, OperandCounts>& layers);

/// Throws: InputError naming the file, the item, what was found and what was expected: another format, negative counts,
/// marginals that do not belong to the joint histogram, counts beyond 2^62 in all.
OperandDistribution load_operand_distribution(const std::filesystem::path& path);

/// Written atomically and byte-reproducibly. Throws: InputError if the folder is not writable.
void save_operand_distribution(const OperandDistribution& distribution, const std::filesystem::path& path);

}  // namespace concrete::sim
