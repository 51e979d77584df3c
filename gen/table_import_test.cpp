#include "gen/table_import.h"

#include <gmock/gmock.h>

#include "gen/sweep.h"
#include "gen/testing.h"
#include "sim/file.h"
#include "sim/table_export.h"

namespace concrete::gen {
namespace {

namespace fs = std::filesystem;
using gen::testing::input_error;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class TableImport : public ::testing::Test {
  protected:
    fs::path write(const std::string& name, const std::string& text) {
        write_file(folder_.path() / name, text);
        return folder_.path() / name;
    }
    Table read(const std::string& name, const std::string& text, TableFormat format = {1, 2, 4, {}, {}}) {
        return read_table(write(name, text), format);
    }
    std::string error_of(const std::string& name, const std::string& text, TableFormat format = {1, 2, 4, {}, {}}) {
        return input_error([&] { read(name, text, format); });
    }

    TemporaryFolder folder_;
};

std::string bytes(std::initializer_list<int> values, size_t width) {
    std::string text;
    for (const int value : values)
        for (size_t i = 0; i < width; ++i) text += static_cast<char>(i < 4 ? value >> (8 * i) : value < 0 ? -1 : 0);
    return text;
}

std::string npy(const std::string& type, const std::string& shape, const std::string& body) {
    std::string header = "{'descr': " + type + ", 'fortran_order': False, 'shape': " + shape + ", }";
    header.append(63 - (10 + header.size()) % 64, ' ');
    header += '\n';
    return std::string("\x93NUMPY\x01\x00", 8) + static_cast<char>(header.size()) + '\0' + header + body;
}

TEST_F(TableImport, EveryFormOfOneTableIsTheSame) {
    const std::vector<uint32_t> expected{0, 1, 2, 3, 0xd, 0, 7, 0x8};  // 0xd = -3, 0x8 = -8 in 4 bits
    const auto values = {0, 1, 2, 3, -3, 0, 7, -8};
    const std::pair<std::string, std::string> forms[] = {
        {"t.bin", bytes(values, 1)},
        {"t.bin", bytes(values, 2)},
        {"t.bin", bytes(values, 4)},
        {"t.bin", bytes(values, 8)},
        {"t.npy", npy("'<i2'", "(2, 4)", bytes(values, 2))},
        {"t.npy", npy("'|i1'", "(8,)", bytes(values, 1))},
        {"t.h", "/* {9} */\n#include <stdint.h>\nconst int8_t lut[2][4] = {{0, 1, 2, 0x3}, // {\n {-3L,0,+7,-8,},};\n"},
        {"t.c", "int lut[] = {0, 1, 2u, 3, -3, 0, 7, -8 };"},
        {"t.txt", "0\n1\n2\r\n3\n\n-3 # y\n0\n7\n-8"},
        {"t.txt", "0 1 2 3\n-3\t0\t7\t-8\n"},
        {"t.csv", "a,b,y\n-1,-1,-8\n0,0,0\n0,1,1\n0,2,2\n1,0,-3\n0,3,3\n1,1,0\n1;2; 7\n"},
        {"t.csv", "# y\ny\n0\n0x1\n2\n3\n13\n0\n7\n8\n"},  // raw patterns
    };
    for (const auto& [name, text] : forms) {
        const Table table = read(name, text);
        EXPECT_EQ(table.y, expected) << text;
        EXPECT_EQ(table.y_bits, 4);
    }
}

TEST_F(TableImport, WidthsAndSignsAreWorkedOut) {
    const std::string npy_text = npy("'<u4'", "(2, 4)", bytes({0, 1, 2, 3, 4, 5, 6, 7}, 4));
    const Table table = read("t.npy", npy_text, {});
    EXPECT_EQ(table.a_bits, 1);
    EXPECT_EQ(table.b_bits, 2);
    EXPECT_EQ(table.y_bits, 3);
    EXPECT_EQ(
        read("t.npy", npy("'<u4'", "(2, 2)", bytes({0, 1, 1, 2}, 4)), {0, 0, 0, {}, sim::OperatorKind::adder}).y_bits,
        2);
    // Bytes of 200: narrower than y, and unsigned or -56.
    const std::string narrow = bytes({0, 1, 2, 3, 4, 5, 6, 200}, 1);
    EXPECT_THAT(error_of("t.bin", narrow, {1, 2, 12, {}, {}}), HasSubstr("--signed or --unsigned"));
    EXPECT_EQ(read("t.bin", narrow, {1, 2, 12, true, {}}).y.back(), 0xfc8u);
    EXPECT_EQ(read("t.bin", narrow, {1, 2, 12, false, {}}).y.back(), 200u);
    EXPECT_EQ(read("t.bin", narrow, {1, 2, 8, {}, {}}).y.back(), 200u);
}

TEST_F(TableImport, BadTablesAreOneSentenceWithTheirPlace) {
    const std::string row = "0\n1\n2\n3\n0\n1\n2\n";
    const std::tuple<const char*, std::string, const char*> cases[] = {
        {"t.bin", std::string(9, '\0'), "t.bin: has 9 bytes, expected 1, 2, 4 or 8 for each of 2^1 * 2^2 = 8 pairs"},
        {"t.bin", std::string(24, '\0'), "has 24 bytes"},
        {"t.bin", "", "has 0 bytes"},
        {"t.txt", row, "t.txt: holds 7 values, expected 2^1 * 2^2 = 8"},
        {"t.txt", row + "1\n1\n", "t.txt:9: holds value number 9, expected 2^1 * 2^2 = 8 in all"},
        {"t.txt", row + "x\n", "t.txt:8: found 'x', expected an integer"},
        {"t.txt", row + "1.5\n", "t.txt:8: found '1.5', expected an integer"},
        {"t.txt", row + "16\n", "t.txt:8: holds 16 at a=1 b=3, expected 0 to 15 (y of 4 bits, unsigned); --y-bits"},
        {"t.txt", "-9\n" + row, "t.txt:1: holds -9 at a=0 b=0, expected -8 to 7"},
        {"t.txt", "0 1\n", "t.txt:1: has 2 values, expected 1 (y), 3 (a, b, y) or 4 (a row)"},
        {"t.txt", "0\n1 2 3\n", "t.txt:2: has 3 values, expected 1 as in the lines before"},
        {"t.csv", "a,b,y\nk,b,y\n", "t.csv:2: found 'k'"},
        {"t.csv", "0,0,0\n0,4,1\n", "t.csv:2: b is 4, expected a code of 2 bits: -2 to 1, or 0 to 3"},
        {"t.csv", "0,0,0\n0,1,1\n0,0,2\n", "t.csv:3: gives y for the codes a=0 b=0, as line 1 does"},
        {"t.csv", "0,0,0\n0,1,1\n", "t.csv: has no line for the codes a=0 b=2 (first of 6 missing)"},
        {"t.h", "int x;", "t.h: holds no C array"},
        {"t.h", "int x[] = {1, 2\n", "t.h:2: ends within the braces"},
        {"t.h", "int x[2][4] = {{1,2,3,4},\n{1,2,3}};", "t.h:2: ends a row of 3 values, expected 2^2 = 4"},
        {"t.h", "int x[] = {1,\nf(2)};", "t.h:2: found 'f(2)', expected an integer"},
        {"t.h", "int x[] = {1,2,3,4,5,6,7,8,\n9,", "t.h:2: holds value number 9, expected 2^1 * 2^2 = 8 in all"},
        {"t.h", "int x[] = {{{1}}};", "t.h:1: has braces within those of a row"},
        {"t.h", "int x[] = {1, 2};", "t.h: holds 2 values"},
        {"t.npy", "NUMPY", "is no NumPy file"},
        {"t.npy", npy("'<f4'", "(2, 4)", ""), "type '<f4', expected little-endian integers"},
        {"t.npy", npy("'>i4'", "(2, 4)", ""), "type '>i4'"},
        {"t.npy", npy("'<i4'", "(4, 2)", bytes({0, 0, 0, 0, 0, 0, 0, 0}, 4)), "has the shape (4, 2), expected (2, 4)"},
        {"t.npy", npy("'<i4'", "(2, 4)", bytes({0}, 4)), "holds 4 bytes of values, expected 32"},
        {"t.xls", "", "is no table by its name"},
    };
    for (const auto& [name, text, expected] : cases) EXPECT_THAT(error_of(name, text), HasSubstr(expected)) << text;
    EXPECT_THAT(error_of("t.txt", "-1\n" + row, {1, 2, 4, false, {}}),
                HasSubstr("t.txt:1: holds -1 at a=0 b=0, expected no negative value with --unsigned"));
    EXPECT_THROW(read("t.txt", row, {9, 12, 0, {}, {}}), RangeError);
    EXPECT_THROW(read("t.txt", row, {}), RangeError);
    EXPECT_THROW(read("t.txt", row, {1, 2, 33, {}, {}}), RangeError);
}

TEST_F(TableImport, VerilogOfTheTableGivesTheTable) {
    Table table{5, 9, 11, {}};
    uint32_t state = 1;
    for (size_t i = 0; i < size_t{1} << 14; ++i) table.y.push_back((state = state * 1664525 + 1013904223) >> 21);
    sim::Operator op;
    op.name = "t";
    op.a = {"a", 5, false};
    op.b = {"b", 9, false};
    op.y = {"y", 11, false};
    op.sources = table_sources(table, "a`b\n.bin");
    EXPECT_THAT(op.sources.files.at(0).text, HasSubstr("imported from a?b?.bin by"));
    EXPECT_TRUE(is_imported_table(op.sources));
    EXPECT_FALSE(is_imported_table(gen::testing::sources_of("")));
    Table small{1, 1, 1, {1, 0, 0, 1}};
    sim::Operator other = op;
    other.a.bits = other.b.bits = other.y.bits = 1;
    other.sources = table_sources(small, "");
    EXPECT_NE(op.sources.top, other.sources.top);
    const std::vector<sim::Operator> both{op, other};
    const RtlOperators rtl(both, 1);
    EXPECT_EQ(rtl.sweep(0), table.y);
    EXPECT_EQ(rtl.sweep(1), small.y);
}

TEST_F(TableImport, TakesWhatInspectExports) {
    sim::Operator op;
    op.name = "mul";
    op.a = {"a", 2, true};
    op.b = {"b", 3, true};
    op.y = {"y", 5, true};
    for (int i = 0; i < 32; ++i) op.lut.push_back(i * 7 % 32 - 16);
    const std::pair<sim::TableFormat, const char*> forms[] = {{sim::TableFormat::bin, "t.bin"},
                                                              {sim::TableFormat::csv, "t.csv"},
                                                              {sim::TableFormat::npy, "t.npy"},
                                                              {sim::TableFormat::h, "t.h"}};
    for (const auto& [form, name] : forms) {
        const Table table = read(name, sim::export_table(op, form), {2, 3, 5, {}, {}});
        for (size_t i = 0; i < 32; ++i) EXPECT_EQ(sim::decode(table.y[i], 5, true), op.lut[i]) << name << " " << i;
    }
}

}  // namespace
}  // namespace concrete::gen
