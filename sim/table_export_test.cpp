#include "sim/table_export.h"

#include <cstdlib>
#include <cstring>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <limits>
#include <sstream>

#include "sim/error.h"
#include "sim/file.h"

namespace concrete::sim {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

/// 2 signed x 3 unsigned bits, every entry different, extremes among them.
Operator sample() {
    Operator op;
    op.name = "4-odd";
    op.a = {"a", 2, true};
    op.b = {"b", 3, false};
    op.y = {"y", 32, true};
    op.sources_sha256 = "abc";
    for (int i = 0; i < 32; ++i) op.lut.push_back(i * 1'000'003 - 7);
    op.lut[5] = std::numeric_limits<int32_t>::min();
    return op;
}

std::vector<int32_t> values_of(std::string_view bytes) {
    std::vector<int32_t> values(bytes.size() / 4);
    std::memcpy(values.data(), bytes.data(), values.size() * 4);
    return values;
}

TEST(TableExport, BinHoldsRawValuesInOrder) {
    const std::string bytes = export_table(sample(), TableFormat::bin);
    EXPECT_EQ(bytes.size(), 128U);
    EXPECT_EQ(values_of(bytes), sample().lut);
}

TEST(TableExport, NpyHasAnAlignedHeader) {
    const std::string bytes = export_table(sample(), TableFormat::npy);
    ASSERT_THAT(bytes, StartsWith(std::string("\x93NUMPY\x01\x00", 8)));
    const size_t header = static_cast<unsigned char>(bytes[8]) + 256U * static_cast<unsigned char>(bytes[9]);
    EXPECT_EQ((10 + header) % 64, 0U);
    EXPECT_THAT(bytes.substr(10, header), StartsWith("{'descr': '<i4', 'fortran_order': False, 'shape': (4, 8), }"));
    EXPECT_EQ(bytes[9 + header], '\n');
    EXPECT_EQ(values_of(std::string_view(bytes).substr(10 + header)), sample().lut);
}

TEST(TableExport, CsvNamesSignedCodes) {
    std::istringstream lines(export_table(sample(), TableFormat::csv));
    std::string line;
    std::getline(lines, line);
    EXPECT_EQ(line, "a,b,y");
    size_t count = 0;
    for (; std::getline(lines, line); ++count) {
        int a = 0, b = 0, y = 0;
        ASSERT_EQ(std::sscanf(line.c_str(), "%d,%d,%d", &a, &b, &y), 3);
        EXPECT_EQ(y, lookup(sample(), encode(a, 2), encode(b, 3)));
        EXPECT_EQ(a, count < 16 ? static_cast<int>(count / 8) : static_cast<int>(count / 8) - 4);
    }
    EXPECT_EQ(count, 32U);
}

TEST(TableExport, HeaderCompilesAndHoldsTheValues) {
    const TemporaryFolder folder;
    write_file(folder.path() / "table.h", export_table(sample(), TableFormat::h));
    write_file(folder.path() / "main.c",
               "#include \"table.h\"\n#include <stdio.h>\n"
               "int main(void) { fwrite(op_4_odd, sizeof op_4_odd, 1, stdout); return 0; }\n");
    const std::string at = folder.path().string();
    ASSERT_EQ(std::system(("cd " + at + " && cc -Wall -Werror main.c -o main && ./main > out").c_str()), 0);
    EXPECT_EQ(values_of(read_file(folder.path() / "out")), sample().lut);
}

TEST(TableExport, NeedsATable) {
    Operator op = sample();
    op.lut.clear();
    try {
        export_table(op, TableFormat::csv);
        FAIL() << "no InputError";
    } catch (const InputError& error) {
        EXPECT_THAT(error.what(), HasSubstr("4-odd: has no table to export"));
    }
}

TEST(TableExport, NamesCannotEndTheComment) {
    Operator op = sample();
    op.name = "*/ int x; /*";
    const std::string header = export_table(op, TableFormat::h);
    EXPECT_EQ(header.find("*/"), header.find(". */") + 2);
}

}  // namespace
}  // namespace concrete::sim
