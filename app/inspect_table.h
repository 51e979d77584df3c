#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/command.h"
#include "gen/liberty.h"
#include "gen/weighted_metrics.h"
#include "sim/operator.h"

namespace concrete::app {

/// Figures of an operator under recorded operands.
struct Weighted {
    std::string where;  ///< "layer 'conv2' of d.h5"
    std::string layer;  ///< "" for the total
    int64_t macs = 0;
    gen::WeightedMetrics figures;
    std::optional<double> energy, exact_energy;  ///< where there is a netlist; of the exact operator, where Yosys is
};

/// An operator in the cells of a library, and the exact one beside it.
struct Mapped {
    std::string library;
    gen::MappedCircuit circuit, exact;
};

/// What `inspect` shows of one operator file.
struct Inspected {
    std::string file;
    sim::Operator op;
    std::optional<Weighted> weighted;
    std::optional<Mapped> mapped;
};

/// Engines that can run an operator: of an adder, those that accumulate with it.
std::vector<std::string> engines(const sim::Operator& op);

/// "on all 65536 inputs", "formally, and on 16,777,216 vectors, seed 1": how the netlist was shown to be the Verilog's.
std::string describe_equivalence(const sim::Operator& op);

Json operator_json(const Inspected& inspected);

/// One column an operator (two with recorded operands), one line a property.
void print_operators(Context& context, const std::vector<Inspected>& operators);

}  // namespace concrete::app
