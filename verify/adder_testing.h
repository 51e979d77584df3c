#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <fmt/format.h>
#include <map>
#include <stdexcept>
#include <string>

#include "gen/catalogue.h"
#include "sim/operator.h"

/// What the adder families of the catalogue compute, on numbers: slow, obvious, and without a look at their Verilog.
namespace concrete::verify::testing {

/// A full adder as a truth table: character 4 p + 2 q + c of `sum` and of `carry`, as printed in the source.
struct CellTable {
    const char *sum, *carry;

    static int bit(const char* column, uint64_t p, uint64_t q, uint64_t c) { return column[4 * p + 2 * q + c] - '0'; }
};

inline constexpr CellTable kExactCell{"01101001", "00010111"};

inline const std::map<std::string, CellTable>& cell_tables() {
    static const std::map<std::string, CellTable> tables{
        {"add_ama_i", {"01000001", "00110111"}},   {"add_ama_ii", {"11101000", "00010111"}},
        {"add_ama_iii", {"11001000", "00110111"}}, {"add_ama_iv", {"01010001", "00001111"}},
        {"add_ama_v", {"00110011", "00001111"}},   {"add_axa_i", {"01010101", "00101011"}},
        {"add_axa_ii", {"11000011", "00010111"}},  {"add_axa_iii", {"01000001", "00010111"}},
        {"add_inxa_i", {"01101001", "01010101"}},  {"add_inxa_ii", {"01111101", "00010111"}},
        {"add_inxa_iii", {"11101000", "00010111"}}};
    return tables;
}

/// An instance of an adder family: y for raw operand patterns of `w` bits, 2 to 32.
class AdderFormula {
  public:
    AdderFormula(std::string family, const std::map<std::string, int64_t>& parameters)
        : family_(std::move(family)), w_(parameters.at("W")) {
        const auto value = [&](const char* name) {
            const auto found = parameters.find(name);
            return found == parameters.end() ? int64_t{0} : found->second;
        };
        k_ = value("K");
        c_ = std::min(value("C"), w_);
        r_ = value("R");
        p_ = value("P");
    }

    int64_t w() const { return w_; }

    uint64_t operator()(uint64_t a, uint64_t b) const {
        const uint64_t modulus = uint64_t{1} << w_;
        if (family_ == "add_exact") return (a + b) % modulus;
        const auto cell = cell_tables().find(family_);
        if (cell != cell_tables().end()) return ripple(cell->second, a, b) % modulus;
        if (is_windowed()) return windowed(a, b);
        // A low part of k bits, and what the upper part gets from it.
        const uint64_t unit = uint64_t{1} << std::min(k_, w_);
        const uint64_t x = a % unit, z = b % unit;
        const auto [low, carry] = low_part(x, z, unit);
        return ((a / unit + b / unit + carry) * unit + low) % modulus;
    }

    /// Bits of y that are taken from sums of neighboring bits only.
    bool is_windowed() const {
        static constexpr std::array kNames{"add_eta_ii", "add_esa",    "add_carry_skip",
                                           "add_aca_i",  "add_aca_ii", "add_gear"};
        return std::find(kNames.begin(), kNames.end(), family_) != kNames.end();
    }

  private:
    struct LowPart {
        uint64_t sum, carry;
    };

    /// The lowest operand bit that bit i of y looks at.
    int64_t window_begin(int64_t i) const {
        if (family_ == "add_esa") return i / k_ * k_;
        if (family_ == "add_eta_ii" || family_ == "add_aca_ii") return std::max(int64_t{0}, (i / k_ - 1) * k_);
        if (family_ == "add_carry_skip") return std::max(int64_t{0}, (i / k_ - 2) * k_);
        if (family_ == "add_aca_i") return std::max(int64_t{0}, i - k_ + 1);
        return i < r_ + p_ ? 0 : (i - p_) / r_ * r_;
    }

    uint64_t windowed(uint64_t a, uint64_t b) const {
        uint64_t y = 0;
        for (int64_t i = 0; i < w_; ++i) {
            const uint64_t begin = uint64_t{1} << window_begin(i), bit = uint64_t{1} << i;
            y += (a / begin * begin + b / begin * begin) & bit;
        }
        return y;
    }

    uint64_t ripple(const CellTable& cell, uint64_t a, uint64_t b) const {
        uint64_t y = 0, carry = 0;
        for (int64_t i = 0; i < w_; ++i) {
            const CellTable& table = i < k_ ? cell : kExactCell;
            const uint64_t p = a >> i & 1, q = b >> i & 1;
            y += static_cast<uint64_t>(CellTable::bit(table.sum, p, q, carry)) << i;
            carry = static_cast<uint64_t>(CellTable::bit(table.carry, p, q, carry));
        }
        return y;
    }

    /// x, z: the low parts of the operands; unit: 2^k.
    LowPart low_part(uint64_t x, uint64_t z, uint64_t unit) const {
        const uint64_t half = unit / 2, quarter = unit / 4;
        const bool x_top = 2 * x >= unit && unit > 1, z_top = 2 * z >= unit && unit > 1, both = x_top && z_top;
        if (family_ == "add_truncated") return {0, 0};
        if (family_ == "add_truncated_ones") return {unit - 1, 0};
        if (family_ == "add_truncated_copy") return {x, 0};
        if (family_ == "add_loawa") return {x | z, 0};
        if (family_ == "add_loa") return {x | z, both};
        if (family_ == "add_oloca") return {(x | z | ((uint64_t{1} << c_) - 1)) % unit, both};
        if (family_ == "add_heaa") return {both ? (x | z) - half : x | z, both};
        if (family_ == "add_hoeraa") {
            if (unit < 4) return {(x + z) % unit, (x + z) / unit};
            const bool x_next = (x & quarter) != 0, z_next = (z & quarter) != 0;
            const bool top = both ? x_next && z_next : x_top || z_top;
            return {(top ? half : 0) + (x_next || z_next ? quarter : 0) + quarter - 1, both};
        }
        if (family_ == "add_eta_i") {
            for (uint64_t m = half; m > 0; m /= 2)
                if ((x & m) != 0 && (z & m) != 0) return {(x / m + z / m - 2) * m + 2 * m - 1, 0};
            return {x + z, 0};
        }
        throw std::logic_error("no formula for the family " + family_);
    }

    std::string family_;
    int64_t w_, k_ = 0, c_ = 0, r_ = 0, p_ = 0;
};

/// What gen::RtlOperators needs of an adder's request.
inline sim::Operator adder_of(const gen::Request& request) {
    sim::Operator op;
    op.name = request.name;
    op.kind = sim::OperatorKind::adder;
    op.sources = request.sources;
    const int bits = std::stoi(request.sources.parameters.at("W"));
    op.a = {"a", bits, true};
    op.b = {"b", bits, true};
    op.y = {"y", bits, true};
    return op;
}

}  // namespace concrete::verify::testing
