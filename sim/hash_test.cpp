#include "sim/hash.h"

#include <array>
#include <gtest/gtest.h>

namespace concrete {
namespace {

// FIPS 180-2, appendix B.
TEST(Sha256, KnownDigests) {
    EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(sha256_hex(std::string(1'000'000, 'a')),
              "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, PiecesEnterWithTheirLengthLittleEndian) {
    Sha256 pieces;
    pieces.add("abc").add(uint64_t{0x0102});
    EXPECT_EQ(pieces.hex(), sha256_hex(std::string("\3\0\0\0\0\0\0\0abc\x08\0\0\0\0\0\0\0\x02\1\0\0\0\0\0\0", 27)));
}

TEST(Sha256, MovingAByteBetweenPiecesChangesTheDigest) {
    Sha256 first, second;
    first.add("ab").add("c");
    second.add("a").add("bc");
    EXPECT_NE(first.hex(), second.hex());
}

TEST(Sha256, SpansEnterAsBytes) {
    const std::array<uint16_t, 2> values = {0x4141, 0x4242};
    Sha256 span, text;
    span.add(std::span<const uint16_t>(values));
    text.add("AABB");
    EXPECT_EQ(span.hex(), text.hex());
}

}  // namespace
}  // namespace concrete
