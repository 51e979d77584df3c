#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "gen/catalogue.h"
#include "gen/sweep.h"
#include "sim/operator.h"

/// What the multiplier families that cut operands or add logarithms compute: integer formulas from their papers,
/// written without looking at a circuit. No logarithm, shifter or leading-one detector of rtl/ is imitated: products of
/// rounded operands, and exact numerators over a power of two.
namespace concrete::verify::testing {

using FamilyParameters = std::map<std::string, int64_t>;
using ProductFormula = std::function<int64_t(int64_t a, int64_t b)>;

/// Largest power of two that is not above v. Requires v > 0.
inline int64_t power_below(int64_t v) {
    return static_cast<int64_t>(std::bit_floor(static_cast<uint64_t>(v)));
}

/// v with the bits below its `kept` leading ones cut off, the lowest kept bit set where something could be cut.
inline int64_t leading_bits(int64_t v, int64_t kept, bool set) {
    const int64_t unit = v == 0 ? 1 : std::max<int64_t>(1, power_below(v) >> (kept - 1));
    return v / unit * unit + (set && unit > 1 && v / unit % 2 == 0 ? unit : 0);
}

/// v cut to `m` bits at the lowest of two or three fixed places that keeps its leading one.
inline int64_t static_bits(int64_t v, int64_t width, int64_t m, bool three) {
    if (m >= width || v < int64_t{1} << m) return v;
    const int64_t middle = (width - m) / 2;
    const int64_t cut = three && v < int64_t{1} << (m + middle) ? middle : width - m;
    return v - v % (int64_t{1} << cut);
}

/// 2^(ka + kb) (1 + xa + xb) or 2^(ka + kb + 1) (xa + xb), plus `correction` 128ths of 2^(ka + kb), rounded down.
inline int64_t mitchell(int64_t a, int64_t b, int64_t correction) {
    if (a == 0 || b == 0) return 0;
    const int64_t pa = power_below(a), pb = power_below(b);
    const int64_t both = pa * pb, rest = (a - pa) * pb + (b - pb) * pa;
    return (128 * (rest < both ? both + rest : 2 * rest) + correction * both) / 128;
}

/// Mitchell's product where the `m` low bits of the sum of logarithms are 1 (set_one) or the OR of the summands' bits.
inline int64_t approximate_log(int64_t a, int64_t b, int64_t width, int64_t m, bool set_one) {
    if (a == 0 || b == 0) return 0;
    const int64_t one = int64_t{1} << (width - 1);  // 1.0 in the logarithms
    const int64_t low = int64_t{1} << std::min(m, width - 1);
    const auto log = [&](int64_t v) {
        return (std::bit_width(static_cast<uint64_t>(v)) - 1) * one + v * one / power_below(v) - one;
    };
    const int64_t p = log(a), q = log(b);
    int64_t sum = p + q;
    if (low > 1) {
        const bool carry = 2 * (p % low) >= low && 2 * (q % low) >= low;
        sum = (p / low + q / low + carry) * low + (set_one ? low - 1 : p % low | q % low);
    }
    return (one + sum % one) * (int64_t{1} << (sum / one)) / one;
}

/// a * b less the product of what is left of the operands when their `terms` highest set bits are gone.
inline int64_t iterative_log(int64_t a, int64_t b, int64_t terms) {
    int64_t a_left = a, b_left = b;
    for (int64_t i = 0; i < terms; ++i) {
        a_left -= a_left == 0 ? 0 : power_below(a_left);
        b_left -= b_left == 0 ? 0 : power_below(b_left);
    }
    return a * b - a_left * b_left;
}

/// Nearest power of two; halfway the larger one, except for 3; 0 for 0.
inline int64_t rounded_to_power(int64_t v) {
    if (v == 0 || v == 3) return v == 0 ? 0 : 2;
    const int64_t below = power_below(v);
    return v - below < 2 * below - v ? below : 2 * below;
}

inline int64_t roba(int64_t a, int64_t b) {
    return a * b - (rounded_to_power(a) - a) * (rounded_to_power(b) - b);
}

/// 2^(ka + kb) (1 + xa + xb + oa * ob): x cut to `t` fraction bits; o cut to `h`, half a unit added.
inline int64_t tosam(int64_t a, int64_t b, int64_t h, int64_t t) {
    if (a == 0 || b == 0) return 0;
    const int64_t pa = power_below(a), pb = power_below(b);
    const auto cut = [](int64_t v, int64_t power, int64_t bits) { return (v - power) * (int64_t{1} << bits) / power; };
    const int64_t in_t = cut(a, pa, t) + cut(b, pb, t);                                        // units of 2^-t
    const int64_t in_h = (2 * cut(a, pa, h) + 1) * (2 * cut(b, pb, h) + 1);                    // units of 2^-(2h + 2)
    const int64_t sum = (int64_t{1} << 20) + (in_t << (20 - t)) + (in_h << (20 - 2 * h - 2));  // units of 2^-20
    return (sum * pa * pb) >> 20;
}

/// v less its remainder modulo 2^dropped, the remainder not negative.
inline int64_t without_low_bits(int64_t v, int64_t dropped) {
    const int64_t unit = int64_t{1} << dropped;
    return v - (v % unit + unit) % unit;
}

/// The formula of one family of the catalogue, on decoded operands. The signed families by sign and magnitude are those
/// of the unsigned one of the same name.
/// Throws: std::logic_error for a family without a formula here.
inline ProductFormula product_formula(const std::string& family, const FamilyParameters& parameters) {
    const auto value = [&](const char* name) { return parameters.at(name); };
    const int64_t width = value("WIDTH");
    if (family.starts_with("mul_s_") && family != "mul_s_lsb_truncate" && family != "mul_s_roba_as") {
        const ProductFormula of_magnitudes = product_formula("mul_u_" + family.substr(6), parameters);
        return [=](int64_t a, int64_t b) {
            const int64_t product = of_magnitudes(std::abs(a), std::abs(b));
            return (a < 0) != (b < 0) ? -product : product;
        };
    }
    if (family == "mul_u_drum" || family == "mul_u_dsm") {
        const int64_t k = value("K");
        const bool set = family == "mul_u_drum";
        return [=](int64_t a, int64_t b) { return leading_bits(a, k, set) * leading_bits(b, k, set); };
    }
    if (family == "mul_u_ssm" || family == "mul_u_essm") {
        const int64_t m = value("M");
        const bool three = family == "mul_u_essm";
        return [=](int64_t a, int64_t b) { return static_bits(a, width, m, three) * static_bits(b, width, m, three); };
    }
    if (family == "mul_u_mitchell") return [](int64_t a, int64_t b) { return mitchell(a, b, 0); };
    if (family == "mul_u_mbm")
        return [=](int64_t a, int64_t b) { return std::min(mitchell(a, b, 10), (int64_t{1} << (2 * width)) - 1); };
    if (family == "mul_u_alm_soa" || family == "mul_u_alm_loa") {
        const int64_t m = value("M");
        const bool set_one = family == "mul_u_alm_soa";
        return [=](int64_t a, int64_t b) { return approximate_log(a, b, width, m, set_one); };
    }
    if (family == "mul_u_ilm") {
        const int64_t terms = value("TERMS");
        return [=](int64_t a, int64_t b) { return iterative_log(a, b, terms); };
    }
    if (family == "mul_u_roba") return [](int64_t a, int64_t b) { return roba(a, b); };
    if (family == "mul_s_roba_as")
        return [](int64_t a, int64_t b) {
            const int64_t product = roba(a < 0 ? -a - 1 : a, b < 0 ? -b - 1 : b);
            return (a < 0) != (b < 0) ? -product - 1 : product;
        };
    if (family == "mul_u_tosam") {
        const int64_t h = value("H"), t = value("T");
        return [=](int64_t a, int64_t b) { return tosam(a, b, h, t); };
    }
    if (family == "mul_u_lsb_truncate" || family == "mul_s_lsb_truncate") {
        const int64_t a_drop = value("A_DROP"), b_drop = value("B_DROP");
        return [=](int64_t a, int64_t b) { return without_low_bits(a, a_drop) * without_low_bits(b, b_drop); };
    }
    throw std::logic_error("no formula for " + family);
}

/// A listed instance of one of these families, with its formula and with ports that were not worked out but written
/// here.
struct DynamicInstance {
    sim::Operator op;  ///< name, kind, ports, sources; no table
    gen::Request request;
    std::string family;
    ProductFormula formula;
    int64_t width;
};

inline const std::vector<std::string>& dynamic_families() {
    static const std::vector<std::string> names{
        "mul_u_drum",     "mul_s_drum",     "mul_u_dsm",     "mul_u_ssm",          "mul_s_ssm",         "mul_u_essm",
        "mul_u_mitchell", "mul_s_mitchell", "mul_u_alm_soa", "mul_s_alm_soa",      "mul_u_alm_loa",     "mul_s_alm_loa",
        "mul_u_mbm",      "mul_s_mbm",      "mul_u_ilm",     "mul_s_ilm",          "mul_u_roba",        "mul_s_roba",
        "mul_s_roba_as",  "mul_u_tosam",    "mul_s_tosam",   "mul_u_lsb_truncate", "mul_s_lsb_truncate"};
    return names;
}

inline DynamicInstance dynamic_instance(const gen::Catalogue& catalogue, const std::string& name) {
    const auto [family, parameters] = gen::parse_instance_name(catalogue, name);
    DynamicInstance instance;
    instance.request = gen::catalogue_request(*family, parameters);
    instance.family = family->name;
    instance.formula = product_formula(family->name, parameters);
    instance.width = parameters.at("WIDTH");
    const int bits = static_cast<int>(instance.width);
    const bool is_signed = family->name.starts_with("mul_s_");
    instance.op.name = name;
    instance.op.a = {"a", bits, is_signed};
    instance.op.b = {"b", bits, is_signed};
    instance.op.y = {"y", 2 * bits, is_signed};
    instance.op.sources = instance.request.sources;
    return instance;
}

/// Pattern of y that the formula asks for at raw codes.
inline uint64_t expected_pattern(const DynamicInstance& instance, uint64_t a_raw, uint64_t b_raw) {
    const sim::Port &a = instance.op.a, &y = instance.op.y;
    return sim::encode(
        instance.formula(sim::decode(a_raw, a.bits, a.is_signed), sim::decode(b_raw, a.bits, a.is_signed)), y.bits);
}

}  // namespace concrete::verify::testing
