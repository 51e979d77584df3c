#include "cuda/host_block.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <random>
#include <stdexcept>

#include "cuda/device_array.h"
#include "cuda/host_executor.h"
#include "cuda/product_testing.h"

namespace concrete::cuda {
namespace {

/// Reverses 64 values through shared memory; without the barrier between, each thread reads what another may not have
/// written.
template <bool kHasBarrier>
struct Reverse {
    struct Args {
        const int32_t* in;
        int32_t* out;
    };
    static constexpr unsigned kThreads = 64;

    template <typename Block>
    static void run(Block& block, const Args& args) {
        int32_t* const values = block.template shared<int32_t>(kThreads);
        const auto store = [&](ThreadIndex t) { values[t.index] = args.in[t.index]; };
        const auto load = [&](ThreadIndex t) { args.out[t.index] = values[kThreads - 1 - t.index]; };
        if constexpr (kHasBarrier) {
            block.for_each_thread(store);
            block.for_each_thread(load);
        } else {
            block.for_each_thread([&](ThreadIndex t) { store(t), load(t); });
        }
    }
};

template <bool kHasBarrier>
std::vector<int32_t> reversed(ThreadOrder order) {
    std::vector<int32_t> in(64), out(64, -1);
    for (int32_t i = 0; i < 64; ++i) in[static_cast<size_t>(i)] = i + 1;
    run_on_host<Reverse<kHasBarrier>>(order, {1, 1, 1, shared_bytes<int32_t>(64)}, {in.data(), out.data()});
    return out;
}

TEST(HostBlock, RunsPhasesBetweenBarriersInAnyOrder) {
    for (const ThreadOrder order : testing::all_orders()) {
        const std::vector<int32_t> out = reversed<true>(order);
        for (int32_t i = 0; i < 64; ++i) ASSERT_EQ(out[static_cast<size_t>(i)], 64 - i);
    }
}

TEST(HostBlock, MissingBarrierShows) {
    const std::vector<int32_t> forward = reversed<false>(ThreadOrder::forward);
    EXPECT_NE(forward, reversed<true>(ThreadOrder::forward));
    EXPECT_NE(forward, reversed<false>(ThreadOrder::backward));
    EXPECT_NE(forward, reversed<false>(ThreadOrder::shuffled));
}

TEST(HostBlock, SharedMemoryAndRegistersArePoisonedAndCounted) {
    const Launch launch{1, 1, 1, 32};
    HostBlock block(launch, 32, ThreadOrder::forward, 0, 0, 0);
    const uint8_t* bytes = block.shared<uint8_t>(17);  // takes two units of 16
    EXPECT_TRUE(std::all_of(bytes, bytes + 17, [](uint8_t byte) { return byte == detail::kPoison; }));
    const auto registers = block.registers<uint32_t>();
    EXPECT_EQ(registers[ThreadIndex{31}], 0xA5A5A5A5U);
    EXPECT_THROW(block.shared<uint8_t>(1), std::logic_error);
}

TEST(HostBlock, CopiesArriveWhenTheyAreWaitedFor) {
    const Launch launch{1, 1, 1, 64};
    HostBlock block(launch, 32, ThreadOrder::shuffled, 0, 0, 0);
    alignas(16) const uint8_t source[64] = {1, 2, 3};
    auto* const target = block.shared<uint8_t>(64);
    const auto copy = [&](size_t first) {
        block.issue_copies([&](ThreadIndex t, HostBlock::Copies& copies) {
            const size_t at = first + size_t{t.index} * 16;
            if (t.index < 2) copies.copy16(target + at, source + at);
        });
    };
    copy(0);
    copy(32);
    EXPECT_EQ(target[1], detail::kPoison);
    block.wait_for_copies<1>();
    EXPECT_EQ(target[1], 2);
    EXPECT_EQ(target[33], detail::kPoison);
    block.wait_for_copies<0>();
    EXPECT_EQ(target[33], 0);
}

constexpr size_t kM = kMmaM, kN = kMmaN, kK = kMmaK;

/// C += A B for 16 x 32 and 32 x 8 bytes, fragments loaded by the layout that cuda/mma.h documents.
struct Multiply {
    struct Args {
        const uint8_t* a;
        const int8_t* b;
        int32_t* c;
    };
    static constexpr unsigned kThreads = 32;

