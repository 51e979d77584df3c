#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "gen/synthesis.h"

namespace concrete::gen {

/// A standard cell library, as its Liberty file (.lib) describes it. What is read here is its name and the leakage of
/// its cells; ABC reads areas, functions and delays from the text.
struct CellLibrary {
    std::filesystem::path path;
    std::string name, text;
    std::map<std::string, double> leakage_nw;  ///< by cell, from cell_leakage_power, else the library's default
    size_t cells = 0;
};

/// Reads a Liberty file. Throws: InputError naming file and line for what is no Liberty file (no `library (...) {`,
/// brackets that do not close, no cells) or is larger than 256 MiB.
CellLibrary read_liberty(const std::filesystem::path& path);

/// A circuit in the cells of a library.
struct MappedCircuit {
    double area = 0;  ///< in the library's unit, mostly um^2; cells only, no wires
    std::optional<double>
        delay_ps;  ///< longest path by ABC's timing analysis, without wires; none without delay tables
    std::optional<double> leakage_nw;  ///< sum over the cells; none where the library does not give it for all of them
    std::map<std::string, uint64_t> cells;  ///< instances by name

    bool operator==(const MappedCircuit&) const = default;
};

/// Maps a synthesized circuit with ABC (map, buffer, upsize, dnsize, stime) in a child process with limits, since ABC
/// aborts on libraries that it does not expect.
/// Throws: InputError naming the library, where ABC cannot map to it; MissingError without yosys-abc.
MappedCircuit map_to_cells(const Synthesis& circuit, const CellLibrary& library);

}  // namespace concrete::gen
