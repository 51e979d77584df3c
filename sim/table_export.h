#pragma once

#include <string>

#include "sim/operator.h"

namespace concrete::sim {

enum class TableFormat {
    bin,  ///< int32 little-endian, row-major [2^a_bits][2^b_bits], indexed by raw codes
    csv,  ///< "a,b,y" as signed codes, a line for each pair in raw order, after a header line
    npy,  ///< NumPy's format 1.0: int32 [2^a_bits, 2^b_bits], indexed by raw codes
    h,    ///< a C header with one int32_t array [2^a_bits][2^b_bits], indexed by raw codes
};

/// The operator's table as the bytes of a file for other programs. y stands as in /lut: signed, without y_lsb.
/// Throws: InputError if the operator has no table.
std::string export_table(const Operator& op, TableFormat format);

}  // namespace concrete::sim
