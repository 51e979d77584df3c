#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "sim/gather.h"
#include "sim/random.h"

/// What the benchmarks compute: layers of LeNet-5 as products of code matrices, on an 8x8 signed multiplier.
namespace concrete::bench {

struct LayerShape {
    const char* name;
    size_t rows_per_image, k, n;
};
inline constexpr LayerShape kConv1{"conv1", 784, 25, 6};
inline constexpr LayerShape kConv2{"conv2", 100, 150, 16};
inline constexpr LayerShape kFc1{"fc1", 1, 400, 120};

/// An 8x8 signed multiplier with a table: the product with its low bits cleared, so that it is neither exact nor zero
/// at (0, 0).
inline std::shared_ptr<sim::Operator> table_multiplier() {
    auto op = std::make_shared<sim::Operator>();
    op->name = "bench";
    op->a = {"a", 8, true};
    op->b = {"b", 8, true};
    op->y = {"y", 16, true};
    for (uint64_t a = 0; a < 256; ++a)
        for (uint64_t b = 0; b < 256; ++b)
            op->lut.push_back(static_cast<int32_t>((sim::decode(a, 8, true) * sim::decode(b, 8, true) & ~7) | 3));
    return op;
}

/// Operands of one layer for a batch, with random codes.
class Workload {
  public:
    Workload(const LayerShape& shape, size_t batch, const sim::AccumulatorSpec& acc)
        : products_(table_multiplier(), kCodes, kCodes, false),
          a_(shape.rows_per_image * batch * shape.k),
          w_(shape.k * shape.n),
          init_(shape.n),
          out_(shape.rows_per_image * batch * shape.n) {
        sim::Random random(1);
        const auto draw = [&] { return static_cast<int32_t>(random.below(kCodes.count()) + kCodes.lowest); };
        std::generate(a_.begin(), a_.end(), draw);
        std::generate(w_.begin(), w_.end(), draw);
        std::generate(init_.begin(), init_.end(), draw);
        args_ = {shape.rows_per_image * batch,
                 shape.k,
                 shape.n,
                 a_.data(),
                 w_.data(),
                 init_.data(),
                 false,
                 &products_,
                 acc,
                 out_.data()};
    }
    Workload(const Workload&) = delete;
    Workload& operator=(const Workload&) = delete;

    const sim::MatmulArgs& args() const { return args_; }
    const std::vector<int64_t>& out() const { return out_; }
    double macs() const { return static_cast<double>(args_.m * args_.k * args_.n); }

  private:
    static constexpr sim::CodeRange kCodes{-127, 127};
    sim::ProductModel products_;
    std::vector<int32_t> a_, w_;
    std::vector<int64_t> init_, out_;
    sim::MatmulArgs args_;
};

/// The same product as one loop over its definition: the baseline of the engines.
inline void scalar_loop(const sim::MatmulArgs& g) {
    for (size_t m = 0; m < g.m; ++m)
        for (size_t n = 0; n < g.n; ++n) {
            int64_t acc = g.init[n];
            for (size_t k = 0; k < g.k; ++k)
                acc = sim::accumulate(g.acc, acc, g.products->product(g.a[m * g.k + k], g.w[k * g.n + n]));
            g.out[m * g.n + n] = acc;
        }
}

/// Seconds of one call: the best of several, at least 0.3 s of them.
template <typename Call>
double best_seconds(Call call) {
    using clock = std::chrono::steady_clock;
    double best = 1e30, total = 0;
    while (total < 0.3) {
        const auto start = clock::now();
        call();
        const double seconds = std::chrono::duration<double>(clock::now() - start).count();
        best = std::min(best, seconds);
        total += seconds;
    }
    return best;
}

}  // namespace concrete::bench
