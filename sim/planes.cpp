#include "sim/planes.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <vector>

#include "sim/error.h"
#include "sim/planes_kernels.h"

namespace concrete::sim {
namespace {

using detail::kPlaneLanes, detail::kPlaneWords;

const detail::PlaneKernels& kernels_of(Isa isa) {
    switch (isa) {
#if defined(__x86_64__)
        case Isa::avx2:
            return detail::kPlanesAvx2;
        case Isa::avx512:
        case Isa::avx512_vnni:
            return detail::kPlanesAvx512;
#endif
        default:
            return detail::kPlanesPortable;
    }
}

void check(size_t codes, int bits, size_t most_bits, size_t words, size_t plane_words) {
    if (bits < 1 || static_cast<size_t>(bits) > most_bits)
        throw RangeError(fmt::format("planes: codes of {} bits, expected 1 to {}", bits, most_bits));
    if (codes > 64 * words || plane_words != static_cast<size_t>(bits) * words) {
        throw ShapeError(fmt::format("planes: {} codes and {} plane words, expected at most {} and exactly {} x {}",
                                     codes, plane_words, 64 * words, bits, words));
    }
}

/// Calls body(first word, words, lanes) for every 512 lanes, the last of them perhaps fewer.
template <typename Body>
void each_block(size_t words, size_t codes, const Body& body) {
    for (size_t word = 0; word < words; word += kPlaneWords) {
        const size_t lanes = 64 * word < codes ? std::min(codes - 64 * word, kPlaneLanes) : 0;
        body(word, std::min(words - word, kPlaneWords), lanes);
    }
}

template <typename Code, typename Kernel>
void split(std::span<const Code> codes, int bits, size_t words, std::span<uint64_t> planes, Kernel kernel) {
    check(codes.size(), bits, 8 * sizeof(Code), words, planes.size());
    each_block(words, codes.size(), [&](size_t word, size_t count, size_t lanes) {
        if (lanes == kPlaneLanes) return kernel(codes.data() + 64 * word, bits, planes.data() + word, words);
        std::array<Code, kPlaneLanes> padded{};
        if (lanes > 0) std::copy_n(codes.data() + 64 * word, lanes, padded.data());
        std::vector<uint64_t> block(static_cast<size_t>(bits) * kPlaneWords);
        kernel(padded.data(), bits, block.data(), kPlaneWords);
        for (size_t bit = 0; bit < static_cast<size_t>(bits); ++bit)
            std::copy_n(block.data() + bit * kPlaneWords, count, planes.data() + bit * words + word);
    });
}

template <typename Code, typename Kernel>
void join(std::span<const uint64_t> planes, int bits, size_t words, std::span<Code> codes, Kernel kernel) {
    check(codes.size(), bits, 8 * sizeof(Code), words, planes.size());
    each_block(words, codes.size(), [&](size_t word, size_t count, size_t lanes) {
        if (lanes == kPlaneLanes) return kernel(planes.data() + word, words, bits, codes.data() + 64 * word);
        if (lanes == 0) return;
        std::vector<uint64_t> block(static_cast<size_t>(bits) * kPlaneWords);
        for (size_t bit = 0; bit < static_cast<size_t>(bits); ++bit)
            std::copy_n(planes.data() + bit * words + word, count, block.data() + bit * kPlaneWords);
        std::array<Code, kPlaneLanes> all{};
        kernel(block.data(), kPlaneWords, bits, all.data());
        std::copy_n(all.data(), lanes, codes.data() + 64 * word);
    });
}

}  // namespace

void codes_to_planes(std::span<const uint64_t> codes, int bits, size_t words, std::span<uint64_t> planes, Isa isa) {
    split(codes, bits, words, planes, kernels_of(isa).split64);
}
void codes_to_planes(std::span<const uint32_t> codes, int bits, size_t words, std::span<uint64_t> planes, Isa isa) {
    split(codes, bits, words, planes, kernels_of(isa).split32);
}
void planes_to_codes(std::span<const uint64_t> planes, int bits, size_t words, std::span<uint64_t> codes, Isa isa) {
    join(planes, bits, words, codes, kernels_of(isa).join64);
}
void planes_to_codes(std::span<const uint64_t> planes, int bits, size_t words, std::span<uint32_t> codes, Isa isa) {
    join(planes, bits, words, codes, kernels_of(isa).join32);
}

bool transpose_codes(const int32_t* codes, size_t lane_stride, size_t lanes, size_t k, int32_t wanted, uint32_t* rows,
                     size_t row_stride, Isa isa) {
    constexpr size_t kBlock = detail::kTransposed;
    const auto transpose = kernels_of(isa).transpose32;
    bool found = false;
    // Some lanes with all of their codes, then the next ones: lanes may be a page apart.
    for (size_t lane = 0; lane < lanes; lane += kBlock) {
        const size_t lane_count = std::min(kBlock, lanes - lane);
        for (size_t first = 0; first < k; first += kBlock) {
            const size_t count = std::min(kBlock, k - first);
            const int32_t* const from = codes + lane * lane_stride + first;
            uint32_t* const to = rows + first * row_stride + lane;
            // Kernels read whole blocks. Beyond k are codes of the next lanes, as long as there are some.
            const size_t read = (lane + kBlock - 1) * lane_stride + first + kBlock;
            if (lane_count == kBlock && read <= (lanes - 1) * lane_stride + k) {
                found |= transpose(from, lane_stride, count, wanted, to, row_stride);
                continue;
            }
            for (size_t i = 0; i < lane_count; ++i) {
                for (size_t j = 0; j < count; ++j) {
                    const int32_t code = from[i * lane_stride + j];
                    found |= code == wanted;
                    to[j * row_stride + i] = static_cast<uint32_t>(code);
                }
            }
        }
    }
    return found;
}

void counting_plane(int bit, uint64_t first, std::span<uint64_t> plane) {
    // Bit l of these: bit 0, 1, ... 5 of l.
    constexpr std::array<uint64_t, 6> kPatterns{0xaaaaaaaaaaaaaaaa, 0xcccccccccccccccc, 0xf0f0f0f0f0f0f0f0,
                                                0xff00ff00ff00ff00, 0xffff0000ffff0000, 0xffffffff00000000};
    if (bit < 6) {
        std::fill(plane.begin(), plane.end(), kPatterns[static_cast<size_t>(bit)]);
        return;
    }
    const uint64_t run = uint64_t{1} << (bit - 6);  // words with the same bit
    for (size_t word = 0; word < plane.size();) {
        const uint64_t at = first / 64 + word, left = run - (at & (run - 1));
        const size_t count = static_cast<size_t>(std::min<uint64_t>(left, plane.size() - word));
        std::fill_n(plane.begin() + static_cast<ptrdiff_t>(word), count, uint64_t{0} - (at >> (bit - 6) & 1));
        word += count;
    }
}

}  // namespace concrete::sim
