#include "sim/decomposition_file.h"

#include <functional>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/error.h"
#include "sim/file.h"
#include "sim/testing.h"

namespace concrete::sim {
namespace {

using ::testing::HasSubstr;

/// 2 x 1 bits, all sizes different, with two terms.
Operator sample() {
    Operator op =
        testing::bare_operator("op", OperatorKind::multiplier, {"a", 2, true}, {"b", 1, false}, {"y", 16, true});
    op.decomposition = Decomposition{{5, 6, -7, 8}, {0, 1}, {{1, {0, 1, 2, -253}, {0, 3}}, {4, {9, 1, 0, 1}, {-2, 1}}}};
    op.decomposition_bound = 1;
    for (size_t a = 0; a < 4; ++a) {
        for (size_t b = 0; b < 2; ++b) {
            int32_t y = op.decomposition->f[a] + op.decomposition->g[b];
            for (const auto& term : op.decomposition->terms) y += (1 << term.shift) * term.u[a] * term.v[b];
            op.lut.push_back(y);
        }
    }
    return op;
}

Operator without_decomposition() {
    Operator op = sample();
    op.decomposition.reset();
    op.decomposition_bound.reset();
    return op;
}

class DecompositionFile : public ::testing::Test {
  protected:
    std::filesystem::path file() const { return folder_.path() / "x.h5"; }

    /// What is read back where `write` made the file.
    Operator read(const std::function<void(Hdf5Writer&)>& write) const {
        {
            Hdf5Writer writer(file());
            writer.attribute("/", "format", "none");
            write(writer);
            writer.commit();
        }
        Operator op = without_decomposition();
        detail::read_decomposition(Hdf5Reader(file()), op);
        return op;
    }

    std::string error(const std::function<void(Hdf5Writer&)>& write) const {
        try {
            read(write);
        } catch (const InputError& error) {
            return error.what();
        }
        return "no InputError";
    }

  private:
    TemporaryFolder folder_;
};

TEST_F(DecompositionFile, RoundTrips) {
    Operator sum = sample(), absent = without_decomposition();
    sum.decomposition->terms.clear();
    absent.decomposition_bound = 229;
    absent.decomposition_absence = "too many";
    for (const Operator& op : {sample(), sum, absent, without_decomposition()}) {
        const Operator found = read([&](Hdf5Writer& writer) { detail::write_decomposition(writer, op); });
        EXPECT_EQ(found.decomposition, op.decomposition);
        EXPECT_EQ(found.decomposition_bound, op.decomposition_bound);
        EXPECT_EQ(found.decomposition_absence, op.decomposition_absence);
    }
}

TEST_F(DecompositionFile, WhatDoesNotGiveTheTableIsAProblem) {
    EXPECT_EQ(detail::decomposition_section_problem(sample()), std::nullopt);
    const auto problem = [](const std::function<void(Operator&)>& change) {
        Operator op = sample();
        change(op);
        return detail::decomposition_section_problem(op).value_or("none");
    };
    EXPECT_EQ(problem([](Operator& op) { ++op.lut[7]; }), "does not give the table");
    EXPECT_EQ(problem([](Operator& op) { op.decomposition->terms[0].v[0] = 1; }), "does not give the table");
    EXPECT_EQ(problem([](Operator& op) { op.decomposition = transposed(*op.decomposition); }),
              "does not give the table");
    EXPECT_EQ(problem([](Operator& op) { op.kind = OperatorKind::adder; }),
              "is present, but only multipliers of at most 8 x 8 bits have one");
    EXPECT_EQ(problem([](Operator& op) { op.decomposition_absence = "\n"; }), "absence is not printable");
}

TEST_F(DecompositionFile, ErrorsNameItemAndExpectation) {
    const Operator op = sample();
    const std::vector<int32_t> zeros(2000);
    const auto with = [&](int64_t terms, const Shape& f, const Shape& u) {
        return [&zeros, terms, f, u](Hdf5Writer& writer) {
            writer.group("/decomposition");
            writer.attribute("/decomposition", "bound", int64_t{1});
            writer.attribute("/decomposition", "terms", terms);
            writer.write("/decomposition/f", f, zeros.data());
            writer.write("/decomposition/g", {2}, zeros.data());
            writer.write("/decomposition/shift", {1}, zeros.data());
            writer.write("/decomposition/u", u, zeros.data());
            writer.write("/decomposition/v", {1, 2}, zeros.data());
        };
    };
    EXPECT_EQ(error(with(1, {4}, {1, 4})), "no InputError");
    EXPECT_THAT(error(with(1025, {4}, {1, 4})), HasSubstr("/decomposition: terms is 1025, expected 0 to 1024"));
    EXPECT_THAT(error(with(-1, {4}, {1, 4})), HasSubstr("terms is -1"));
    EXPECT_THAT(error(with(1, {2}, {1, 4})), HasSubstr("/decomposition/f: has the shape [2], expected [4]"));
    EXPECT_THAT(error(with(1, {4}, {4, 1})), HasSubstr("/decomposition/u: has the shape [4, 1], expected [1, 4]"));
    EXPECT_THAT(error(with(2, {4}, {1, 4})), HasSubstr("/decomposition/shift: has the shape [1], expected [2]"));
}

}  // namespace
}  // namespace concrete::sim
