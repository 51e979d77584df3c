#include "sim/planes.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <utility>
#include <vector>

#include "sim/error.h"
#include "sim/random.h"

namespace concrete::sim {
namespace {

class Planes : public ::testing::TestWithParam<Isa> {};

template <typename Code>
void expect_round_trip(Isa isa, int bits, size_t codes, size_t words, Random& random) {
    std::vector<Code> before(codes), after(codes);
    std::generate(before.begin(), before.end(), [&] { return static_cast<Code>(random.bits()); });
    std::vector<uint64_t> planes(static_cast<size_t>(bits) * words, 0x5555);
    codes_to_planes(before, bits, words, planes, isa);
    size_t wrong = 0;
    for (size_t lane = 0; lane < 64 * words; ++lane)
        for (int bit = 0; bit < bits; ++bit) {
            const uint64_t got = planes[static_cast<size_t>(bit) * words + lane / 64] >> (lane % 64) & 1;
            const uint64_t expected = lane < codes ? uint64_t{before[lane]} >> bit & 1 : 0;
            wrong += got != expected ? 1 : 0;
        }
    EXPECT_EQ(wrong, 0u) << bits << " bits, " << codes << " codes, " << words << " words";
    planes_to_codes(planes, bits, words, after, isa);
    for (Code& code : before) code = static_cast<Code>(uint64_t{code} << (64 - bits) >> (64 - bits));
    EXPECT_EQ(before, after) << bits << " bits, " << codes << " codes, " << words << " words";
}

TEST_P(Planes, HoldEveryBitOfEveryCode) {
    Random random(3);
    for (int bits = 1; bits <= 64; ++bits) {
        for (const auto& [codes, words] : {std::pair<size_t, size_t>{512, 8}, {0, 1}, {1, 1}, {777, 13}, {1024, 17}}) {
            expect_round_trip<uint64_t>(GetParam(), bits, codes, words, random);
            if (bits <= 32) expect_round_trip<uint32_t>(GetParam(), bits, codes, words, random);
        }
    }
}

TEST_P(Planes, RefuseWrongSizes) {
    std::vector<uint64_t> codes(65), planes(8);
    EXPECT_THROW(codes_to_planes(codes, 8, 1, planes, GetParam()), ShapeError);
    codes.pop_back();
    EXPECT_NO_THROW(codes_to_planes(codes, 8, 1, planes, GetParam()));
    EXPECT_THROW(codes_to_planes(codes, 7, 1, planes, GetParam()), ShapeError);
    EXPECT_THROW(planes_to_codes(planes, 0, 1, codes, GetParam()), RangeError);
    planes.resize(33);
    std::vector<uint32_t> shorter(3);
    EXPECT_THROW(planes_to_codes(planes, 33, 1, shorter, GetParam()), RangeError);
}

TEST_P(Planes, TransposeCodesOfEveryShape) {
    Random random(4);
    for (const size_t lanes : {1, 15, 16, 17, 48, 50})
        for (const size_t k : {1, 15, 16, 17, 35}) {
            const size_t lane_stride = k + 5, row_stride = lanes + 2;
            std::vector<int32_t> codes(lanes * lane_stride);
            for (int32_t& code : codes) code = static_cast<int32_t>(random.bits() >> 33);
            std::vector<uint32_t> rows(k * row_stride, 77), expected = rows;
            for (size_t i = 0; i < k; ++i)
                for (size_t lane = 0; lane < lanes; ++lane)
                    expected[i * row_stride + lane] = static_cast<uint32_t>(codes[lane * lane_stride + i]);
            const auto transpose = [&](int32_t wanted) {
                return transpose_codes(codes.data(), lane_stride, lanes, k, wanted, rows.data(), row_stride,
                                       GetParam());
            };
            EXPECT_FALSE(transpose(-1));
            EXPECT_EQ(rows, expected) << lanes << " lanes, " << k << " k";
            EXPECT_TRUE(transpose(codes[(lanes - 1) * lane_stride + k - 1]));
            EXPECT_TRUE(transpose(codes[0]));
            codes[k] = -1;  // after the first lane's
            EXPECT_FALSE(transpose(-1));
        }
}

INSTANTIATE_TEST_SUITE_P(Isas, Planes, ::testing::ValuesIn(available_isas()),
                         [](const auto& test) { return to_string(test.param); });

TEST(CountingPlane, HoldsABitOfEveryNumber) {
    for (const uint64_t first : {uint64_t{0}, uint64_t{64} * 77, uint64_t{1} << 40, ~uint64_t{0} - 191})
        for (int bit = 0; bit < 64; ++bit) {
            std::vector<uint64_t> plane(5);
            counting_plane(bit, first, plane);
            for (size_t lane = 0; lane < 320; ++lane)
                EXPECT_EQ(plane[lane / 64] >> (lane % 64) & 1, (first + lane) >> bit & 1) << first << " " << bit;
        }
}

}  // namespace
}  // namespace concrete::sim
