#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace concrete::sim {

/// Machine code of 64-bit x86 with AVX-512, as far as sim/netlist_code.h needs it: bytes only, nothing is run, so that
/// every build can encode. Source: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2, 2.1 and 2.7.
class X86Assembler {
  public:
    /// General registers by number, those that a System V function may change. Not rsp: as a base it is encoded
    /// differently.
    enum class Register : uint8_t { rax = 0, rcx = 1, rdx = 2, rsi = 6, rdi = 7, r8 = 8, r9 = 9, r10 = 10, r11 = 11 };
    using Zmm = uint8_t;  ///< 0 to 31

    /// base + offset, in bytes.
    struct Memory {
        Register base;
        int32_t offset;
    };

    /// What an instruction reads last: a register, 64 bytes at an address that is a multiple of 64, or 4 bytes that
    /// stand for all sixteen doublewords.
    struct Source {
        enum class Kind : uint8_t { zmm, memory, broadcast };
        Kind kind;
        Zmm zmm;
        Memory memory;

        static Source of(Zmm zmm) { return {Kind::zmm, zmm, {}}; }
        static Source at(Memory memory) { return {Kind::memory, 0, memory}; }
        static Source broadcast(Memory memory) { return {Kind::broadcast, 0, memory}; }
    };

    /// to := from
    void move(Zmm to, const Source& from);
    /// 64 bytes at an address that is a multiple of 64.
    void store(Memory to, Zmm from);
    /// to := bit 4 to + 2 second + third of the table, for every bit.
    void ternary_logic(uint8_t table, Zmm to, Zmm second, const Source& third);
    enum class Logic : uint8_t { conjunction = 0xdb, inhibition = 0xdf, disjunction = 0xeb, exclusive_or = 0xef };
    /// to := second & third, ~second & third, second | third or second ^ third. Unlike ternary_logic() this does not
    /// wait for what is in `to`.
    void binary_logic(Logic logic, Zmm to, Zmm second, const Source& third);
    /// So that code without AVX runs at full speed afterwards.
    void clear_upper_vectors();

    void move(Register to, Register from);
    void load(Register to, Memory from);
    void add(Register to, int32_t number);
    void exchange(Register x, Register y);
    void decrement(Register to);
    /// To an earlier position() of the code, if the result of the last decrement() was not 0.
    void jump_back_unless_zero(size_t position);
    void give_back();  ///< ret

    size_t position() const { return code_.size(); }
    const std::vector<uint8_t>& code() const { return code_; }

  private:
    enum class Map : uint8_t { m0f = 1, m0f38 = 2, m0f3a = 3 };
    void byte(unsigned value) { code_.push_back(static_cast<uint8_t>(value)); }
    void number(int32_t value);
    void evex(Map map, uint8_t opcode, Zmm reg, Zmm second, const Source& rm);
    void rex(unsigned reg, unsigned rm);
    void address(unsigned reg, Memory memory, int32_t unit);

    std::vector<uint8_t> code_;
};

}  // namespace concrete::sim
