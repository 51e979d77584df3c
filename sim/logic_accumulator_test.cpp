#include "sim/logic_accumulator.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <vector>

#include "sim/random.h"
#include "sim/testing.h"

namespace concrete::sim {
namespace {

constexpr LowerPart kParts[] = {LowerPart::or_with_carry, LowerPart::or_only, LowerPart::zero,
                                LowerPart::one,           LowerPart::copy,    LowerPart::eta_i};

/// What is collected over some addends.
struct Collected {
    uint64_t sum = 0, ors = 0, pairs = 0;

    void add(const LogicAccumulator& logic, int64_t product) {
        sum += static_cast<uint64_t>(logic.term(product));
        pairs |= ors & logic.low(product);
        ors |= logic.low(product);
    }
    void add(const Collected& other) {
        sum += other.sum;
        pairs |= other.pairs | (ors & other.ors);
        ors |= other.ors;
    }

    /// Only what the contract asks for: the rest is filled with rubbish.
    int64_t finish(const LogicAccumulator& logic, int64_t init) const {
        constexpr uint64_t kRubbish = 0x5bd1e995a7c3f1d9;
        const uint64_t rubbish = logic.sum_bits() < 64 ? kRubbish << logic.sum_bits() : 0;
        const bool has_ors = logic.reduction() != LowReduction::none;
        const bool has_pairs = logic.reduction() == LowReduction::ors_and_pairs;
        return logic.finish(init, static_cast<int64_t>(sum + rubbish), has_ors ? ors : kRubbish,
                            has_pairs ? pairs : kRubbish);
    }
};

/// Compares after each addend, for all of up to `left` more addends.
struct Walk {
    const AccumulatorSpec& spec;
    const LogicAccumulator& logic;
    int64_t init;
    size_t& wrong;
    size_t& checked;

