#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "sim/isa.h"

namespace concrete::sim {

/// Codes of many lanes, and the same bit by bit. A plane holds one bit of every lane: bit l of word w belongs to lane
/// 64 w + l. `words` planes words hold 64 * words lanes; planes stand one after the other, [bits][words].

/// Splits codes into planes. Bits of a code from `bits` on are ignored; lanes after the last code become 0.
/// Args: codes: at most 64 * words. bits: 1 to 64 (32 for the shorter codes). planes: [bits][words].
/// Throws: ShapeError if the sizes do not fit; RangeError for other numbers of bits.
void codes_to_planes(std::span<const uint64_t> codes, int bits, size_t words, std::span<uint64_t> planes,
                     Isa isa = default_isa());
void codes_to_planes(std::span<const uint32_t> codes, int bits, size_t words, std::span<uint64_t> planes,
                     Isa isa = default_isa());

/// Puts the codes of the first lanes together again: raw patterns below 2^bits, as many as `codes` has room for.
/// Args and errors: as codes_to_planes().
void planes_to_codes(std::span<const uint64_t> planes, int bits, size_t words, std::span<uint64_t> codes,
                     Isa isa = default_isa());
void planes_to_codes(std::span<const uint64_t> planes, int bits, size_t words, std::span<uint32_t> codes,
                     Isa isa = default_isa());

/// Codes that lie lane by lane, side by side: rows[k * row_stride + lane] = codes[lane * lane_stride + k].
/// Returns: whether `wanted` is among them.
bool transpose_codes(const int32_t* codes, size_t lane_stride, size_t lanes, size_t k, int32_t wanted, uint32_t* rows,
                     size_t row_stride, Isa isa = default_isa());

/// One plane of a counting sequence: lane l gets bit `bit` of first + l (modulo 2^64). With one plane for each bit, the
/// lanes run through all values in order, and nothing is transposed.
/// Requires: 0 <= bit < 64, first a multiple of 64.
void counting_plane(int bit, uint64_t first, std::span<uint64_t> plane);

}  // namespace concrete::sim
