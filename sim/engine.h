#pragma once

#include <optional>
#include <string>

#include "sim/gather.h"

namespace concrete::sim {

/// Ways to compute a product of code matrices; all give the same numbers.
enum class Engine {
    gather,   ///< one table look-up a MAC (sim/gather.h): the reference
    netlist,  ///< bit-sliced look-up nodes (sim/netlist_engine.h): any width, any adder, MAC units
};

/// "gather" or "netlist"
std::string to_string(Engine engine);

/// The engine of that name; nothing for "auto". Requires: one of these.
std::optional<Engine> engine_named(const std::string& name);

/// Why an engine cannot compute with these operators ("gather: add32_x has no table"); nothing if it can.
std::optional<std::string> engine_problem(Engine engine, const ProductModel& products, const AccumulatorSpec& acc);

/// The engine asked for, else gather where it can, else netlist.
/// Throws: InputError that says why the engine asked for, or else any, cannot.
Engine choose_engine(const ProductModel& products, const AccumulatorSpec& acc, std::optional<Engine> forced = {});

/// Computes args on an engine that can. Throws: as gather() and netlist_matmul().
void matmul(const MatmulArgs& args, Engine engine, int threads);

}  // namespace concrete::sim
