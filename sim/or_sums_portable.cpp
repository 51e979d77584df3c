// The kernels of sim/or_sums.h for every processor.
#include "sim/or_sums_steps.h"

namespace concrete::sim::detail {
namespace {

struct OrPortable {
    struct Bytes {
        uint8_t lanes[kOrLanes];

        friend Bytes operator|(const Bytes& a, const Bytes& b) {
            Bytes result;
            for (size_t i = 0; i < kOrLanes; ++i) result.lanes[i] = a.lanes[i] | b.lanes[i];
            return result;
        }
        friend Bytes operator&(const Bytes& a, const Bytes& b) {
            Bytes result;
            for (size_t i = 0; i < kOrLanes; ++i) result.lanes[i] = a.lanes[i] & b.lanes[i];
            return result;
        }
    };

    template <int>
    struct Row {
        explicit Row(const uint8_t* row) : row_(row) {}
        Bytes at(const uint8_t* positions) const {
            Bytes result;
            for (size_t i = 0; i < kOrLanes; ++i) result.lanes[i] = row_[positions[i]];
            return result;
        }

      private:
        const uint8_t* row_;
    };

    static Bytes zero() { return {}; }
    static Bytes load(const uint8_t* bytes) {
        Bytes result;
        std::copy_n(bytes, kOrLanes, result.lanes);
        return result;
    }
    static Bytes all(uint8_t byte) {
        Bytes result;
        std::fill_n(result.lanes, kOrLanes, byte);
        return result;
    }
    static Bytes low_bytes(const uint16_t* words, int shift) {
        Bytes result;
        for (size_t i = 0; i < kOrLanes; ++i) result.lanes[i] = static_cast<uint8_t>(words[i] >> shift);
        return result;
    }
    static void merge(const Bytes& bytes, int shift, uint16_t* words) {
        for (size_t i = 0; i < kOrLanes; ++i) words[i] = static_cast<uint16_t>(words[i] | bytes.lanes[i] << shift);
    }
    static bool lacks(const Bytes& wanted, const Bytes& bytes) {
        unsigned missing = 0;
        for (size_t i = 0; i < kOrLanes; ++i) missing |= wanted.lanes[i] & ~unsigned{bytes.lanes[i]};
        return missing != 0;
    }
};

}  // namespace

constinit const OrKernels kOrPortable = kOrKernels<OrPortable>;

}  // namespace concrete::sim::detail
