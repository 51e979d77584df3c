#include "sim/x86_assembler.h"

#include <functional>
#include <gtest/gtest.h>
#include <vector>

#include "sim/executable_memory.h"
#include "sim/isa.h"
#include "sim/netlist.h"
#include "sim/random.h"

namespace concrete::sim {
namespace {

using Register = X86Assembler::Register;
using Source = X86Assembler::Source;
using Zmm = X86Assembler::Zmm;

TEST(X86Assembler, EncodesAsTheGnuAssemblerDoes) {
    // Bytes from GNU as 2.40 for the instructions beside them.
    const auto expect = [](const std::function<void(X86Assembler&)>& write, const std::vector<uint8_t>& bytes) {
        X86Assembler code;
        write(code);
        EXPECT_EQ(code.code(), bytes);
    };
    // vpternlogd $0x96,%zmm1,%zmm2,%zmm3
    expect([](X86Assembler& c) { c.ternary_logic(0x96, 3, 2, Source::of(1)); },
           {0x62, 0xf3, 0x6d, 0x48, 0x25, 0xd9, 0x96});
    // vpternlogd $0xe8,%zmm31,%zmm16,%zmm9
    expect([](X86Assembler& c) { c.ternary_logic(0xe8, 9, 16, Source::of(31)); },
           {0x62, 0x13, 0x7d, 0x40, 0x25, 0xcf, 0xe8});
    // vpternlogd $0x1,%zmm8,%zmm31,%zmm24
    expect([](X86Assembler& c) { c.ternary_logic(0x01, 24, 31, Source::of(8)); },
           {0x62, 0x43, 0x05, 0x40, 0x25, 0xc0, 0x01});
    // vpternlogd $0xff,0x40(%rsi),%zmm17,%zmm0
    expect(
        [](X86Assembler& c) {
            c.ternary_logic(0xff, 0, 17, Source::at({Register::rsi, 0x40}));
        },
        {0x62, 0xf3, 0x75, 0x40, 0x25, 0x46, 0x01, 0xff});
    // vpternlogd $0x80,-0x2000(%r8),%zmm4,%zmm30
    expect(
        [](X86Assembler& c) {
            c.ternary_logic(0x80, 30, 4, Source::at({Register::r8, -0x2000}));
        },
        {0x62, 0x43, 0x5d, 0x48, 0x25, 0x70, 0x80, 0x80});
    // vpternlogd $0x80,0x2000(%r10),%zmm4,%zmm30
    expect(
        [](X86Assembler& c) {
            c.ternary_logic(0x80, 30, 4, Source::at({Register::r10, 0x2000}));
        },
        {0x62, 0x43, 0x5d, 0x48, 0x25, 0xb2, 0x00, 0x20, 0x00, 0x00, 0x80});
    // vpternlogd $0xca,0x8(%rdx){1to16},%zmm20,%zmm5
    expect(
        [](X86Assembler& c) {
            c.ternary_logic(0xca, 5, 20, Source::broadcast({Register::rdx, 8}));
        },
        {0x62, 0xf3, 0x5d, 0x50, 0x25, 0x6a, 0x02, 0xca});
    // vpternlogd $0xca,0x400(%r11){1to16},%zmm20,%zmm5
    expect(
        [](X86Assembler& c) {
            c.ternary_logic(0xca, 5, 20, Source::broadcast({Register::r11, 0x400}));
        },
        {0x62, 0xd3, 0x5d, 0x50, 0x25, 0xab, 0x00, 0x04, 0x00, 0x00, 0xca});
    // vpandd %zmm1,%zmm2,%zmm3; vpandnd 0x40(%rsi),%zmm17,%zmm31
    using Logic = X86Assembler::Logic;
    expect([](X86Assembler& c) { c.binary_logic(Logic::conjunction, 3, 2, Source::of(1)); },
           {0x62, 0xf1, 0x6d, 0x48, 0xdb, 0xd9});
    expect(
        [](X86Assembler& c) {
            c.binary_logic(Logic::inhibition, 31, 17, Source::at({Register::rsi, 0x40}));
        },
        {0x62, 0x61, 0x75, 0x40, 0xdf, 0x7e, 0x01});
    // vpord %zmm31,%zmm16,%zmm9; vpxord 0x8(%rdx){1to16},%zmm20,%zmm5
    expect([](X86Assembler& c) { c.binary_logic(Logic::disjunction, 9, 16, Source::of(31)); },
           {0x62, 0x11, 0x7d, 0x40, 0xeb, 0xcf});
    expect(
        [](X86Assembler& c) {
            c.binary_logic(Logic::exclusive_or, 5, 20, Source::broadcast({Register::rdx, 8}));
        },
        {0x62, 0xf1, 0x5d, 0x50, 0xef, 0x6a, 0x02});
    // vmovdqa32 %zmm17,%zmm2; vmovdqa32 0x80(%rcx),%zmm23; vpbroadcastd 0x10(%r9),%zmm29
    expect([](X86Assembler& c) { c.move(2, Source::of(17)); }, {0x62, 0xb1, 0x7d, 0x48, 0x6f, 0xd1});
    expect(
        [](X86Assembler& c) {
            c.move(23, Source::at({Register::rcx, 0x80}));
        },
        {0x62, 0xe1, 0x7d, 0x48, 0x6f, 0x79, 0x02});
    expect(
        [](X86Assembler& c) {
            c.move(29, Source::broadcast({Register::r9, 0x10}));
        },
        {0x62, 0x42, 0x7d, 0x48, 0x58, 0x69, 0x04});
    // vmovdqa32 %zmm25,0x1fc0(%rax)
    expect([](X86Assembler& c) { c.store({Register::rax, 0x1fc0}, 25); }, {0x62, 0x61, 0x7d, 0x48, 0x7f, 0x48, 0x7f});
    // mov %rdi,%r8; mov 0x18(%rdi),%r10; add $0x12345,%rdx; xchg %r8,%r9; dec %rcx; vzeroupper; ret
    expect([](X86Assembler& c) { c.move(Register::r8, Register::rdi); }, {0x49, 0x89, 0xf8});
    expect([](X86Assembler& c) { c.load(Register::r10, {Register::rdi, 0x18}); }, {0x4c, 0x8b, 0x57, 0x18});
    expect([](X86Assembler& c) { c.add(Register::rdx, 0x12345); }, {0x48, 0x81, 0xc2, 0x45, 0x23, 0x01, 0x00});
    expect([](X86Assembler& c) { c.exchange(Register::r8, Register::r9); }, {0x4d, 0x87, 0xc1});
    expect([](X86Assembler& c) { c.decrement(Register::rcx); }, {0x48, 0xff, 0xc9});
    expect([](X86Assembler& c) { c.clear_upper_vectors(); }, {0xc5, 0xf8, 0x77});
    expect([](X86Assembler& c) { c.give_back(); }, {0xc3});
    // dec %rax at 0, jnz to it: six bytes, -9 from their end.
    expect(
        [](X86Assembler& c) {
            c.decrement(Register::rax);
            c.jump_back_unless_zero(0);
        },
        {0x48, 0xff, 0xc8, 0x0f, 0x85, 0xf7, 0xff, 0xff, 0xff});
}

/// Machine code on 512-bit words, called as f(planes).
class Planes512 {
  public:
    explicit Planes512(uint64_t seed) {
        Random random(seed);
        for (uint64_t& word : words_) word = random.bits();
    }
    uint64_t at(size_t plane, size_t word) const { return words_[8 * plane + word]; }
    void run(const X86Assembler& code) {
        const auto memory = ExecutableMemory::of(code.code());
        ASSERT_TRUE(memory);
        memory->function<void(uint64_t*)>()(words_);
    }

