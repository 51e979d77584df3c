// Every engine gives what gather gives, bit for bit: on all kinds of multipliers, accumulators and shapes.
#include <gtest/gtest.h>
#include <vector>

#include "sim/matmul_testing.h"
#include "sim/testing.h"

namespace concrete::sim {
namespace {

using testing::all_ways;
using testing::expect_gathered;
using testing::Fill;
using testing::matmul_problem;
using testing::MatmulProblem;
using testing::MatmulShape;
using testing::Runs;

constexpr Fill kFills[] = {Fill::random, Fill::extreme, Fill::largest, Fill::skipping};

/// All engines that a test meant to compare must have run.
void expect_runs(const Runs& runs, const std::vector<std::string>& names, size_t least) {
    for (const std::string& name : names) {
        const auto found = runs.find(name);
        EXPECT_GE(found == runs.end() ? 0 : found->second, least) << name;
    }
}

/// A random multiplier whose ports have other signs than usual, named for what it is.
std::shared_ptr<Operator> mixed_multiplier(Port a, Port b, Port y, uint64_t seed) {
    auto op = testing::random_multiplier(a.bits, b.bits, y.bits, y.is_signed, seed);
    op->name = fmt::format("random {}{} x {}{} to {}{}", a.bits, a.is_signed ? "s" : "u", b.bits,
                           b.is_signed ? "s" : "u", y.bits, y.is_signed ? "s" : "u");
    op->a = std::move(a), op->b = std::move(b), op->y = std::move(y);
    return op;
}

std::shared_ptr<Operator> narrow_multiplier() {
    return testing::with_netlist(testing::random_multiplier(5, 4, 9, true, 3));
}

std::vector<ProductModel> all_models() {
    std::vector<ProductModel> models;
    const CodeRange s8{-128, 127}, u8{0, 255};
    models.emplace_back(mixed_multiplier({"a", 8, true}, {"b", 8, true}, {"y", 17, true}, 1), s8, s8, false);
    models.emplace_back(mixed_multiplier({"a", 8, false}, {"b", 8, false}, {"y", 16, false}, 2), u8, u8, false);
    models.emplace_back(mixed_multiplier({"a", 8, false}, {"b", 8, true}, {"y", 9, true}, 3), u8, s8, false);
    models.emplace_back(mixed_multiplier({"a", 8, true}, {"b", 8, false}, {"y", 12, false}, 4), s8, u8, false);
    // Narrow operands, on their own ports and on wider ones; one code only; a range that does not hold 0.
    for (const int bits : {1, 2, 3, 7}) {
        const int other = 8 - bits;
        const auto op = mixed_multiplier({"a", bits, true}, {"b", other, false}, {"y", 9 + bits, true}, 5);
        const CodeRange a{lowest_code(op->a), highest_code(op->a)}, b{lowest_code(op->b), highest_code(op->b)};
        models.emplace_back(bits == 3 ? testing::with_netlist(op) : op, a, b, false);
    }
    const auto wide = mixed_multiplier({"a", 8, true}, {"b", 8, true}, {"y", 16, true}, 6);
    models.emplace_back(wide, CodeRange{-3, 3}, CodeRange{-1, 1}, false);
    models.emplace_back(wide, CodeRange{5, 5}, CodeRange{-128, -100}, false);
    // Signed data on an unsigned multiplier, with its lowest code; products in units of 8.
    const auto magnitudes = mixed_multiplier({"a", 8, false}, {"b", 8, false}, {"y", 16, false}, 7);
    models.emplace_back(magnitudes, s8, CodeRange{-127, 127}, true);
    auto scaled = mixed_multiplier({"a", 8, true}, {"b", 8, true}, {"y", 13, true}, 8);
    scaled->y_lsb = 3;
    models.emplace_back(scaled, s8, s8, false);
    const auto low_rank = testing::low_rank_multiplier();
    models.emplace_back(low_rank, s8, s8, false);
    models.emplace_back(low_rank, CodeRange{0, 127}, CodeRange{-127, 127}, false);
    // Exact products, with a table and a netlist, and without either.
    auto exact = testing::exact_multiplier(8, 8, true);
    exact->netlist = testing::exact_product_netlist(8, 8, true);
    models.emplace_back(exact, s8, s8, false);
    auto closed = std::make_shared<Operator>(*exact);
    closed->lut.clear();
    closed->netlist.reset();
    closed->name = "closed form";
    models.emplace_back(closed, s8, s8, false);
    return models;
}

TEST(EngineExactness, OnEveryMultiplier) {
    const std::vector<AccumulatorSpec> accumulators{{32, Overflow::wrap, 0, nullptr},
                                                    {19, Overflow::wrap, 0, nullptr},
                                                    {40, Overflow::wrap, 0, nullptr},
                                                    {24, Overflow::wrap, 6, nullptr},
                                                    {22, Overflow::wrap, 3, nullptr, LowerPart::eta_i},
                                                    {16, Overflow::saturate, 0, nullptr}};
    Runs runs;
    uint64_t seed = 0;
    for (const ProductModel& products : all_models()) {
        for (const AccumulatorSpec& acc : accumulators) {
            for (const MatmulShape& shape : {MatmulShape{67, 9, 2}, {2, 5, 131}}) {
                ++seed;
                // Of random tables only small ones have few terms.
                const bool is_random = products.multiplier().name.rfind("random", 0) == 0;
                const bool terms = !is_random || std::min(products.a_range().count(), products.w_range().count()) <= 3;
                MatmulProblem p = matmul_problem(shape, products, acc, kFills[seed % 4], seed);
                expect_gathered(p, all_ways(terms), {1 + static_cast<int>(seed % 2)}, runs);
            }
        }
    }
    expect_runs(runs, {"permute", "decomposed", "netlist", "logic", "logic (decomposed)"}, 15);
}

TEST(EngineExactness, OnEveryAccumulator) {
    const ProductModel narrow(narrow_multiplier(), {-16, 15}, {-8, 7}, false);
    const ProductModel wide(testing::random_multiplier(8, 8, 17, true, 9), {-128, 127}, {-128, 127}, false);
    Runs runs;
    uint64_t seed = 1000;
    for (const int bits : {2, 3, 8, 9, 16, 17, 24, 31, 32, 33, 34, 48, 63, 64}) {
        for (const int k : {0, 1, 5, 15, 16, bits - 1, bits}) {
            if (k > bits) continue;
            for (const Overflow overflow : {Overflow::wrap, Overflow::saturate}) {
                ++seed;
                const AccumulatorSpec acc{bits, overflow, k, nullptr};
                const ProductModel& products = seed % 3 == 0 ? narrow : wide;
                const MatmulShape shape = seed % 5 == 0 ? MatmulShape{3, 11, 130} : MatmulShape{65, 11, 3};
                MatmulProblem p = matmul_problem(shape, products, acc, kFills[seed / 2 % 4], seed);
                expect_gathered(p, all_ways(false), {1}, runs);
            }
        }
    }
    expect_runs(runs, {"permute", "netlist", "logic"}, 10);
}

TEST(EngineExactness, OnEveryLowerPart) {
    const ProductModel narrow(narrow_multiplier(), {-16, 15}, {-8, 7}, false);
    const ProductModel wide(testing::random_multiplier(8, 8, 17, true, 9), {-128, 127}, {-128, 127}, false);
    Runs runs;
    uint64_t seed = 2000;
    for (const LowerPart part : {LowerPart::or_with_carry, LowerPart::or_only, LowerPart::zero, LowerPart::one,
                                 LowerPart::copy, LowerPart::eta_i}) {
        for (int k = 1; k <= 17; ++k) {
            for (const Overflow overflow : {Overflow::wrap, Overflow::saturate}) {
                ++seed;
                const int bits = k == 17 ? 16 : 16 + static_cast<int>(seed % 3) * 9;
                const AccumulatorSpec acc{bits, overflow, std::min(k, 16), nullptr, part};
                const MatmulShape shape = seed % 5 == 0 ? MatmulShape{3, 11, 130} : MatmulShape{65, 11, 3};
                MatmulProblem p = matmul_problem(shape, k % 2 == 0 ? narrow : wide, acc, kFills[seed % 4], seed);
                expect_gathered(p, all_ways(false), {2}, runs);
            }
        }
    }
    expect_runs(runs, {"logic", "netlist"}, 20);
}

TEST(EngineExactness, OnEveryShape) {
    const ProductModel few_terms(testing::low_rank_multiplier(), {-128, 127}, {-128, 127}, false);
    const ProductModel random(testing::random_multiplier(8, 8, 17, true, 9), {-100, 127}, {-128, 127}, false);
    const ProductModel narrow(narrow_multiplier(), {-16, 15}, {-8, 7}, false);
    const AccumulatorSpec accumulators[] = {{32, Overflow::wrap, 0, nullptr},
                                            {23, Overflow::wrap, 5, nullptr},
                                            {23, Overflow::wrap, 5, nullptr, LowerPart::eta_i}};
    // Around the sizes of vectors, tiles, register blocks and depths; the other two extents are small.
    std::vector<MatmulShape> shapes{{1, 1, 1}, {2, 2, 2}, {257, 513, 49}, {63, 1025, 257}, {3, 1025, 241}};
    for (const size_t m : {63, 64, 65, 127, 129, 191, 255, 256, 257, 513}) shapes.push_back({m, 7, 5});
    for (const size_t n : {47, 48, 49, 97, 239, 241, 255, 256, 257, 521}) {
        shapes.push_back({65, 5, n});
        shapes.push_back({5, 7, n});  // columns along the lanes
    }
    for (const size_t k : {1, 2, 3, 4, 5, 31, 63, 64, 65, 255, 257, 511, 512, 513, 1024, 1029}) {
        shapes.push_back({66, k, 3});
        shapes.push_back({2, k, 70});
    }
    Runs runs;
    uint64_t seed = 3000;
    for (const MatmulShape& shape : shapes) {
        ++seed;
        const AccumulatorSpec& acc = accumulators[seed % 3];
        const Fill fill = kFills[seed % 4];
        const std::vector<int> threads{seed % 2 == 0 ? 1 : 7};
        for (const ProductModel* products : {&few_terms, &random, &narrow}) {
            MatmulProblem p = matmul_problem(shape, *products, acc, fill, seed);
            expect_gathered(p, all_ways(products == &few_terms), threads, runs);
        }
    }
    expect_runs(runs, {"permute", "decomposed", "netlist", "logic", "logic (decomposed)"}, 15);
}

/// The first fully connected layer of VGG-16 and its like, with the codes that make the largest sums.
TEST(EngineExactness, OnLongSums) {
    constexpr size_t kLong = 25088;
    const CodeRange codes{-128, 127};
    const ProductModel few_terms(testing::low_rank_multiplier(), codes, codes, false);
    // Sums beyond 31 and beyond 32 bits, by far.
    const ProductModel large(mixed_multiplier({"a", 8, true}, {"b", 8, true}, {"y", 24, true}, 10), codes, codes,
                             false);
    const ProductModel narrow(narrow_multiplier(), {-16, 15}, {-8, 7}, false);
    const std::vector<AccumulatorSpec> accumulators{{32, Overflow::wrap, 0, nullptr},
                                                    {48, Overflow::wrap, 0, nullptr},
                                                    {47, Overflow::saturate, 0, nullptr},
                                                    {26, Overflow::wrap, 8, nullptr},
                                                    {45, Overflow::wrap, 7, nullptr, LowerPart::eta_i}};
    Runs runs;
    uint64_t seed = 4000;
    for (const AccumulatorSpec& acc : accumulators) {
        for (const ProductModel* products : {&few_terms, &large, &narrow}) {
            for (const Fill fill : {Fill::extreme, Fill::largest}) {
                ++seed;
                const MatmulShape shape = seed % 2 == 0 ? MatmulShape{3, kLong, 1} : MatmulShape{1, kLong, 3};
                MatmulProblem p = matmul_problem(shape, *products, acc, fill, seed, 1 << 20);
                expect_gathered(p, all_ways(products == &few_terms), {2}, runs);
            }
        }
    }
    expect_runs(runs, {"permute", "decomposed", "netlist", "logic", "logic (decomposed)"}, 4);
}

/// Entries of which not even four fit into a sum of 32 bits.
TEST(EngineExactness, OnEntriesOf32Bits) {
    const CodeRange codes{-128, 127};
    Runs runs;
    uint64_t seed = 5000;
    for (const int y_bits : {30, 31, 32}) {
        const ProductModel products(testing::random_multiplier(8, 8, y_bits, true, 11), codes, codes, false);
        for (const int bits : {31, 32, 33, 40, 64}) {
            for (const int k : {0, 2}) {
                for (const MatmulShape& shape : {MatmulShape{66, 9, 2}, {2, 7, 80}}) {
                    ++seed;
                    MatmulProblem p =
                        matmul_problem(shape, products, {bits, Overflow::wrap, k, nullptr}, kFills[seed % 4], seed);
                    expect_gathered(p, all_ways(false), {1}, runs);
                }
            }
        }
    }
    expect_runs(runs, {"permute", "logic"}, 10);
}

/// Exact products of 16-bit codes that are few but large: up to 32 bits without sign.
TEST(EngineExactness, OnClosedFormsOfWideCodes) {
    auto op = std::make_shared<Operator>(testing::bare_operator("16 x 16", OperatorKind::multiplier, {"a", 16, false},
                                                                {"b", 16, false}, {"y", 32, false}));
    op->closed_form = ClosedForm::product;
    op->netlist = testing::exact_product_netlist(16, 16, false);
    Runs runs;
    uint64_t seed = 6000;
    for (const CodeRange& codes : {CodeRange{65300, 65535}, {46200, 46400}, {1000, 1200}}) {
        const ProductModel products(op, codes, codes, false);
        for (const AccumulatorSpec& acc : {AccumulatorSpec{32, Overflow::wrap, 0, nullptr},
                                           {40, Overflow::wrap, 0, nullptr},
                                           {41, Overflow::wrap, 3, nullptr},
                                           {32, Overflow::wrap, 5, nullptr, LowerPart::copy},
                                           {50, Overflow::saturate, 0, nullptr}}) {
            for (const MatmulShape& shape : {MatmulShape{66, 9, 2}, {2, 7, 80}, {1, 1, 1}}) {
                ++seed;
                MatmulProblem p = matmul_problem(shape, products, acc, kFills[seed % 3], seed);
                expect_gathered(p, all_ways(), {1}, runs);
            }
        }
    }
    expect_runs(runs, {"permute", "decomposed", "netlist", "logic"}, 5);
}

TEST(EngineExactness, WhereSaturationCannotHappen) {
    const ProductModel few_terms(testing::low_rank_multiplier(), {-100, 127}, {-128, 127}, false);
    const ProductModel narrow(narrow_multiplier(), {-16, 15}, {-8, 7}, false);
    Runs runs;
    uint64_t seed = 7000;
    for (const int k : {0, 4}) {
        for (const int bits : {23, 31, 32, 40, 64}) {
            for (const Fill fill : kFills) {
                ++seed;
                const ProductModel& products = bits == 40 ? narrow : few_terms;
                const AccumulatorSpec acc{bits, Overflow::saturate, k, nullptr};
                MatmulProblem p = matmul_problem({66, 13, 3}, products, acc, fill, seed, 1 << 10);
                const Engine engine = k == 0 ? Engine::permute : Engine::logic;
                EXPECT_EQ(engine_problem(engine, MatmulTask(p.args).task), std::nullopt) << p.label;
                expect_gathered(p, all_ways(), {1}, runs);
            }
        }
    }
    expect_runs(runs, {"permute", "decomposed", "netlist", "logic", "logic (decomposed)"}, 8);
}

TEST(EngineExactness, WhereRowsHaveNoProducts) {
    const ProductModel products(narrow_multiplier(), {-16, 15}, {-8, 7}, false);
    Runs runs;
    uint64_t seed = 8000;
    for (const LowerPart part : {LowerPart::or_with_carry, LowerPart::or_only, LowerPart::zero, LowerPart::one,
                                 LowerPart::copy, LowerPart::eta_i}) {
        for (const int k : {0, 1, 5, 12}) {
            for (const MatmulShape& shape : {MatmulShape{70, 6, 3}, {3, 6, 70}}) {
                ++seed;
                const AccumulatorSpec acc{12, Overflow::wrap, k, nullptr, part};
                MatmulProblem p = matmul_problem(shape, products, acc, Fill::skipping, seed);
                std::fill(p.a.begin(), p.a.end(), kSkip);
                expect_gathered(p, all_ways(), {1}, runs);
                EXPECT_EQ(p.out, p.init) << p.label;
            }
        }
    }
    expect_runs(runs, {"permute", "decomposed", "netlist", "logic", "logic (decomposed)"}, 12);
}

TEST(EngineExactness, OnAnyNumberOfThreads) {
    const CodeRange codes{-128, 127};
    const ProductModel few_terms(testing::low_rank_multiplier(), codes, codes, false);
    const ProductModel narrow(narrow_multiplier(), {-16, 15}, {-8, 7}, false);
    Runs runs;
    uint64_t seed = 9000;
    for (const AccumulatorSpec& acc :
         {AccumulatorSpec{24, Overflow::wrap, 0, nullptr}, {20, Overflow::wrap, 4, nullptr, LowerPart::eta_i}}) {
        // Many tiles, many ranges of columns, columns along the lanes.
        for (const MatmulShape& shape : {MatmulShape{1031, 19, 5}, {70, 19, 521}, {7, 19, 1031}}) {
            for (const ProductModel* products : {&few_terms, &narrow}) {
                MatmulProblem p = matmul_problem(shape, *products, acc, Fill::skipping, ++seed);
                expect_gathered(p, all_ways(), {1, 2, 7, 64}, runs);
            }
        }
    }
    expect_runs(runs, {"permute", "decomposed", "netlist", "logic", "logic (decomposed)"}, 12);
}

}  // namespace
}  // namespace concrete::sim
