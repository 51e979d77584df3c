#include "gen/operand_sample.h"

#include <set>

namespace concrete::gen {

std::vector<uint64_t> corner_patterns(int bits) {
    std::set<uint64_t> values{0};
    for (int i = 0; i < bits; ++i) {
        for (const uint64_t value : {uint64_t{1} << i, (uint64_t{1} << i) - 1}) {
            values.insert({value, sim::encode(static_cast<int64_t>(~value), bits)});
        }
    }
    return {values.begin(), values.end()};
}

OperandSample::OperandSample(const sim::Operator& op, uint64_t seed)
    : a_bits_(op.a.bits),
      b_bits_(op.b.bits),
      random_(seed),
      a_corners_(corner_patterns(op.a.bits)),
      b_corners_(corner_patterns(op.b.bits)) {}

OperandPairs OperandSample::next(uint64_t count) {
    OperandPairs pairs;
    pairs.a.reserve(count);
    pairs.b.reserve(count);
    const auto draw = [this](int bits) { return sim::encode(static_cast<int64_t>(random_()), bits); };
    for (; count > 0; --count, ++at_) {
        const bool corner = at_ < corner_pairs();
        pairs.a.push_back(corner ? a_corners_[at_ / b_corners_.size()] : draw(a_bits_));
        pairs.b.push_back(corner ? b_corners_[at_ % b_corners_.size()] : draw(b_bits_));
    }
    return pairs;
}

}  // namespace concrete::gen
