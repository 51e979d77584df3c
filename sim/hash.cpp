#include "sim/hash.h"

#include <array>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <stdexcept>

namespace concrete {

struct Sha256::State {
    State() : context(EVP_MD_CTX_new()) {
        if (context == nullptr || EVP_DigestInit_ex(context, EVP_sha256(), nullptr) != 1) {
            EVP_MD_CTX_free(context);
            throw std::runtime_error("OpenSSL offers no SHA-256 on this machine");
        }
    }
    ~State() { EVP_MD_CTX_free(context); }
    State(const State&) = delete;
    State& operator=(const State&) = delete;

    void update(std::string_view bytes) { EVP_DigestUpdate(context, bytes.data(), bytes.size()); }

    std::string finish() {
        std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
        unsigned length = 0;
        EVP_DigestFinal_ex(context, digest.data(), &length);
        std::string hex;
        for (unsigned i = 0; i < length; ++i) hex += fmt::format("{:02x}", digest[i]);
        return hex;
    }

    EVP_MD_CTX* context;
};

Sha256::Sha256() : state_(std::make_unique<State>()) {}
Sha256::~Sha256() = default;

Sha256& Sha256::add(std::string_view piece) {
    std::array<char, 8> length{};
    for (size_t i = 0; i < length.size(); ++i) length[i] = static_cast<char>(uint64_t{piece.size()} >> (8 * i));
    state_->update({length.data(), length.size()});
    state_->update(piece);
    return *this;
}

Sha256& Sha256::add(uint64_t number) {
    std::array<char, 8> bytes{};
    for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(number >> (8 * i));
    return add(std::string_view(bytes.data(), bytes.size()));
}

std::string Sha256::hex() {
    return state_->finish();
}

std::string sha256_hex(std::string_view bytes) {
    Sha256::State state;
    state.update(bytes);
    return state.finish();
}

}  // namespace concrete
