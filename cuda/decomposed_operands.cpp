#include "cuda/decomposed_operands.h"

#include <algorithm>
#include <optional>

#include "cuda/decomposed_expand.h"
#include "cuda/mma.h"

namespace concrete::cuda {
namespace {

/// Stored codes of positions (sim/code_positions.h). The one behind the last may be 0 again, which is none that occurs:
/// as many as a byte has do not leave room for another position.
class StoredCodes {
  public:
    explicit StoredCodes(const ProductSetup& setup)
        : offset_(static_cast<size_t>(setup.task.positions.codes.lowest - setup.format.lowest)) {}
    uint8_t operator[](size_t position) const { return static_cast<uint8_t>(position + offset_); }

    /// What has to be added to the stored codes to get u; nothing where u is no such function of them.
    std::optional<int32_t> offset_to(const std::vector<uint8_t>& u) const {
        const int32_t offset = u[0] - (*this)[0];
        for (size_t position = 0; position < u.size(); ++position)
            if (u[position] - (*this)[position] != offset) return std::nullopt;
        return offset;
    }

  private:
    size_t offset_;
};

/// Terms by falling shift, those of equal shift in groups of at most kPassTerms.
std::vector<DecomposedPass> passes_of(const std::vector<sim::ByteTerms::Term>& terms, const StoredCodes& stored) {
    std::vector<DecomposedPass> passes;
    int shift = terms.empty() ? 0 : terms[0].shift;
    for (uint32_t i = 0; i < terms.size(); ++i) {
        const int fall = shift - terms[i].shift;
        if (passes.empty() || fall > 0 || passes.back().terms == kPassTerms) {
            passes.push_back({static_cast<uint16_t>(i), 0, static_cast<uint8_t>(fall), false});
        }
        ++passes.back().terms;
        shift = terms[i].shift;
    }
    for (DecomposedPass& pass : passes) {
        pass.is_direct = pass.terms == 1 && stored.offset_to(terms[pass.first_term].u) == 0;
    }
    return passes;
}

/// The same with the stored codes for every u that differs from them by a constant only, which g takes over.
sim::ByteTerms with_stored_codes(sim::ByteTerms bytes, const StoredCodes& stored) {
    for (sim::ByteTerms::Term& term : bytes.terms) {
        const auto offset = static_cast<uint32_t>(stored.offset_to(term.u).value_or(0));
        if (offset == 0) continue;
        for (size_t b = 0; b < bytes.g.size(); ++b)
            bytes.g[b] += offset * ((static_cast<uint32_t>(term.v[b]) << term.shift) + term.constant);
        for (size_t position = 0; position < term.u.size(); ++position) term.u[position] = stored[position];
    }
    return bytes;
}

std::vector<uint32_t> tables_of(const std::vector<sim::ByteTerms::Term>& terms,
                                const std::vector<DecomposedPass>& passes, const StoredCodes& stored) {
    std::vector<uint32_t> tables(passes.size() * kTableEntries, 0);
    for (size_t pass = 0; pass < passes.size(); ++pass) {
        for (uint32_t i = 0; i < passes[pass].terms; ++i) {
            const std::vector<uint8_t>& u = terms[passes[pass].first_term + i].u;
            for (size_t position = 0; position < u.size(); ++position)
                tables[pass * kTableEntries + stored[position]] |= uint32_t{u[position]} << (8 * i);
        }
    }
    return tables;
}

std::vector<DecomposedTap> taps_of(const ConvShape& s, uint32_t chunks) {
    constexpr uint32_t kNowhere = uint32_t{1} << 30;
    std::vector<DecomposedTap> taps(size_t{chunks} * kMmaK, {kNowhere, kNowhere, 0, 0});
    for (uint32_t k = 0; k < s.k(); ++k) {
        const uint32_t tap = k / s.group_inputs(), channel = k % s.group_inputs();
        const uint32_t y = tap / s.kernel[1] * s.dilation[0], x = tap % s.kernel[1] * s.dilation[1];
        taps[k] = {y, x, channel, y * s.in_w + x};
    }
    return taps;
}

/// f with what constants of v contribute, by stored code; empty where all are 0.
std::vector<int64_t> f_of(const sim::ByteTerms& bytes, const StoredCodes& stored) {
    std::vector<int64_t> f(kTableEntries, 0);
    for (size_t position = 0; position < bytes.f.size(); ++position) {
        uint32_t sum = bytes.f[position];
        for (const sim::ByteTerms::Term& term : bytes.terms) sum += term.constant * term.u[position];
        f[stored[position]] = sum;
    }
    if (std::all_of(f.begin(), f.end(), [](int64_t value) { return value == 0; })) f.clear();
    return f;
}

/// Positions of a column's weights in their table, in the order of k that the program has.
std::vector<uint8_t> positions_of(const ProductSetup& setup, size_t column) {
    const ConvShape& s = setup.shape;
    const int32_t* w = setup.task.w + column * s.k();
    std::vector<uint8_t> positions(s.k());
    for (size_t k = 0; k < positions.size(); ++k) {
        const size_t tap = k / s.group_inputs(), channel = k % s.group_inputs();
        positions[k] = static_cast<uint8_t>(w[channel * s.taps() + tap] - setup.task.products->w_range().lowest);
    }
    return positions;
}

/// Writes the v of a column to its bytes of a fragment's steps.
void store_column(const DecomposedOperands& operands, const std::vector<sim::ByteTerms::Term>& terms,
                  const std::vector<uint8_t>& positions, size_t column_of_eight, EightBytes* steps) {
    for (const DecomposedPass& pass : operands.passes) {
        EightBytes* const first = steps + size_t{pass.first_term} * operands.chunks * kWarpThreads;
        for (size_t k = 0; k < positions.size(); ++k) {
            const size_t lane = column_of_eight * 4 + k % kMmaK / 8, byte = k % 8;
            for (size_t i = 0; i < pass.terms; ++i) {
                const int8_t v = terms[pass.first_term + i].v[positions[k]];
                EightBytes& bytes = first[(k / kMmaK * pass.terms + i) * kWarpThreads + lane];
                bytes.words[byte / 4] |= uint32_t{static_cast<uint8_t>(v)} << (8 * (byte % 4));
            }
        }
    }
}

}  // namespace

DecomposedOperands decomposed_operands(const ProductSetup& setup, const sim::ByteTerms& byte_terms) {
    const ConvShape& shape = setup.shape;
    const StoredCodes stored(setup);
    const sim::ByteTerms bytes = with_stored_codes(byte_terms, stored);
    std::vector<sim::ByteTerms::Term> terms = bytes.terms;
    std::reverse(terms.begin(), terms.end());  // to falling shifts

    DecomposedOperands result;
    result.chunks = ceil_div(shape.k(), kMmaK);
    result.fragments = ceil_div(shape.group_outputs(), kMmaN);
    result.terms = static_cast<uint32_t>(terms.size());
    result.last_shift = terms.empty() ? 0 : static_cast<uint32_t>(terms.back().shift);
    result.padding = setup.task.positions.skips ? stored[setup.task.positions.skip_position()]
                                                : static_cast<uint8_t>(setup.padding_code - setup.format.lowest);
    result.passes = passes_of(terms, stored);
    for (const DecomposedPass& pass : result.passes) {
        const uint32_t chunks = step_chunks(pass.terms);
        result.steps += ceil_div(result.chunks, chunks);
        result.step_fragments = std::max(result.step_fragments, chunks * pass.terms);
    }
    result.tables = tables_of(terms, result.passes, stored);
    result.taps = taps_of(shape, result.chunks);

    const size_t fragment_words = size_t{result.terms} * result.chunks * kWarpThreads;
    result.weights.resize(size_t{shape.groups} * result.fragments * fragment_words);
    for (size_t column = 0; column < shape.out_channels; ++column) {
        const size_t group = column / shape.group_outputs(), in_group = column % shape.group_outputs();
        const std::vector<uint8_t> positions = positions_of(setup, column);
        const size_t fragment = group * result.fragments + in_group / kMmaN;
        store_column(result, terms, positions, in_group % kMmaN, result.weights.data() + fragment * fragment_words);
        uint32_t sum = 0;
        for (const uint8_t position : positions) sum += bytes.g[position];
        result.column_sums.push_back(sum);
    }

    result.f = f_of(bytes, stored);
    return result;
}

}  // namespace concrete::cuda
