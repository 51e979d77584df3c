#include "sim/decomposition_cache.h"

#include <cstdlib>
#include <filesystem>
#include <gtest/gtest.h>
#include <numeric>

#include "sim/decompose.h"
#include "sim/file.h"
#include "sim/testing.h"

namespace concrete::sim {
namespace {

namespace fs = std::filesystem;

/// The product of codes below 16 and 8, with the low bits of both ored: several terms.
SumTable sample() {
    SumTable table{16, 8, {}};
    for (int a = 0; a < 16; ++a)
        for (int b = 0; b < 8; ++b) table.values.push_back(a * b + ((a & 3) | (b & 3)) + 1);
    return table;
}

/// A term for each of all rows but one.
Decomposition clumsy(const SumTable& table) {
    Decomposition d{std::vector<int32_t>(table.lanes), std::vector<int32_t>(table.others), {}};
    for (size_t a = 0; a < table.lanes; ++a) {
        Decomposition::Term term{0, std::vector<int32_t>(table.lanes), {}};
        term.u[a] = 1;
        for (size_t b = 0; b < table.others; ++b) term.v.push_back(table.at(a, b));
        d.terms.push_back(std::move(term));
    }
    return d;
}

/// With a cache folder of its own.
class DecompositionCache : public ::testing::Test {
  protected:
    void SetUp() override {
        setenv("CONCRETE_CACHE_DIR", folder_.path().c_str(), 1);
        detail::forget_decompositions();
    }
    void TearDown() override {
        unsetenv("CONCRETE_CACHE_DIR");
        detail::forget_decompositions();
    }

    std::vector<fs::path> entries() const {
        std::vector<fs::path> files;
        const fs::path folder = folder_.path() / "decompositions";
        if (fs::exists(folder))
            for (const auto& entry : fs::directory_iterator(folder)) files.push_back(entry.path());
        return files;
    }

  private:
    TemporaryFolder folder_;
};

TEST_F(DecompositionCache, RemembersWhatTheSearchGave) {
    const SumTable table = sample();
    const auto expected = decompose(table.values, 16, 8);
    ASSERT_TRUE(expected);
    EXPECT_EQ(find_decomposition(table, 512, nullptr), expected);
    ASSERT_EQ(entries().size(), 1U);
    // In memory, without the file; and from the file, in a new process.
    const fs::path entry = entries().front();
    const std::string bytes = read_file(entry);
    fs::remove(entry);
    EXPECT_EQ(find_decomposition(table, 512, nullptr), expected);
    EXPECT_TRUE(entries().empty());
    write_file(entry, bytes);
    detail::forget_decompositions();
    EXPECT_EQ(find_decomposition(table, 512, nullptr), expected);
    EXPECT_EQ(entries().size(), 1U);
}

TEST_F(DecompositionCache, TakesAnEntryOfItsTable) {
    // A valid entry other than the search's own shows that it is read.
    const SumTable table = sample();
    find_decomposition(table, 512, nullptr);
    const fs::path entry = entries().front();
    Decomposition other = *decompose(table.values, 16, 8);
    for (int32_t& value : other.f) ++value;
    for (int32_t& value : other.g) --value;
    std::vector<int32_t> numbers(other.f);
    numbers.insert(numbers.end(), other.g.begin(), other.g.end());
    for (const auto& term : other.terms) {
        numbers.push_back(term.shift);
        numbers.insert(numbers.end(), term.u.begin(), term.u.end());
        numbers.insert(numbers.end(), term.v.begin(), term.v.end());
    }
    write_file(entry, {reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(int32_t)});
    detail::forget_decompositions();
    EXPECT_EQ(find_decomposition(table, 512, nullptr), other);
}

TEST_F(DecompositionCache, MakesDamagedEntriesAgain) {
    const SumTable table = sample();
    const auto expected = find_decomposition(table, 512, nullptr);
    const fs::path entry = entries().front();
    const std::string whole = read_file(entry);
    std::string changed = whole;
    ++changed[0];
    for (const std::string& bytes :
         {changed, whole.substr(0, whole.size() - 4), whole + "x", std::string(), std::string("none x\n")}) {
        write_file(entry, bytes);
        detail::forget_decompositions();
        EXPECT_EQ(find_decomposition(table, 512, nullptr), expected);
        EXPECT_EQ(read_file(entry), whole);
    }
}

TEST_F(DecompositionCache, RemembersThatThereIsNone) {
    const SumTable table = sample();
    const size_t terms = decompose(table.values, 16, 8)->terms.size();
    ASSERT_GT(terms, 1U);
    // Fewer than the rank: no search at all.
    EXPECT_EQ(find_decomposition(table, terms - 1, nullptr), std::nullopt);
    EXPECT_TRUE(entries().empty());
    // A product whose operands span more than a byte has rank 1 and needs more terms.
    SumTable wide{3, 3, {}};
    for (const int a : {0, 1, 1001})
        for (const int b : {0, 1, 999}) wide.values.push_back(a * b);
    EXPECT_EQ(find_decomposition(wide, 1, nullptr), std::nullopt);
    ASSERT_EQ(entries().size(), 1U);
    EXPECT_EQ(read_file(entries().front()).substr(0, 5), "none ");
    detail::forget_decompositions();
    EXPECT_EQ(find_decomposition(wide, 1, nullptr), std::nullopt);
}

TEST_F(DecompositionCache, KeepsAKnownOneUnlessFewerTermsArePossible) {
    const SumTable table = sample();
    const Decomposition best = *decompose(table.values, 16, 8);
    const Decomposition known = clumsy(table);
    ASSERT_TRUE(decomposes(known, table.values));
    EXPECT_EQ(find_decomposition(table, 512, &best), best);
    EXPECT_TRUE(entries().empty());
    const auto found = find_decomposition(table, 512, &known);
    ASSERT_TRUE(found);
    EXPECT_TRUE(decomposes(*found, table.values));
    EXPECT_EQ(found->terms.size(), best.terms.size());
    // A known one of too many terms is of no use.
    EXPECT_EQ(find_decomposition(table, best.terms.size() - 1, &best), std::nullopt);
}

TEST_F(DecompositionCache, DropsConstantTerms) {
    const SumTable table = sample();
    const Decomposition whole = *decompose(table.values, 16, 8);
    std::vector<uint32_t> columns(8);
    std::iota(columns.begin(), columns.end(), 0U);
    const std::vector<uint32_t> row{5};
    const Decomposition known = restricted(whole, row, columns);
    const Decomposition found = without_constant_terms(known);
    EXPECT_TRUE(found.terms.empty());
    EXPECT_TRUE(decomposes(found, std::span(table.values).subspan(size_t{5} * 8, 8)));
    // And with the other operand constant.
    EXPECT_TRUE(without_constant_terms(transposed(known)).terms.empty());
    EXPECT_EQ(without_constant_terms(transposed(known)), transposed(found));
    // f and g would leave 32 bits.
    const Decomposition large{{0}, {0, 0}, {{31, {1}, {1, 2}}}};
    EXPECT_EQ(without_constant_terms(large), large);
}

}  // namespace
}  // namespace concrete::sim
