#include "cuda/divisor.h"

#include <gtest/gtest.h>

namespace concrete::cuda {
namespace {

TEST(Divisor, DividesExactly) {
    constexpr uint32_t kLargest = (1U << 31) - 1;
    for (const uint32_t d :
         {1U,       2U,      3U,     5U,     7U,     12U,    49U,    64U,      127U,           196U,     224U,
          641U,     3136U,   12544U, 50176U, 65535U, 65536U, 65537U, 1000003U, (1U << 30) - 1, 1U << 30, (1U << 30) + 1,
          kLargest, 1U << 31}) {
        const Divisor divisor(d);
        const auto expect = [&](uint64_t n) {
            if (n > kLargest) return;
            const auto narrow = static_cast<uint32_t>(n);
            ASSERT_EQ(divisor.quotient(narrow), narrow / d) << n << " / " << d;
            ASSERT_EQ(divisor.remainder(narrow), narrow % d) << n << " / " << d;
        };
        for (uint64_t n = 0; n < 1000; ++n) {
            expect(n);
            expect(kLargest - n);
            for (const uint64_t near : {n * d, n * d + d - 1, (kLargest / d - n) * d, (kLargest / d - n) * d - 1})
                expect(near);
        }
    }
}

}  // namespace
}  // namespace concrete::cuda
