// Makes an operator, writes and reads its file, and multiplies two matrices of
// codes with it.
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <vector>

#include "sim/error.h"
#include "sim/gather.h"
#include "sim/operator.h"
#include "sim/product_model.h"

namespace sim = concrete::sim;

namespace {

// y = a * b + 2 * a + 1: not 0 at (0, 0), and another product if the operands are swapped.
sim::Operator lopsided_multiplier() {
    sim::Operator op;
    op.name = "lopsided";
    op.a = {"a", 4, true};
    op.b = {"b", 4, true};
    op.y = {"y", 8, true};
    op.sources.top = "lopsided";
    op.sources.files = {{"lopsided.v",
                         "module lopsided(input signed [3:0] a, input signed [3:0] b, output signed [7:0] y);\n"
                         "  assign y = a * b + 2 * a + 1;\n"
                         "endmodule\n",
                         false}};
    op.exhaustive = true;
    op.swept_pairs = 256;
    for (uint64_t a = 0; a < 16; ++a) {
        for (uint64_t b = 0; b < 16; ++b) {
            const int64_t x = sim::decode(a, 4, true);
            op.lut.push_back(static_cast<int32_t>(x * sim::decode(b, 4, true) + 2 * x + 1));
        }
    }
    return op;
}

}  // namespace

int main() try {
    const std::filesystem::path path = "lopsided.h5";
    sim::save_operator(lopsided_multiplier(), path);
    const auto op = std::make_shared<sim::Operator>(sim::load_operator(path));

    const sim::ProductModel products(op, {-8, 7}, {-8, 7}, false);
    const std::vector<int32_t> a = {1, -2, 3, 7};
    const std::vector<int32_t> w = {2, -1, 5, 0};
    const std::vector<int64_t> init = {10, -20};
    std::vector<int64_t> c(4);
    sim::MatmulArgs args;
    args.m = args.k = args.n = 2;
    args.a = a.data();
    args.w = w.data();
    args.init = init.data();
    args.products = &products;
    args.out = c.data();
    sim::gather(args, 1);

    for (const int64_t code : c) std::printf("%lld\n", static_cast<long long>(code));
    return 0;
} catch (const concrete::Error& error) {
    std::fprintf(stderr, "consumer: %s\n", error.what());
    return static_cast<int>(error.code());
}
