#include "sim/lattice.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace concrete::sim {
namespace {

/// Rounds after which a reduction that still finds something to subtract is held to be lost in rounding errors.
constexpr int kMostRounds = 100;

/// Coefficients beyond it are not exact integers in floating point.
constexpr double kMostCoefficient = 0x1p50;

bool is_zero(const std::vector<int64_t>& vector) {
    return std::all_of(vector.begin(), vector.end(), [](int64_t entry) { return entry == 0; });
}

bool is_small(const std::vector<int64_t>& vector) {
    constexpr int64_t kMost = ReducedLattice::kMostEntry;
    return std::all_of(vector.begin(), vector.end(), [](int64_t entry) { return entry >= -kMost && entry <= kMost; });
}

/// x -= factor * y, modulo 2^64: exact where the result fits, whatever comes between.
void subtract(std::vector<int64_t>& x, int64_t factor, const std::vector<int64_t>& y) {
    for (size_t i = 0; i < x.size(); ++i)
        x[i] = static_cast<int64_t>(static_cast<uint64_t>(x[i]) -
                                    static_cast<uint64_t>(factor) * static_cast<uint64_t>(y[i]));
}

}  // namespace

int64_t ReducedLattice::inner(const Vector& x, const Vector& y) const {
    // Below 2^59 in magnitude: 256^2 kMostEntry^2.
    int64_t products = 0, x_sum = 0, y_sum = 0;
    for (size_t i = 0; i < entries_; ++i) {
        products += x[i] * y[i];
        x_sum += x[i];
        y_sum += y[i];
    }
    return static_cast<int64_t>(entries_) * products - x_sum * y_sum;
}

/// Subtracts the integer combination of the first `size` basis vectors that brings the vector near the origin (the
/// nearest-plane method of Babai), keeping its inner products with the basis up to date. Adds to coefficients what was
/// subtracted, unless they are null. Returns: false where numbers leave their range.
bool ReducedLattice::reduce(Vector& vector, Vector& products, size_t size, Vector* coefficients) const {
    std::vector<double> places(size);  // along the Gram-Schmidt vectors
    for (int round = 0; round < kMostRounds; ++round) {
        for (size_t i = 0; i < size; ++i) {
            double product = static_cast<double>(products[i]);
            for (size_t j = 0; j < i; ++j) product -= mu_[i][j] * places[j];
            places[i] = product;
        }
        for (size_t i = 0; i < size; ++i) places[i] /= norms_[i];
        bool changed = false;
        for (size_t i = size; i-- > 0;) {
            // A half would change its sign for ever.
            if (std::abs(places[i]) <= 0.501) continue;
            const double rounded = std::nearbyint(places[i]);
            if (!(std::abs(rounded) < kMostCoefficient)) return false;
            for (size_t j = 0; j < i; ++j) places[j] -= rounded * mu_[i][j];
            const auto factor = static_cast<int64_t>(rounded);
            subtract(vector, factor, basis_[i]);
            subtract(products, factor, gram_[i]);
            if (coefficients != nullptr) (*coefficients)[i] += factor;
            changed = true;
        }
        if (!is_small(vector)) return false;
        if (!changed) return true;
    }
    return false;
}

std::vector<int64_t> ReducedLattice::products_with_basis(const Vector& vector) const {
    Vector products;
    for (const Vector& other : basis_) products.push_back(inner(vector, other));
    return products;
}

/// Sets row k of the Gram-Schmidt coefficients from those before it.
void ReducedLattice::orthogonalize(size_t k) {
    std::vector<double>& row = mu_[k];
    double norm = static_cast<double>(gram_[k][k]);
    for (size_t i = 0; i < k; ++i) {
        double product = static_cast<double>(gram_[k][i]);
        for (size_t j = 0; j < i; ++j) product -= mu_[i][j] * row[j];
        row[i] = product;
    }
    for (size_t i = 0; i < k; ++i) {
        const double place = row[i] / norms_[i];
        norm -= place * row[i];
        row[i] = place;
    }
    norms_[k] = std::max(norm, 0.0);
}

/// Exchanges basis vectors k - 1 and k.
void ReducedLattice::exchange(size_t k) {
    std::swap(basis_[k - 1], basis_[k]);
    std::swap(gram_[k - 1], gram_[k]);
    for (Vector& row : gram_) std::swap(row[k - 1], row[k]);
}

void ReducedLattice::erase(size_t k) {
    const auto place = static_cast<std::ptrdiff_t>(k);
    basis_.erase(basis_.begin() + place);
    gram_.erase(gram_.begin() + place);
    for (Vector& row : gram_) row.erase(row.begin() + place);
    mu_.pop_back();
    norms_.pop_back();
}

/// Reduces the basis again where vectors before k already are.
bool ReducedLattice::reduce_basis(size_t k) {
    while (k < basis_.size()) {
        if (!reduce(basis_[k], gram_[k], k, nullptr)) return false;
        if (is_zero(basis_[k])) {
            erase(k);
            continue;
        }
        gram_[k][k] = inner(basis_[k], basis_[k]);
        for (size_t j = 0; j < basis_.size(); ++j) gram_[j][k] = gram_[k][j];
        orthogonalize(k);
        if (k > 0 && norms_[k] + mu_[k][k - 1] * mu_[k][k - 1] * norms_[k - 1] < delta_ * norms_[k - 1]) {
            if (steps_left_ == 0) return false;
            --steps_left_;
            exchange(k--);
        } else {
            ++k;
        }
    }
    return true;
}

bool ReducedLattice::insert(std::vector<int64_t> generator) {
    if (!is_small(generator)) return false;
    Vector products = products_with_basis(generator);
    if (!reduce(generator, products, basis_.size(), nullptr)) return false;
    if (is_zero(generator)) return true;
    const size_t k = basis_.size();
    for (size_t j = 0; j < k; ++j) gram_[j].push_back(products[j]);
    products.push_back(inner(generator, generator));
    gram_.push_back(std::move(products));
    basis_.push_back(std::move(generator));
    for (std::vector<double>& row : mu_) row.push_back(0);
    mu_.emplace_back(k + 1);
    norms_.push_back(0);
    return reduce_basis(k);
}

std::optional<std::vector<int64_t>> ReducedLattice::coordinates(std::vector<int64_t> vector) const {
    Vector products = products_with_basis(vector);
    Vector coefficients(basis_.size());
    if (!reduce(vector, products, basis_.size(), &coefficients) || !is_zero(vector)) return std::nullopt;
    return coefficients;
}

}  // namespace concrete::sim
