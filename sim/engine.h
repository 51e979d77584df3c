#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/gather.h"
#include "sim/netlist_mac.h"
#include "sim/table_product.h"

namespace concrete::sim {

/// Ways to compute a product of code matrices; all give the same numbers.
enum class Engine {
    gather,      ///< one table look-up a MAC (sim/gather.h): the reference
    permute,     ///< rows of the table in vector registers (sim/permute_sums.h): any 8-bit table, modular accumulators
    decomposed,  ///< int8 products of the decomposed table (sim/decomposed_sums.h): the same, fast where few are needed
    netlist,     ///< bit-sliced look-up nodes (sim/netlist_engine.h): any width, any adder, MAC units
    logic,       ///< closed forms of approximate adders (sim/logic_accumulator.h) around one of the two table engines
};

/// All of them, in the order above.
const std::vector<Engine>& all_engines();

/// "gather", "permute", ...
std::string to_string(Engine engine);

/// The names of all engines.
std::vector<std::string> engine_names();

/// The engine of that name; nothing for "auto". Requires: one of these.
std::optional<Engine> engine_named(const std::string& name);

/// Why an engine cannot compute this ("gather: add32_x has no table"); nothing if it can. That a decomposition of few
/// terms is found is only known after the search, which prepare() makes.
std::optional<std::string> engine_problem(Engine engine, const ProductTask& task);

/// An engine with what does not depend on the activations made ready, or made ready when first used. Threads may share
/// it. It holds what it needs, except that `netlist` shares the task's products.
struct PreparedProduct {
    Engine engine = Engine::gather;
    std::shared_ptr<const TableProduct> sums;   ///< of permute, decomposed and logic
    SumMethod method = SumMethod::permute;      ///< of sums
    size_t passes = 0;                          ///< int8 products of decomposed sums
    std::shared_ptr<const NetlistMac> netlist;  ///< of netlist
};

/// Makes an engine ready. Args: method: how `logic` sums. decomposition: where decomposed sums are asked for and one is
/// known, as task_decomposition() gives it; else it is searched for.
/// Throws: InputError with engine_problem(), or where no decomposition is found.
PreparedProduct prepare(const ProductTask& task, Engine engine, SumMethod method = SumMethod::permute,
                        std::shared_ptr<const Decomposition> decomposition = nullptr);

}  // namespace concrete::sim
