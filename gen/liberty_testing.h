#pragma once

#include <fmt/format.h>
#include <string>
#include <vector>

/// A small cell library for tests.
namespace concrete::gen::testing {

/// Six cells with invented figures. Without timing: areas and leakage only.
inline std::string tiny_library(bool with_timing = true) {
    struct Cell {
        const char* name;
        double area, leakage_nw;
        const char *function, *sense;
        std::vector<const char*> pins;
        double delay_ns;
    };
    const std::vector<Cell> cells{{"INV", 1, 2, "!A", "negative_unate", {"A"}, 0.01},
                                  {"BUF", 1.5, 2.5, "A", "positive_unate", {"A"}, 0.02},
                                  {"NAND2", 2, 3, "!(A&B)", "negative_unate", {"A", "B"}, 0.015},
                                  {"NOR2", 2, 3.5, "!(A|B)", "negative_unate", {"A", "B"}, 0.02},
                                  {"AND2", 2.5, 4, "A&B", "positive_unate", {"A", "B"}, 0.025},
                                  {"XOR2", 4, 6, "A^B", "non_unate", {"A", "B"}, 0.03}};
    const auto table = [](const char* name, double first) {
        std::string rows;
        for (const double slew : {0.0, 0.01, 0.02})
            rows += fmt::format("{}\"{:g}, {:g}, {:g}\"", rows.empty() ? "" : ", ", first + slew, first + slew + 0.02,
                                first + slew + 0.04);
        return fmt::format("        {} (grid) {{ values ({}); }}\n", name, rows);
    };
    std::string text =
        "/* invented figures */\nlibrary (tiny) {\n  time_unit : \"1ns\";\n  leakage_power_unit : \"1nW\";\n"
        "  capacitive_load_unit (1, pf);\n  lu_table_template (grid) {\n    variable_1 : input_net_transition;\n"
        "    variable_2 : total_output_net_capacitance;\n    index_1 (\"0.01, 0.1, 0.5\");\n"
        "    index_2 (\"0.001, 0.01, 0.1\");\n  }\n";
    for (const Cell& cell : cells) {
        text += fmt::format("  cell ({}) {{\n    area : {};\n    cell_leakage_power : {};\n", cell.name, cell.area,
                            cell.leakage_nw);
        for (const char* pin : cell.pins)
            text += fmt::format("    pin ({}) {{ direction : input; capacitance : 0.002; }}\n", pin);
        text += fmt::format("    pin (Y) {{\n      direction : output; function : \"{}\"; max_capacitance : 0.5;\n",
                            cell.function);
        for (const char* pin : cell.pins) {
            if (!with_timing) break;
            text +=
                fmt::format("      timing () {{\n        related_pin : \"{}\"; timing_sense : {};\n", pin, cell.sense);
            text += table("cell_rise", cell.delay_ns) + table("cell_fall", cell.delay_ns);
            text += table("rise_transition", 0.01) + table("fall_transition", 0.01) + "      }\n";
        }
        text += "    }\n  }\n";
    }
    return text + "}\n";
}

}  // namespace concrete::gen::testing
