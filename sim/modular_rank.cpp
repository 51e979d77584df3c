#include "sim/modular_rank.h"

#include <vector>

namespace concrete::sim {
namespace {

constexpr uint64_t kPrime = (uint64_t{1} << 31) - 1;

/// x modulo kPrime for x < 2^62, not always below kPrime but below 2^32.
uint64_t folded(uint64_t x) {
    return (x & kPrime) + (x >> 31);
}

uint64_t reduced(uint64_t x) {
    return folded(folded(x)) % kPrime;
}

/// x^(kPrime - 2), by Fermat.
uint64_t inverse(uint64_t x) {
    uint64_t result = 1;
    for (uint64_t exponent = kPrime - 2; exponent > 0; exponent >>= 1) {
        if (exponent & 1) result = reduced(result * x);
        x = reduced(x * x);
    }
    return result;
}

}  // namespace

size_t modular_rank(std::span<const int64_t> matrix, size_t rows, size_t columns) {
    // Rows that are found independent are kept, scaled to lead with 1.
    std::vector<std::vector<uint64_t>> kept;
    std::vector<size_t> leads;
    std::vector<uint64_t> row(columns);
    for (size_t i = 0; i < rows && kept.size() < columns; ++i) {
        for (size_t j = 0; j < columns; ++j) {
            const int64_t residue = matrix[i * columns + j] % static_cast<int64_t>(kPrime);
            row[j] = static_cast<uint64_t>(residue < 0 ? residue + static_cast<int64_t>(kPrime) : residue);
        }
        for (size_t k = 0; k < kept.size(); ++k) {
            const uint64_t factor = reduced(row[leads[k]]);
            if (factor == 0) continue;
            // Entries stay below 2^32, products below 2^62 + 2^32.
            for (size_t j = leads[k]; j < columns; ++j)
                row[j] = folded(folded(row[j] + (kPrime - factor) * kept[k][j]));
        }
        size_t lead = 0;
        while (lead < columns && reduced(row[lead]) == 0) ++lead;
        if (lead == columns) continue;
        const uint64_t scale = inverse(reduced(row[lead]));
        for (uint64_t& entry : row) entry = reduced(reduced(entry) * scale);
        kept.push_back(row);
        leads.push_back(lead);
    }
    return kept.size();
}

}  // namespace concrete::sim
