// The operand distribution file (docs/operand-distributions.md).
#include "sim/operand_distribution.h"

#include <algorithm>
#include <fmt/format.h>
#include <numeric>

#include "sim/error.h"
#include "sim/hdf5.h"
#include "sim/sources_check.h"

namespace concrete::sim {
namespace {

constexpr const char* kDistributionFormat = "concrete-operands";
constexpr int64_t kDistributionVersion = 1;

/// Most multiply-accumulates of one histogram, so that sums of a file's histograms stay within 64 bits.
constexpr int64_t kMaxMacs = int64_t{1} << 62;

int read_bounded(const Hdf5Reader& file, const std::string& item, const std::string& name, int lowest, int highest) {
    const int64_t value = file.integer_attribute(item, name);
    if (value < lowest || value > highest) {
        file.fail(item, fmt::format("{} is {}, expected {} to {}", name, value, lowest, highest));
    }
    return static_cast<int>(value);
}

std::string read_printable(const Hdf5Reader& file, const std::string& item, const std::string& name) {
    std::string text = file.text_attribute(item, name);
    if (!is_printable(text)) file.fail(item, fmt::format("the attribute '{}' is not printable", name));
    return text;
}

Port read_port(const Hdf5Reader& file, const std::string& item, const std::string& role) {
    Port port;
    port.name = read_printable(file, item, role + "_name");
    port.bits = read_bounded(file, item, role + "_bits", 1, kMaxMarginalBits);
    port.is_signed = read_bounded(file, item, role + "_signed", 0, 1) == 1;
    return port;
}

std::vector<int64_t> read_counts(const Hdf5Reader& file, const std::string& item, const Shape& shape) {
    Tensor<int64_t> counts = file.integers64(item, element_count(shape));
    if (counts.shape != shape) {
        file.fail(item, fmt::format("has the shape {}, expected {}", to_string(counts.shape), to_string(shape)));
    }
    int64_t left = kMaxMacs;
    for (const int64_t count : counts.data) {
        if (count < 0 || count > left) {
            file.fail(item, fmt::format("holds {}, expected counts from 0 to 2^62 in all", count));
        }
        left -= count;
    }
    if (left == kMaxMacs) file.fail(item, "holds zeros only, expected counts");
    return std::move(counts.data);
}

int64_t sum(const std::vector<int64_t>& counts) {
    return std::accumulate(counts.begin(), counts.end(), int64_t{0});
}

/// Row sums and column sums of a joint histogram.
std::pair<std::vector<int64_t>, std::vector<int64_t>> marginals(const OperandCounts& counts) {
    const size_t columns = size_t{1} << counts.b.bits;
    std::vector<int64_t> a(size_t{1} << counts.a.bits), b(columns);
    for (size_t i = 0; i < counts.joint.size(); ++i) {
        a[i / columns] += counts.joint[i];
        b[i % columns] += counts.joint[i];
    }
    return {std::move(a), std::move(b)};
}

OperandCounts read_layer(const Hdf5Reader& file, const std::string& item) {
    OperandCounts counts;
    counts.a = read_port(file, item, "a");
    counts.b = read_port(file, item, "b");
    const size_t rows = size_t{1} << counts.a.bits, columns = size_t{1} << counts.b.bits;
    counts.a_counts = read_counts(file, item + "/a", {rows});
    counts.b_counts = read_counts(file, item + "/b", {columns});
    if (sum(counts.a_counts) != sum(counts.b_counts)) {
        file.fail(item, fmt::format("a counts {} multiply-accumulates, b counts {}, expected the same number",
                                    sum(counts.a_counts), sum(counts.b_counts)));
    }
    if (!file.has(item + "/joint")) {
        counts.joint_absence = read_printable(file, item, "joint_absence");
        return counts;
    }
    if (counts.a.bits + counts.b.bits > kMaxJointBits) {
        file.fail(item + "/joint",
                  fmt::format("is of {} bits, expected at most {}", counts.a.bits + counts.b.bits, kMaxJointBits));
    }
    counts.joint = read_counts(file, item + "/joint", {rows, columns});
    if (marginals(counts) != std::pair(counts.a_counts, counts.b_counts)) {
        file.fail(item + "/joint", "has other row or column sums than a and b hold");
    }
    return counts;
}

void write_layer(Hdf5Writer& file, const std::string& item, const OperandCounts& counts) {
    const size_t rows = size_t{1} << counts.a.bits, columns = size_t{1} << counts.b.bits;
    file.group(item);
    for (const auto& [role, port] : {std::pair("a", &counts.a), std::pair("b", &counts.b)}) {
        file.attribute(item, std::string(role) + "_name", port->name);
        file.attribute(item, std::string(role) + "_bits", int64_t{port->bits});
        file.attribute(item, std::string(role) + "_signed", int64_t{port->is_signed});
    }
    file.write(item + "/a", {rows}, counts.a_counts.data());
    file.write(item + "/b", {columns}, counts.b_counts.data());
    if (counts.joint.empty()) {
        file.attribute(item, "joint_absence", counts.joint_absence);
    } else {
        file.write(item + "/joint", {rows, columns}, counts.joint.data());
    }
}

/// Names from outside, as the reader takes them.
std::string printable_name(std::string text) {
    text.resize(std::min(text.size(), kMaxNameLength));
    std::replace_if(
        text.begin(), text.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
    return text;
}

void add(std::vector<int64_t>& to, const std::vector<int64_t>& counts) {
    std::transform(counts.begin(), counts.end(), to.begin(), to.begin(), std::plus<>());
}

}  // namespace

int64_t OperandCounts::macs() const {
    return sum(a_counts);
}

bool same_ports(const OperandCounts& x, const OperandCounts& y) {
    return x.a.bits == y.a.bits && x.b.bits == y.b.bits && x.a.is_signed == y.a.is_signed &&
           x.b.is_signed == y.b.is_signed;
}

std::optional<OperandCounts> total_counts(const std::map<std::string, OperandCounts>& layers) {
    std::optional<OperandCounts> total;
    for (const auto& [name, counts] : layers) {
        if (!total) {
            total = counts;
            continue;
        }
        if (!same_ports(*total, counts)) return std::nullopt;
        add(total->a_counts, counts.a_counts);
        add(total->b_counts, counts.b_counts);
        if (!total->joint.empty() && counts.joint.empty()) {
            total->joint.clear();
            total->joint_absence = counts.joint_absence;
        }
        if (!total->joint.empty()) add(total->joint, counts.joint);
    }
    return total;
}

OperandDistribution load_operand_distribution(const std::filesystem::path& path) {
    const Hdf5Reader file(path);
    if (!file.has_attribute("/", "format")) {
        file.fail("/", fmt::format("the attribute 'format' is missing; expected operands that 'concrete run "
                                   "--record-operands' wrote (format '{}')",
                                   kDistributionFormat));
    }
    const std::string format = file.text_attribute("/", "format");
    if (format != kDistributionFormat) {
        file.fail("/", fmt::format("format is '{}', expected '{}', as 'concrete run --record-operands' writes it",
                                   format, kDistributionFormat));
    }
    if (const int64_t version = file.integer_attribute("/", "version"); version != kDistributionVersion) {
        file.fail("/", fmt::format("version is {}, expected {}; record it again with this program", version,
                                   kDistributionVersion));
    }
    OperandDistribution distribution;
    distribution.network = read_printable(file, "/", "network");
    distribution.config = read_printable(file, "/", "config");
    distribution.calibration_sha256 = read_printable(file, "/", "calibration_sha256");
    const int64_t images = file.integer_attribute("/", "images");
    if (images < 1) file.fail("/", fmt::format("images is {}, expected at least 1", images));
    distribution.images = static_cast<uint64_t>(images);
    for (const std::string& name : file.members("/layers")) {
        if (!is_printable(name)) file.fail("/layers", "the name of a layer is not printable");
        distribution.layers[name] = read_layer(file, "/layers/" + name);
    }
    if (distribution.layers.empty()) file.fail("/layers", "holds no layer");
    if (file.has("/total")) distribution.total = read_layer(file, "/total");
    return distribution;
}

void save_operand_distribution(const OperandDistribution& distribution, const std::filesystem::path& path) {
    Hdf5Writer file(path);
    file.attribute("/", "format", kDistributionFormat);
    file.attribute("/", "version", kDistributionVersion);
    file.attribute("/", "network", printable_name(distribution.network));
    file.attribute("/", "config", printable_name(distribution.config));
    file.attribute("/", "calibration_sha256", distribution.calibration_sha256);
    file.attribute("/", "images", static_cast<int64_t>(distribution.images));
    for (const auto& [name, counts] : distribution.layers) write_layer(file, "/layers/" + name, counts);
    if (distribution.total) write_layer(file, "/total", *distribution.total);
    file.commit();
}

}  // namespace concrete::sim
