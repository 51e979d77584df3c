#include "sim/lattice.h"

#include <gtest/gtest.h>
#include <vector>

#include "sim/random.h"

namespace concrete::sim {
namespace {

using Vector = std::vector<int64_t>;

Vector combined(const std::vector<Vector>& basis, const Vector& coefficients) {
    Vector sum(basis.front().size());
    for (size_t i = 0; i < basis.size(); ++i)
        for (size_t e = 0; e < sum.size(); ++e) sum[e] += coefficients[i] * basis[i][e];
    return sum;
}

TEST(ReducedLattice, OfNothingHoldsZeroAlone) {
    ReducedLattice lattice(3, 0.99, 10);
    EXPECT_TRUE(lattice.insert({0, 0, 0}));
    EXPECT_TRUE(lattice.basis().empty());
    EXPECT_EQ(lattice.coordinates({0, 0, 0}), Vector{});
    EXPECT_FALSE(lattice.coordinates({0, 1, 0}));
}

TEST(ReducedLattice, TakesTheCommonDivisor) {
    ReducedLattice lattice(2, 0.99, 100);
    for (const int64_t entry : {12, 0, 18, -30, 12}) EXPECT_TRUE(lattice.insert({0, entry}));
    ASSERT_EQ(lattice.basis().size(), 1U);
    EXPECT_EQ(std::abs(lattice.basis()[0][1]), 6);
    EXPECT_FALSE(lattice.coordinates({0, 15}));
    EXPECT_TRUE(lattice.coordinates({0, -6000000}));
}

TEST(ReducedLattice, FindsShortVectors) {
    // Long generators of a lattice with vectors of entries -1, 0 and 1.
    const std::vector<Vector> hidden{{0, 1, 0, 0, 1, 0}, {0, 0, 1, 0, -1, 1}, {0, 1, 0, 1, 0, -1}};
    Random random(1);
    ReducedLattice lattice(6, 0.99, 10000);
    for (int i = 0; i < 20; ++i) {
        Vector coefficients(3);
        for (int64_t& c : coefficients) c = static_cast<int64_t>(random.below(2000)) - 1000;
        EXPECT_TRUE(lattice.insert(combined(hidden, coefficients)));
    }
    ASSERT_EQ(lattice.basis().size(), 3U);
    for (const Vector& vector : lattice.basis())
        for (const int64_t entry : vector) EXPECT_LE(std::abs(entry), 2);
    for (const Vector& vector : hidden) {
        const auto coordinates = lattice.coordinates(vector);
        ASSERT_TRUE(coordinates);
        EXPECT_EQ(combined(lattice.basis(), *coordinates), vector);
    }
}

TEST(ReducedLattice, KeepsManyRandomGenerators) {
    Random random(2);
    std::vector<Vector> generators(40, Vector(30));
    for (Vector& generator : generators)
        for (size_t e = 1; e < generator.size(); ++e) generator[e] = static_cast<int64_t>(random.below(1 << 16));
    ReducedLattice lattice(30, 0.99, 100'000);
    for (const Vector& generator : generators) ASSERT_TRUE(lattice.insert(generator));
    EXPECT_EQ(lattice.basis().size(), 29U);
    for (const Vector& generator : generators) {
        const auto coordinates = lattice.coordinates(generator);
        ASSERT_TRUE(coordinates);
        EXPECT_EQ(combined(lattice.basis(), *coordinates), generator);
    }
}

TEST(ReducedLattice, SaysWhereItGivesUp) {
    EXPECT_FALSE(ReducedLattice(2, 0.99, 10).insert({0, ReducedLattice::kMostEntry + 1}));
    EXPECT_TRUE(ReducedLattice(2, 0.99, 10).insert({0, -ReducedLattice::kMostEntry}));
    ReducedLattice hasty(3, 0.99, 1);
    bool done = true;
    for (const int64_t x : {1000, 777, 531}) done = done && hasty.insert({0, x, x * x});
    EXPECT_FALSE(done);
}

}  // namespace
}  // namespace concrete::sim
