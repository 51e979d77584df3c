#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "gen/elaborate.h"
#include "sim/operator.h"

namespace concrete::gen {

/// A user's circuit in a form that everything downstream takes: a top module and ports with plain names, operands and
/// result as one vector each.
struct Circuit {
    sim::Sources sources;
    std::vector<std::string> notes;  ///< sentences about what was put together, for the user
};

/// read_sources() for modules that may be called anything (`\mul-8 `, with or without backslash and blank) and whose
/// ports may be bits with names such as a0, a_0, a_0_, a[0], a<0>. Where a name is not plain, or where two operands and
/// a result show only after bits are put together, an adapter module is added to the sources and becomes their top; the
/// user's files stay as they are. Bit 0, or 1 where there is no 0, is the lowest; an output cout, co or carry beside
/// the sum's bits becomes the highest.
///
/// Throws: InputError as read_sources and elaborate; for a module whose ports are not two operands and a result; for
/// names with letters that no tool agrees on (`, ", \, comments).
Circuit read_circuit(const std::vector<std::filesystem::path>& files, const std::string& top,
                     const std::map<std::string, std::string>& parameters,
                     const std::vector<std::filesystem::path>& include_folders = {},
                     const std::vector<std::string>& defines = {});

/// The second half of read_circuit(): an adapter around the module `top` of sources, where one is needed. `shown` is
/// what messages call the circuit ("module 'mul8'"). Throws: InputError as read_circuit.
Circuit adapt(sim::Sources sources, const std::string& top, const std::string& shown);

namespace detail {

/// A name as Verilog writes it: as it is, or with a backslash and a blank. Throws: InputError, "WHAT 'NAME' ...", for
/// names that cannot be written so.
std::string escaped_name(const std::string& name, const std::string& what);

/// A vector made of ports of one bit each (lowest first), or one port as it is.
struct PortGroup {
    std::string name;
    std::vector<sim::Port> ports;

    int bits() const;
};

/// Puts ports of one bit together by name and index, in the order of their first bits. Bits whose indices have gaps or
/// stand there twice stay alone.
std::vector<PortGroup> group_bits(const std::vector<sim::Port>& ports);

}  // namespace detail
}  // namespace concrete::gen
