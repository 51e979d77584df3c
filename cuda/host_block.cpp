#include "cuda/host_block.h"

#include <algorithm>
#include <numeric>
#include <random>
#include <stdexcept>

namespace concrete::cuda {
namespace detail {

std::vector<unsigned> ordered(unsigned count, ThreadOrder order, unsigned round) {
    std::vector<unsigned> result(count);
    std::iota(result.begin(), result.end(), 0U);
    if (order == ThreadOrder::backward) std::reverse(result.begin(), result.end());
    if (order == ThreadOrder::shuffled) std::shuffle(result.begin(), result.end(), std::minstd_rand(round + 1));
    return result;
}

void mma_on_host(MmaC* const c[kWarpThreads], const MmaA a[kWarpThreads], const MmaB b[kWarpThreads]) {
    const auto byte = [](uint32_t word, unsigned index) { return static_cast<uint8_t>(word >> (8 * index)); };
    uint8_t left[kMmaM][kMmaK];
    int8_t right[kMmaK][kMmaN];
    for (unsigned lane = 0; lane < kWarpThreads; ++lane) {
        const unsigned group = lane / 4, first = lane % 4 * 4;
        for (unsigned i = 0; i < 4; ++i) {
            left[group][first + i] = byte(a[lane].words[0], i);
            left[group + 8][first + i] = byte(a[lane].words[1], i);
            left[group][16 + first + i] = byte(a[lane].words[2], i);
            left[group + 8][16 + first + i] = byte(a[lane].words[3], i);
            right[first + i][group] = static_cast<int8_t>(byte(b[lane].words[0], i));
            right[16 + first + i][group] = static_cast<int8_t>(byte(b[lane].words[1], i));
        }
    }
    for (unsigned lane = 0; lane < kWarpThreads; ++lane) {
        for (unsigned i = 0; i < 4; ++i) {
            const unsigned row = lane / 4 + i / 2 * 8, column = lane % 4 * 2 + i % 2;
            auto sum = static_cast<uint32_t>(c[lane]->sums[i]);
            for (unsigned k = 0; k < kMmaK; ++k) sum += static_cast<uint32_t>(left[row][k] * right[k][column]);
            c[lane]->sums[i] = static_cast<int32_t>(sum);
        }
    }
}

}  // namespace detail

void* HostBlock::take_shared(size_t bytes) {
    taken_ += bytes;
    if (taken_ > launch_.shared_bytes) {
        throw std::logic_error("a block takes " + std::to_string(taken_) + " bytes of shared memory, launched with " +
                               std::to_string(launch_.shared_bytes));
    }
    arrays_.push_back(std::make_unique<std::byte[]>(bytes));
    return arrays_.back().get();
}

void HostBlock::finish_oldest_copies() {
    for (const Copies::Copy& copy : pending_.front()) std::memcpy(copy.to, copy.from, 16);
    pending_.erase(pending_.begin());
}

}  // namespace concrete::cuda
