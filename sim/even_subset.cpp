#include "sim/even_subset.h"

#include <algorithm>
#include <utility>

namespace concrete::sim {
namespace {

/// Parities of a sum, and which vectors are in it.
struct Row {
    std::vector<bool> parity, members;
    size_t lead = 0;  ///< first odd entry
};

void add(std::vector<bool>& x, const std::vector<bool>& y) {
    for (size_t i = 0; i < x.size(); ++i) x[i] = x[i] != y[i];
}

}  // namespace

std::vector<size_t> even_subset(const std::vector<const std::vector<int32_t>*>& vectors) {
    std::vector<Row> independent;
    for (size_t i = 0; i < vectors.size(); ++i) {
        Row row{{}, std::vector<bool>(vectors.size()), 0};
        for (const int32_t entry : *vectors[i]) row.parity.push_back(entry & 1);
        row.members[i] = true;
        for (const Row& other : independent) {
            if (!row.parity[other.lead]) continue;
            add(row.parity, other.parity);
            add(row.members, other.members);
        }
        const auto lead = std::find(row.parity.begin(), row.parity.end(), true);
        if (lead == row.parity.end()) {
            std::vector<size_t> places;
            for (size_t m = 0; m < vectors.size(); ++m)
                if (row.members[m]) places.push_back(m);
            return places;
        }
        row.lead = static_cast<size_t>(lead - row.parity.begin());
        independent.push_back(std::move(row));
    }
    return {};
}

}  // namespace concrete::sim
