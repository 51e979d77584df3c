#include "sim/accumulator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <random>

#include "sim/error.h"
#include "sim/int128.h"
#include "sim/testing.h"

namespace concrete::sim {
namespace {

using ::testing::HasSubstr;

constexpr LowerPart kParts[] = {LowerPart::or_with_carry, LowerPart::or_only, LowerPart::zero,
                                LowerPart::one,           LowerPart::copy,    LowerPart::eta_i};

/// Bit i < k of a sum.
bool lower_bit(LowerPart part, uint64_t a, uint64_t b, int i, int k) {
    const auto bit = [](uint64_t word, int at) { return (word >> at & 1) != 0; };
    bool both = false;
    switch (part) {
        case LowerPart::or_with_carry:
        case LowerPart::or_only:
            return bit(a, i) || bit(b, i);
        case LowerPart::zero:
            return false;
        case LowerPart::one:
            return true;
        case LowerPart::copy:
            return bit(a, i);
        case LowerPart::eta_i:  // as rtl/add_eta_i.v says: 1 at and below a bit that both have, else their XOR
            for (int above = i; above < k; ++above) both = both || (bit(a, above) && bit(b, above));
            return both || bit(a, i) != bit(b, i);
    }
    return false;
}

/// Gate by gate, bit by bit: the lower part below k, a full-adder chain above, whose carry-in is the AND of the bits
/// k - 1 or nothing.
uint64_t lower_part_gates(LowerPart part, uint64_t a, uint64_t b, int bits, int k) {
    uint64_t sum = 0;
    bool carry = part == LowerPart::or_with_carry && k > 0 && (a >> (k - 1) & 1) && (b >> (k - 1) & 1);
    for (int i = 0; i < bits; ++i) {
        const bool x = a >> i & 1, y = b >> i & 1;
        bool s = false;
        if (i < k) {
            s = lower_bit(part, a, b, i, k);
        } else {
            s = (x != y) != carry;
            carry = (x && y) || (carry && (x != y));
        }
        sum |= uint64_t{s} << i;
    }
    return sum;
}

int64_t reference(const AccumulatorSpec& spec, int64_t acc, int64_t addend) {
    const uint64_t y =
        lower_part_gates(spec.lower_part, encode(acc, spec.bits), encode(addend, spec.bits), spec.bits, spec.or_bits);
    const int64_t sum = decode(y, spec.bits, true);
    const bool overflows = (acc < 0) == (addend < 0) && (sum < 0) != (acc < 0);
    if (spec.overflow == Overflow::wrap || !overflows) return sum;
    return acc < 0 ? lowest_accumulator(spec.bits) : highest_accumulator(spec.bits);
}

TEST(Accumulator, EqualsGatesOnAllPairs) {
    std::vector<AccumulatorSpec> specs;
    for (const LowerPart part : kParts)
        for (int bits = 2; bits <= 7; ++bits)
            for (int k = 0; k <= bits; ++k)
                for (const Overflow overflow : {Overflow::wrap, Overflow::saturate})
                    specs.push_back({bits, overflow, k, nullptr, part});
    for (const AccumulatorSpec& spec : specs) {
        const int bits = spec.bits;
        for (int64_t a = lowest_accumulator(bits); a <= highest_accumulator(bits); ++a) {
            for (int64_t b = lowest_accumulator(bits); b <= highest_accumulator(bits); ++b) {
                ASSERT_EQ(accumulate(spec, a, b), reference(spec, a, b))
                    << "W=" << bits << " " << adder_label(spec) << " a=" << a << " b=" << b;
            }
        }
    }
}

TEST(Accumulator, EqualsGatesAtAllWidthsAndExtremes) {
    std::mt19937_64 random(11);
    for (int bits = 2; bits <= 64; ++bits) {
        const std::vector<int64_t> extremes{0, 1, -1, lowest_accumulator(bits), highest_accumulator(bits)};
        for (int trial = 0; trial < 400; ++trial) {
            const int k = static_cast<int>(random() % static_cast<uint64_t>(bits + 1));
            const AccumulatorSpec spec{bits, trial % 2 ? Overflow::wrap : Overflow::saturate, k, nullptr,
                                       kParts[random() % std::size(kParts)]};
            const int64_t a = trial % 3 ? decode(random(), bits, true) : extremes[random() % extremes.size()];
            const int64_t b = trial % 5 ? decode(random(), bits, true) : extremes[random() % extremes.size()];
            ASSERT_EQ(accumulate(spec, a, b), reference(spec, a, b)) << "W=" << bits << " k=" << k;
        }
    }
}

TEST(Accumulator, ExactSumsWrapAndSaturateAsIntegers) {
    std::mt19937_64 random(12);
    for (int trial = 0; trial < 10000; ++trial) {
        const int bits = 2 + static_cast<int>(random() % 63);
        const int64_t a = decode(random(), bits, true), b = decode(random(), bits, true);
        const Int128 sum = static_cast<Int128>(a) + b;
        const Int128 clamped = std::clamp<Int128>(sum, lowest_accumulator(bits), highest_accumulator(bits));
        EXPECT_EQ(accumulate({bits, Overflow::saturate, 0, nullptr}, a, b), static_cast<int64_t>(clamped));
        EXPECT_EQ(accumulate({bits, Overflow::wrap, 0, nullptr}, a, b), decode(static_cast<uint64_t>(sum), bits, true));
    }
}

TEST(Accumulator, ProductsWiderThanTheAccumulatorAreFittedFirst) {
    // 200 in 8 bits: wraps to -56, clamps to 127.
    EXPECT_EQ(accumulate({8, Overflow::wrap, 0, nullptr}, 10, 200), -46);
    EXPECT_EQ(accumulate({8, Overflow::saturate, 0, nullptr}, -10, 200), 117);
    EXPECT_EQ(accumulate({8, Overflow::saturate, 0, nullptr}, 10, -200), -118);
}

TEST(Accumulator, TableAdderIsUsedAsItIs) {
    const AccumulatorSpec spec = make_accumulator(6, Overflow::wrap, testing::inverting_adder(6));
    EXPECT_FALSE(spec.is_modular());
    EXPECT_EQ(accumulate(spec, 3, 4), 6);
    EXPECT_EQ(accumulate(spec, 31, 1), -31);  // 32 ^ 1 = 33, in 6 bits
    AccumulatorSpec saturating = spec;
    saturating.overflow = Overflow::saturate;
    EXPECT_EQ(accumulate(saturating, 31, 1), 31);
}

TEST(Accumulator, OperatorsThatDoNotFitAreRefused) {
    const auto expect = [](std::shared_ptr<Operator> op, int bits, const char* message) {
        try {
            make_accumulator(bits, Overflow::wrap, std::move(op));
            FAIL() << "accepted: " << message;
        } catch (const InputError& error) {
            EXPECT_THAT(error.what(), HasSubstr(message));
        }
    };
    expect(testing::exact_multiplier(4, 4, true), 4, "a multiplier where an adder is expected");
    expect(testing::inverting_adder(6), 8, "an accumulator of 8 bits needs 8, 8 and 8 or 9");
    auto no_table = testing::inverting_adder(6);
    no_table->lut.clear();
    expect(no_table, 6, "neither a table nor a closed form");
    EXPECT_THROW(check(AccumulatorSpec{65, Overflow::wrap, 0, nullptr}), RangeError);
    EXPECT_THROW(check(AccumulatorSpec{1, Overflow::wrap, 0, nullptr}), RangeError);
    EXPECT_THROW(check(AccumulatorSpec{8, Overflow::wrap, 9, nullptr}), RangeError);
}

TEST(Accumulator, ClosedFormsOfAdderOperators) {
    auto op = testing::inverting_adder(8);
    op->lut.clear();
    op->or_bits = 3;
    const std::pair<ClosedForm, LowerPart> parts[] = {
        {ClosedForm::lower_part_or, LowerPart::or_with_carry}, {ClosedForm::lower_part_or_only, LowerPart::or_only},
        {ClosedForm::lower_part_zero, LowerPart::zero},        {ClosedForm::lower_part_one, LowerPart::one},
        {ClosedForm::lower_part_copy, LowerPart::copy},        {ClosedForm::lower_part_eta_i, LowerPart::eta_i}};
    for (const auto& [form, part] : parts) {
        op->closed_form = form;
        const AccumulatorSpec spec = make_accumulator(8, Overflow::wrap, op);
        EXPECT_FALSE(spec.is_modular());
        EXPECT_EQ(spec.adder, nullptr);
        EXPECT_EQ(spec.or_bits, 3);
        EXPECT_EQ(spec.lower_part, part);
    }
    EXPECT_EQ(adder_label(make_accumulator(8, Overflow::wrap, op)), "eta_i 3");
    op->closed_form = ClosedForm::sum;
    EXPECT_TRUE(make_accumulator(8, Overflow::wrap, op).is_modular());
}

}  // namespace
}  // namespace concrete::sim
