#include "cuda/device_matmul.h"

#include <gtest/gtest.h>

#include "cuda/product_testing.h"
#include "sim/matmul.h"
#include "sim/testing.h"

namespace concrete::cuda {
namespace {

/// Random codes, of activations in a part of the range that lacks 0, and what sim::gather() makes of them.
class DeviceMatmulTest : public ::testing::Test {
  protected:
    void set_up(size_t m, size_t k, size_t n, const sim::AccumulatorSpec& acc) {
        std::mt19937_64 random(m * 31 + k * 7 + n);
        a_.resize(m * k), w_.resize(k * n), init_.resize(n), expected_.resize(m * n);
        for (int32_t& code : a_) code = 3 + static_cast<int32_t>(random() % 90);
        for (int32_t& code : w_) code = static_cast<int32_t>(random() % 256) - 128;
        for (int64_t& code : init_) code = static_cast<int64_t>(random() % 2001) - 1000;
        products_ = std::make_unique<sim::ProductModel>(sim::testing::random_multiplier(8, 8, 16, true, 5),
                                                        sim::CodeRange{3, 92}, sim::CodeRange{-128, 127}, false);
        args_ = {.m = m,
                 .k = k,
                 .n = n,
                 .a = a_.data(),
                 .w = w_.data(),
                 .init = init_.data(),
                 .init_per_row = false,
                 .products = products_.get(),
                 .acc = acc,
                 .out = expected_.data()};
        sim::gather(args_, 1);
    }

    /// By blocks of at most `rows` rows.
    std::vector<int64_t> on_device(DeviceMatmul& matmul, size_t rows) const {
        std::vector<int64_t> out(args_.m * args_.n, -1);
        for (size_t first = 0; first < args_.m; first += rows)
            matmul.run(args_.a + first * args_.k, std::min(rows, args_.m - first), out.data() + first * args_.n);
        return out;
    }

    std::vector<int32_t> a_, w_;
    std::vector<int64_t> init_, expected_;
    std::unique_ptr<sim::ProductModel> products_;
    sim::MatmulArgs args_;
};

TEST_F(DeviceMatmulTest, EqualsTheCpu) {
    for (const auto& [m, k, n] : {std::tuple{1, 1, 1}, {7, 33, 5}, {65, 3, 17}, {130, 20, 2}}) {
        for (const sim::AccumulatorSpec& acc :
             {sim::AccumulatorSpec{32, sim::Overflow::wrap, 0, nullptr}, {18, sim::Overflow::saturate, 3, nullptr}}) {
            set_up(static_cast<size_t>(m), static_cast<size_t>(k), static_cast<size_t>(n), acc);
            for (const auto& executor : testing::all_executors()) {
                DeviceMatmul matmul(*executor, args_, product_maker(sim::Engine::gather));
                EXPECT_EQ(matmul.rows(), args_.m);
                EXPECT_EQ(on_device(matmul, args_.m), expected_) << executor->label() << ' ' << m;
                EXPECT_EQ(on_device(matmul, 50), expected_) << executor->label() << ' ' << m << ", in blocks";
                if (acc.or_bits > 0) continue;
                DeviceMatmul by_rows(*executor, args_, product_maker(sim::Engine::permute));
                EXPECT_EQ(on_device(by_rows, 60), expected_) << executor->label() << ' ' << m << ", permute";
            }
        }
    }
}

TEST_F(DeviceMatmulTest, ShortMemoryHalvesTheRows) {
    set_up(64, 20, 3, {});
    HostExecutor roomy;
    const size_t all_bytes = roomy.free_bytes();
    const DeviceMatmul whole(roomy, args_, product_maker(sim::Engine::gather));
    const size_t row_bytes = 20 + 3 * sizeof(int64_t);
    HostExecutor small(ThreadOrder::forward, all_bytes - roomy.free_bytes() - 40 * row_bytes);
    DeviceMatmul matmul(small, args_, product_maker(sim::Engine::gather));
    EXPECT_EQ(matmul.rows(), 16U);
    EXPECT_EQ(on_device(matmul, 16), expected_);
}

}  // namespace
}  // namespace concrete::cuda