  private:
    alignas(64) uint64_t words_[8 * 4];
};

constexpr X86Assembler::Memory plane(int32_t index) {
    return {Register::rdi, 64 * index};
}

/// One vpternlog of planes 0, 1 and 2, or 4 bytes of plane 2 for a broadcast, into plane 3; all as evaluators need it.
void expect_ternary(uint8_t table, Zmm to, Zmm second, Source third) {
    Planes512 planes(1 + table);
    X86Assembler code;
    code.move(to, Source::at(plane(0)));
    code.move(second, Source::at(plane(1)));
    if (third.kind == Source::Kind::zmm) code.move(third.zmm, Source::at(plane(2)));
    code.ternary_logic(table, to, second, third);
    code.store(plane(3), to);
    code.clear_upper_vectors();
    code.give_back();
    planes.run(code);
    const bool is_broadcast = third.kind == Source::Kind::broadcast;
    for (size_t word = 0; word < 8; ++word) {
        const uint64_t last = is_broadcast ? (planes.at(2, 3) >> 32) * 0x100000001 : planes.at(2, word);
        const uint64_t expected = lut3(table, planes.at(0, word), planes.at(1, word), last);
        ASSERT_EQ(planes.at(3, word), expected)
            << "table " << int{table} << " zmm" << int{to} << " zmm" << int{second} << " zmm" << int{third.zmm};
    }
}

TEST(X86Assembler, RunsEveryTableOnEveryKindOfOperand) {
    if (available_isas().back() < Isa::avx512) GTEST_SKIP() << "needs AVX-512";
    for (int table = 0; table < 256; ++table) {
        const auto of = static_cast<uint8_t>(table);
        const auto zmm = [&](int step) { return static_cast<Zmm>((table + step) % 32); };
        for (const int distance : {1, 7, 16}) {
            expect_ternary(of, zmm(0), zmm(distance), Source::of(zmm(2 * distance + 1)));
            expect_ternary(of, zmm(0), zmm(distance), Source::at(plane(2)));
            expect_ternary(of, zmm(0), zmm(distance), Source::broadcast({Register::rdi, 2 * 64 + 3 * 8 + 4}));
        }
    }
}

TEST(X86Assembler, RunsEveryFunctionOfTwo) {
    if (available_isas().back() < Isa::avx512) GTEST_SKIP() << "needs AVX-512";
    using Logic = X86Assembler::Logic;
    for (const Logic logic : {Logic::conjunction, Logic::inhibition, Logic::disjunction, Logic::exclusive_or}) {
        Planes512 planes(9);
        X86Assembler code;
        code.move(20, Source::at(plane(0)));
        code.binary_logic(logic, 11, 20, Source::at(plane(1)));
        code.store(plane(3), 11);
        code.clear_upper_vectors();
        code.give_back();
        planes.run(code);
        for (size_t word = 0; word < 8; ++word) {
            const uint64_t x = planes.at(0, word), y = planes.at(1, word);
            const uint64_t expected = logic == Logic::conjunction   ? x & y
                                      : logic == Logic::inhibition  ? ~x & y
                                      : logic == Logic::disjunction ? x | y
                                                                    : x ^ y;
            EXPECT_EQ(planes.at(3, word), expected);
        }
    }
}

TEST(X86Assembler, ReachesEveryRegister) {
    if (available_isas().back() < Isa::avx512) GTEST_SKIP() << "needs AVX-512";
    for (Zmm to = 0; to < 32; ++to)
        for (Zmm second = 0; second < 32; ++second) {
            if (second == to) continue;
            Zmm third = 0;
            while (third == to || third == second) ++third;
            expect_ternary(0xd8, to, second, Source::of(third));
            expect_ternary(0xd8, third, to, Source::of(second));
        }
}

}  // namespace
}  // namespace concrete::sim
