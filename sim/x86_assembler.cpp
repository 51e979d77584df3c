#include "sim/x86_assembler.h"

namespace concrete::sim {
namespace {

unsigned number_of(X86Assembler::Register reg) {
    return static_cast<unsigned>(reg);
}

/// The mod, reg and rm fields that name two registers.
unsigned both_registers(unsigned reg, unsigned rm) {
    return 0xc0 | (reg & 7) << 3 | (rm & 7);
}

}  // namespace

void X86Assembler::number(int32_t value) {
    for (int shift = 0; shift < 32; shift += 8) byte(static_cast<uint32_t>(value) >> shift & 0xff);
}

/// ModRM byte and displacement. Args: unit: what a displacement of one byte counts.
void X86Assembler::address(unsigned reg, Memory memory, int32_t unit) {
    const int32_t scaled = memory.offset / unit;
    const bool is_short = memory.offset % unit == 0 && scaled >= -128 && scaled <= 127;
    byte((is_short ? 0x40u : 0x80u) | (reg & 7) << 3 | (number_of(memory.base) & 7));
    is_short ? byte(static_cast<unsigned>(scaled) & 0xff) : number(memory.offset);
}

/// The prefix that widens operands to 64 bits and registers to 16.
void X86Assembler::rex(unsigned reg, unsigned rm) {
    byte(0x48 | (reg >> 3 & 1) << 2 | (rm >> 3 & 1));
}

/// An instruction on 512 bits as doublewords, of those with prefix 66. The register fields of EVEX hold complements.
void X86Assembler::evex(Map map, uint8_t opcode, Zmm reg, Zmm second, const Source& rm) {
    const bool is_zmm = rm.kind == Source::Kind::zmm;
    const unsigned low = is_zmm ? rm.zmm : number_of(rm.memory.base);
    const unsigned r = reg >> 3 & 1, r_high = reg >> 4 & 1, b = low >> 3 & 1, x = is_zmm ? low >> 4 & 1 : 0;
    const unsigned broadcast = rm.kind == Source::Kind::broadcast ? 1 : 0;
    byte(0x62);
    byte(((r << 7 | x << 6 | b << 5 | r_high << 4) ^ 0xf0) | static_cast<unsigned>(map));
    byte(0x05 | ((second & 15u) << 3 ^ 0x78));
    byte(0x40 | broadcast << 4 | ((second >> 4 & 1u) << 3 ^ 0x08));
    byte(opcode);
    is_zmm ? byte(both_registers(reg, rm.zmm)) : address(reg, rm.memory, broadcast != 0 ? 4 : 64);
}

void X86Assembler::move(Zmm to, const Source& from) {
    if (from.kind == Source::Kind::broadcast) {
        // vpbroadcastd: one element by its nature, without the bit for it, but with the unit of one.
        const size_t prefix = position();
        evex(Map::m0f38, 0x58, to, 0, from);
        code_[prefix + 3] = static_cast<uint8_t>(code_[prefix + 3] & ~0x10u);
        return;
    }
    evex(Map::m0f, 0x6f, to, 0, from);  // vmovdqa32
}

void X86Assembler::store(Memory to, Zmm from) {
    evex(Map::m0f, 0x7f, from, 0, Source::at(to));  // vmovdqa32
}

void X86Assembler::ternary_logic(uint8_t table, Zmm to, Zmm second, const Source& third) {
    evex(Map::m0f3a, 0x25, to, second, third);  // vpternlogd
    byte(table);
}

void X86Assembler::binary_logic(Logic logic, Zmm to, Zmm second, const Source& third) {
    evex(Map::m0f, static_cast<uint8_t>(logic), to, second, third);  // vpandd, vpandnd, vpord, vpxord
}

void X86Assembler::clear_upper_vectors() {
    byte(0xc5), byte(0xf8), byte(0x77);  // vzeroupper
}

void X86Assembler::move(Register to, Register from) {
    rex(number_of(from), number_of(to));
    byte(0x89);
    byte(both_registers(number_of(from), number_of(to)));
}

void X86Assembler::load(Register to, Memory from) {
    rex(number_of(to), number_of(from.base));
    byte(0x8b);
    address(number_of(to), from, 1);
}

void X86Assembler::add(Register to, int32_t value) {
    rex(0, number_of(to));
    byte(0x81);
    byte(both_registers(0, number_of(to)));
    number(value);
}

void X86Assembler::exchange(Register x, Register y) {
    rex(number_of(x), number_of(y));
    byte(0x87);
    byte(both_registers(number_of(x), number_of(y)));
}

void X86Assembler::decrement(Register to) {
    rex(0, number_of(to));
    byte(0xff);
    byte(both_registers(1, number_of(to)));
}

void X86Assembler::jump_back_unless_zero(size_t position) {
    byte(0x0f), byte(0x85);  // jnz
    number(static_cast<int32_t>(static_cast<int64_t>(position) - static_cast<int64_t>(code_.size()) - 4));
}

void X86Assembler::give_back() {
    byte(0xc3);
}

}  // namespace concrete::sim
