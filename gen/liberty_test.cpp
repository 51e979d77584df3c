#include "gen/liberty.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gen/liberty_testing.h"
#include "gen/testing.h"
#include "sim/file.h"

namespace concrete::gen {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::tiny_library;

class Liberty : public ::testing::Test {
  protected:
    CellLibrary read(const std::string& text) const {
        write_file(folder_.path() / "cells.lib", text);
        return read_liberty(folder_.path() / "cells.lib");
    }
    std::string error(const std::string& text) const {
        return testing::input_error([&] { read(text); });
    }
    static std::string replaced(std::string text, const std::string& from, const std::string& to) {
        return text.replace(text.find(from), from.size(), to);
    }
    /// y = !(a & b), one bit each.
    static const Synthesis& nand() {
        static const Synthesis made = synthesize(testing::operator_of(
            "nand", "module t(input a, input b, output y); assign y = ~(a & b); endmodule", 1, 1, 1));
        return made;
    }

  private:
    TemporaryFolder folder_;
};

TEST_F(Liberty, ReadsNamesAndLeakage) {
    const CellLibrary library = read(tiny_library());
    EXPECT_EQ(library.name, "tiny");
    EXPECT_EQ(library.cells, 6U);
    EXPECT_EQ(library.leakage_nw.at("NAND2"), 3);
    const CellLibrary in_uw = read(replaced(tiny_library(), "\"1nW\"", "\"10uW\""));
    EXPECT_EQ(in_uw.leakage_nw.at("NAND2"), 30000);
    EXPECT_TRUE(read(replaced(tiny_library(), "leakage_power_unit : \"1nW\";", "")).leakage_nw.empty());
}

TEST_F(Liberty, RefusesWhatIsNoLibertyFile) {
    EXPECT_THAT(error("module t; endmodule\n"), HasSubstr("cells.lib:1: expected 'library (NAME) {'"));
    EXPECT_THAT(error(""), HasSubstr("cells.lib:1: expected 'library"));
    EXPECT_THAT(error(tiny_library().substr(0, 1500)), HasSubstr("does not "));
    EXPECT_THAT(error("library (x) { }"), HasSubstr("has no cells"));
    EXPECT_THAT(error("library (x) {\n cell (A) { } } }"), HasSubstr("cells.lib:2: text after the end"));
    EXPECT_THAT(error("library (x) { cell (A) { cell_leakage_power : many; } }"),
                HasSubstr("cell_leakage_power is not a number"));
    EXPECT_THAT(error("library (x) { /* "), HasSubstr("a comment that does not end"));
    EXPECT_THAT(error("library (x) { cell (\"A"), HasSubstr("a string that does not end"));
    const std::string cell = " { area : 1; } }", a_million = std::string(1'000'000, '1');
    for (const std::string& name : {std::string("\"A B\""), std::string("\"\""), a_million})
        EXPECT_THAT(error("library (x) { cell (" + name + ")" + cell), HasSubstr("cells.lib:1: the name of a cell"));
    EXPECT_THAT(error("library (" + a_million + ") { cell (A)" + cell), HasSubstr("the name of the library is too"));
    EXPECT_TRUE(read("library (x) { leakage_power_unit : " + a_million + "W; cell (A)" + cell).leakage_nw.empty());
    std::string deep = "library (x) ";
    for (int i = 0; i < 1000; ++i) deep += "{ a () ";
    EXPECT_THAT(error(deep), HasSubstr("nested too deeply"));
    EXPECT_THAT(error(std::string("library (x) { \x01\x00\x02 }", 19)), HasSubstr("cells.lib:1: "));
}

TEST_F(Liberty, MapsToTheCellThatIsThere) {
    const MappedCircuit mapped = map_to_cells(nand(), read(tiny_library()));
    EXPECT_EQ(mapped.cells, (std::map<std::string, uint64_t>{{"NAND2", 1}}));
    EXPECT_EQ(mapped.area, 2);
    EXPECT_EQ(mapped.leakage_nw, 3);
    ASSERT_TRUE(mapped.delay_ps);
    EXPECT_GT(*mapped.delay_ps, 5);
    EXPECT_LT(*mapped.delay_ps, 50);
}

TEST_F(Liberty, WhatTheLibraryLacksIsLeftOut) {
    const MappedCircuit areas = map_to_cells(nand(), read(tiny_library(false)));
    EXPECT_EQ(areas.area, 2);
    EXPECT_FALSE(areas.delay_ps);
    EXPECT_EQ(areas.leakage_nw, 3);
    const std::string without = replaced(tiny_library(), "cell_leakage_power : 3;", "");
    EXPECT_FALSE(map_to_cells(nand(), read(without)).leakage_nw);
    const std::string by_default = replaced(without, "time_unit", "default_cell_leakage_power : 7; time_unit");
    EXPECT_EQ(map_to_cells(nand(), read(by_default)).leakage_nw, 7);
}

TEST_F(Liberty, LibrariesThatAbcCannotUseAreOneSentence) {
    const std::string only_inverter =
        "library (few) { cell (INV) { area : 1; pin (A) { direction : input; } pin (Y) { "
        "direction : output; function : \"!A\"; } } }";
    for (const std::string& text : {only_inverter, std::string("library (odd) { cell (INV) { } }")}) {
        const CellLibrary library = read(text);
        EXPECT_THAT(testing::input_error([&] { map_to_cells(nand(), library); }),
                    AllOf(HasSubstr("cells.lib: ABC cannot map to the library '"), HasSubstr("it needs an inverter")));
    }
}

}  // namespace
}  // namespace concrete::gen
