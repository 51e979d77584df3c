#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace concrete {

/// SHA-256 (FIPS 180-4) over a sequence of pieces. Each piece enters with its length, so that moving a byte from one
/// piece to the next changes the digest.
class Sha256 {
  public:
    Sha256();
    ~Sha256();
    Sha256(const Sha256&) = delete;
    Sha256& operator=(const Sha256&) = delete;

    Sha256& add(std::string_view piece);
    Sha256& add(uint64_t number);
    template <typename T>
    Sha256& add(std::span<const T> values) {
        return add(std::string_view(reinterpret_cast<const char*>(values.data()), values.size_bytes()));
    }

    /// 64 lower-case hexadecimal digits. The object is spent afterwards.
    std::string hex();

  private:
    friend std::string sha256_hex(std::string_view bytes);
    struct State;
    std::unique_ptr<State> state_;
};

/// SHA-256 of exactly these bytes, as `sha256sum` prints it.
std::string sha256_hex(std::string_view bytes);

}  // namespace concrete
