#pragma once

#include <span>
#include <string>

#include "gen/blif.h"
#include "sim/netlist.h"

namespace concrete::gen {

/// The circuit between some signals of a model, as a simplified netlist (sim/netlist_builder.h). `inputs` may name any
/// signals, such as outputs of latches: they are then free, whatever drives them; `outputs` as well.
///
/// Args: model: without instances (flatten_blif). shown: what messages call the file.
/// Throws: InputError for names that are no signals, and, where an output depends on it, for a signal that nothing
/// drives, for a latch, and for a combinational loop; RangeError for what is larger than a netlist may be.
sim::Netlist netlist_from_blif(const BlifModel& model, std::span<const std::string> inputs,
                               std::span<const std::string> outputs, const std::string& shown);

/// A netlist as BLIF text: model `name`, one .names a node. Throws: ShapeError if the numbers of names differ.
std::string to_blif(const sim::Netlist& netlist, const std::string& name, std::span<const std::string> inputs,
                    std::span<const std::string> outputs);

}  // namespace concrete::gen
