#pragma once

#include <cstddef>
#include <cstdint>
#include <random>

namespace concrete::sim {

/// Seeded random numbers that are the same with every standard library: the engine is fixed by the C++ standard
/// (mt19937_64), the distributions, which the standard leaves open, are written out here.
class Random {
  public:
    /// Streams of one seed are independent: `stream` says what the numbers are for.
    explicit Random(uint64_t seed, uint64_t stream = 0) : engine_(mix(mix(seed) + stream)) {}

    uint64_t bits() { return engine_(); }

    /// 0 to count - 1, each equally likely; count is 1 or more.
    uint64_t below(uint64_t count) {
        const uint64_t accepted = ~uint64_t{0} - (~uint64_t{0} % count + 1) % count;  // the last of whole rounds
        uint64_t drawn = bits();
        while (drawn > accepted) drawn = bits();
        return drawn % count;
    }

    /// A multiple of 2^-53 in [0, 1).
    double unit() { return static_cast<double>(bits() >> 11) * 0x1p-53; }

    /// Puts a random access range into random order (Fisher and Yates).
    template <typename Range>
    void shuffle(Range& range) {
        for (size_t i = range.size(); i > 1; --i) std::swap(range[i - 1], range[static_cast<size_t>(below(i))]);
    }

  private:
    // The output function of SplitMix64 (Steele et al., OOPSLA 2014): near seeds give unrelated engines.
    static uint64_t mix(uint64_t x) {
        x += 0x9e3779b97f4a7c15;
        x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
        x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
        return x ^ (x >> 31);
    }

    std::mt19937_64 engine_;
};

}  // namespace concrete::sim
