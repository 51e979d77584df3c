#include "sim/logic_tables.h"

namespace concrete::sim {

SumTable term_table(const LogicAccumulator& logic, const SumTable& products) {
    SumTable terms = products;
    for (int32_t& value : terms.values) value = static_cast<int32_t>(logic.term(value));
    return terms;
}

LowPartTable low_table(const LogicAccumulator& logic, const SumTable& products) {
    LowPartTable low{products.lanes, products.others, {}};
    low.values.reserve(products.values.size());
    for (const int32_t value : products.values) low.values.push_back(static_cast<uint16_t>(logic.low(value)));
    return low;
}

}  // namespace concrete::sim
