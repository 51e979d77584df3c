#pragma once

#include <string>

#include "sim/operator.h"

namespace concrete::gen {

/// SVG picture of error = approximate - exact over both operands in code order (a across, b upwards), binned to at
/// most 256 x 256 cells (the error of largest magnitude in a bin), diverging colour scale (blue below, red above zero,
/// by the square root of the magnitude; only an error of 0 is white) with a legend, axes and metrics. At most 1.5 MB.
/// Throws: InputError if the operator has no table.
std::string error_heatmap_svg(const sim::Operator& op);

}  // namespace concrete::gen