    void from(int64_t acc, const Collected& before, int left) const {
        for (int64_t product = lowest_accumulator(spec.bits); product <= highest_accumulator(spec.bits); ++product) {
            const int64_t next = accumulate(spec, acc, product);
            Collected collected = before;
            collected.add(logic, product);
            wrong += collected.finish(logic, init) != next;
            ++checked;
            if (left > 1) from(next, collected, left - 1);
        }
    }
};

TEST(LogicAccumulator, EqualsStepsFromAllStartsOverAllAddends) {
    size_t wrong = 0, checked = 0;
    for (const LowerPart part : kParts) {
        for (int bits = 2; bits <= 4; ++bits) {
            for (int k = 0; k <= bits; ++k) {
                const AccumulatorSpec spec{bits, Overflow::wrap, k, nullptr, part};
                const LogicAccumulator logic(spec);
                for (int64_t init = lowest_accumulator(bits); init <= highest_accumulator(bits); ++init)
                    Walk{spec, logic, init, wrong, checked}.from(init, {}, 4);
            }
        }
    }
    EXPECT_EQ(wrong, 0u);
    EXPECT_GT(checked, 30u << 20);
}

TEST(LogicAccumulator, EqualsStepsAtAllWidthsInAnyOrderAndInParts) {
    Random random(21);
    size_t wrong = 0;
    for (int trial = 0; trial < 20000; ++trial) {
        const int bits = 2 + static_cast<int>(random.below(63));
        const int k = static_cast<int>(random.below(static_cast<uint64_t>(bits) + 1));
        const AccumulatorSpec spec{bits, Overflow::wrap, k, nullptr, kParts[random.below(std::size(kParts))]};
        const LogicAccumulator logic(spec);
        const int product_bits = 2 + static_cast<int>(random.below(63));  // wider than the accumulator, too
        std::vector<int64_t> products(1 + random.below(24));
        for (int64_t& product : products) product = decode(random.bits() & random.bits(), product_bits, true);
        const int64_t init = decode(random.bits() & random.bits(), bits, true);
        int64_t acc = init;
        for (const int64_t product : products) acc = accumulate(spec, acc, product);
        random.shuffle(products);
        Collected first, second;
        for (size_t i = 0; i < products.size(); ++i) (i % 3 == 0 ? first : second).add(logic, products[i]);
        second.add(first);
        wrong += second.finish(logic, init) != acc;
    }
    EXPECT_EQ(wrong, 0u);
}

TEST(LogicAccumulator, ExactAddersSumTheProductsThemselves) {
    const LogicAccumulator exact({16, Overflow::wrap, 0, nullptr});
    EXPECT_EQ(exact.term(-77), -77);
    EXPECT_EQ(exact.reduction(), LowReduction::none);
    EXPECT_EQ(exact.sum_bits(), 16);
    const LogicAccumulator loa({24, Overflow::wrap, 8, nullptr});
    EXPECT_EQ(loa.term(0x17f), 1);
    EXPECT_EQ(loa.term(0x180), 2);
    EXPECT_EQ(loa.reduction(), LowReduction::ors);
    EXPECT_EQ(loa.sum_bits(), 16);
}

TEST(LogicAccumulator, CoversBuiltInAddersThatWrap) {
    EXPECT_FALSE(LogicAccumulator::covers({16, Overflow::saturate, 4, nullptr}));
    EXPECT_FALSE(LogicAccumulator::covers(make_accumulator(6, Overflow::wrap, testing::inverting_adder(6))));
}

// Wherever the proof succeeds, no sequence of extremes may saturate.
TEST(NeverSaturates, IsTrueOnlyWhereNothingDoes) {
    Random random(22);
    size_t proven = 0, saturated = 0, wrong = 0;
    for (int trial = 0; trial < 200000; ++trial) {
        const int bits = 2 + static_cast<int>(random.below(9));
        const int or_bits = static_cast<int>(random.below(std::min<uint64_t>(4, static_cast<uint64_t>(bits) + 1)));
        AccumulatorSpec spec{bits, Overflow::saturate, or_bits, nullptr, kParts[random.below(std::size(kParts))]};
        const auto largest_product = static_cast<int64_t>(random.below(uint64_t{1} << (bits - 1)));
        const auto largest_init = static_cast<int64_t>(random.below(uint64_t{1} << (bits - 1)));
        const size_t k = 1 + random.below(6);
        const auto extreme = [&random](int64_t largest) {
            return random.below(4) == 0
                       ? static_cast<int64_t>(random.below(2 * static_cast<uint64_t>(largest) + 1)) - largest
                   : random.below(2) == 0 ? largest
                                          : -largest;
        };
        const bool never = never_saturates(spec, largest_product, k, largest_init);
        int64_t acc = extreme(largest_init), wrapping = acc;
        const bool one_way = random.below(2) == 0;
        const int64_t repeated = extreme(largest_product);
        for (size_t i = 0; i < k; ++i) {
            const int64_t product = one_way ? repeated : extreme(largest_product);
            spec.overflow = Overflow::saturate;
            acc = accumulate(spec, acc, product);
            spec.overflow = Overflow::wrap;
            wrapping = accumulate(spec, wrapping, product);
        }
        proven += never;
        saturated += acc != wrapping;
        wrong += never && acc != wrapping;
    }
    EXPECT_EQ(wrong, 0u);
    EXPECT_GT(proven, 1000u);
    EXPECT_GT(saturated, 1000u);
}

TEST(NeverSaturates, IsExactForExactAddersAndSafeForHugeNumbers) {
    const AccumulatorSpec exact{16, Overflow::saturate, 0, nullptr};
    EXPECT_TRUE(never_saturates(exact, 127, 258, 1));  // 127 * 258 + 1 = 32767
    EXPECT_FALSE(never_saturates(exact, 127, 258, 2));
    EXPECT_FALSE(never_saturates(exact, 128, 256, 0));
    EXPECT_TRUE(never_saturates(exact, 0, ~size_t{0}, 32767));
    const AccumulatorSpec wide{64, Overflow::saturate, 8, nullptr};
    EXPECT_TRUE(never_saturates(wide, int64_t{1} << 32, 25088, 1 << 20));
    EXPECT_FALSE(never_saturates(wide, INT64_MAX, ~size_t{0}, INT64_MAX));
    EXPECT_FALSE(never_saturates({16, Overflow::saturate, 16, nullptr}, 1, 1, 1));
    EXPECT_TRUE(never_saturates({16, Overflow::saturate, 4, nullptr}, 95, 256, 255));  // 255 + 256 * (95 + 32) = 32767
    EXPECT_FALSE(never_saturates({16, Overflow::saturate, 4, nullptr}, 95, 256, 256));
    EXPECT_FALSE(never_saturates(make_accumulator(6, Overflow::saturate, testing::inverting_adder(6)), 0, 1, 0));
}

}  // namespace
}  // namespace concrete::sim
