#include "gen/table_decomposition.h"

#include <fmt/format.h>

#include "sim/decompose.h"

namespace concrete::gen {

void add_decomposition(sim::Operator& op) {
    if (!sim::fits_decomposition(op)) return;
    const size_t rows = size_t{1} << op.a.bits, columns = size_t{1} << op.b.bits;
    const size_t bound = sim::decomposition_bound(op.lut, rows, columns);
    op.decomposition_bound = bound;
    op.decomposition = sim::decompose(op.lut, rows, columns, {kMostTerms});
    if (op.decomposition) return;
    op.decomposition_absence =
        bound > kMostTerms
            ? fmt::format("the table takes at least {} terms, and more than {} are of no use", bound, kMostTerms)
            : fmt::format("none of at most {} terms was found", kMostTerms);
}

}  // namespace concrete::gen