    template <typename T>
    static uint32_t four(const T* first, size_t stride) {
        uint32_t word = 0;
        for (size_t i = 0; i < 4; ++i)
            word |= static_cast<uint32_t>(static_cast<uint8_t>(first[i * stride])) << (8 * i);
        return word;
    }

    template <typename Block>
    static void run(Block& block, const Args& args) {
        auto c = block.template registers<MmaC>();
        block.for_each_warp([&](auto& warp) {
            const auto row = [](ThreadIndex t) { return size_t{t.lane() / 4}; };
            const auto place = [](ThreadIndex t) { return size_t{t.lane() % 4}; };
            const auto element = [&](ThreadIndex t, size_t i) -> int32_t& {
                return args.c[(row(t) + i / 2 * 8) * kN + place(t) * 2 + i % 2];
            };
            warp.for_each_lane([&](ThreadIndex t) {
                for (size_t i = 0; i < 4; ++i) c[t].sums[i] = element(t, i);
            });
            warp.mma([&](ThreadIndex t) -> MmaC& { return c[t]; },
                     [&](ThreadIndex t) {
                         MmaA a;
                         for (size_t i = 0; i < 4; ++i)
                             a.words[i] = four(args.a + (row(t) + i % 2 * 8) * kK + i / 2 * 16 + place(t) * 4, 1);
                         return a;
                     },
                     [&](ThreadIndex t) {
                         MmaB b;
                         for (size_t i = 0; i < 2; ++i)
                             b.words[i] = four(args.b + (i * 16 + place(t) * 4) * kN + row(t), kN);
                         return b;
                     });
            warp.for_each_lane([&](ThreadIndex t) {
                for (size_t i = 0; i < 4; ++i) element(t, i) = c[t].sums[i];
            });
        });
    }
};

TEST(HostBlock, MmaMultipliesUnsignedBySignedBytesModulo2To32) {
    std::mt19937 random(5);
    std::vector<uint8_t> a(kM * kK);
    std::vector<int8_t> b(kK * kN);
    std::vector<int32_t> c(kM * kN);
    for (uint8_t& value : a) value = static_cast<uint8_t>(random() % 2 == 0 ? 255 : random());
    for (int8_t& value : b) value = static_cast<int8_t>(random() % 2 == 0 ? -128 : random());
    for (int32_t& value : c) value = static_cast<int32_t>(random());
    std::vector<int32_t> expected = c;
    for (size_t m = 0; m < kM; ++m)
        for (size_t n = 0; n < kN; ++n)
            for (size_t k = 0; k < kK; ++k)
                expected[m * kN + n] = static_cast<int32_t>(static_cast<uint32_t>(expected[m * kN + n]) +
                                                            static_cast<uint32_t>(a[m * kK + k] * b[k * kN + n]));
    for (const ThreadOrder order : testing::all_orders()) {
        std::vector<int32_t> out = c;
        run_on_host<Multiply>(order, {}, {a.data(), b.data(), out.data()});
        EXPECT_EQ(out, expected);
    }
}

TEST(HostExecutor, RunsOutOfMemoryAndReplaysGraphs) {
    HostExecutor executor(ThreadOrder::forward, 1 << 20);
    EXPECT_THROW(DeviceArray<uint8_t>(executor, (1 << 20) + 1), OutOfDeviceMemory);
    const DeviceArray<int32_t> in(executor, std::vector<int32_t>(64, 7));
    const DeviceArray<int32_t> out(executor, 64);
    EXPECT_EQ(executor.free_bytes(), (1U << 20) - 512);
    const auto stream = executor.make_stream();
    stream->begin_capture();
    stream->enqueue([args = Reverse<true>::Args{in.data(), out.data()}] {
        run_on_host<Reverse<true>>(ThreadOrder::forward, {1, 1, 1, shared_bytes<int32_t>(64)}, args);
    });
    const auto graph = stream->end_capture();
    EXPECT_NE(out.values()[5], 7);
    stream->replay(*graph);
    EXPECT_EQ(out.values(), std::vector<int32_t>(64, 7));
}

}  // namespace
}  // namespace concrete::cuda
