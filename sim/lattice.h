#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace concrete::sim {

/// The lattice of all integer combinations of some vectors, by a basis of short vectors (Lenstra, Lenstra and Lovász,
/// 1982, with dependent generators as in Pohst, 1987). Lengths are measured without the mean:
///
///     <x, y> = n sum_i x_i y_i - sum_i x_i sum_i y_i        for vectors of n entries
///
/// since here only differences of entries matter. No vector but 0 of the lattice may be constant; holding one entry at
/// 0 sees to that. Basis and coordinates are exact; floating point only decides which of many bases results.
class ReducedLattice {
  public:
    /// Args: entries: of a vector, 1 to 256. delta: of the condition of Lovász, above 1/4 and below 1; the higher, the
    /// shorter the vectors. most_steps: bound on the exchanges of basis vectors over all insertions.
    ReducedLattice(size_t entries, double delta, size_t most_steps)
        : entries_(entries), delta_(delta), steps_left_(most_steps) {}

    /// Adds a generator. Returns: false if an entry of any vector exceeds kMostEntry or the steps are used up; the
    /// object is then of no more use.
    bool insert(std::vector<int64_t> generator);

    const std::vector<std::vector<int64_t>>& basis() const { return basis_; }

    /// The coefficients by which the basis gives the vector, nullopt if it is not found to be in the lattice.
    std::optional<std::vector<int64_t>> coordinates(std::vector<int64_t> vector) const;

    static constexpr int64_t kMostEntry = int64_t{1} << 21;

  private:
    using Vector = std::vector<int64_t>;

    int64_t inner(const Vector& x, const Vector& y) const;
    bool reduce(Vector& vector, Vector& products, size_t size, Vector* coefficients) const;
    bool reduce_basis(size_t k);
    Vector products_with_basis(const Vector& vector) const;
    void orthogonalize(size_t k);
    void exchange(size_t k);
    void erase(size_t k);

    size_t entries_;
    double delta_;
    size_t steps_left_;
    std::vector<Vector> basis_;
    std::vector<Vector> gram_;             ///< [k][j] = <basis_[k], basis_[j]>
    std::vector<std::vector<double>> mu_;  ///< [k][j], j < k: Gram-Schmidt coefficients
    std::vector<double> norms_;            ///< squared lengths of the Gram-Schmidt vectors
};

}  // namespace concrete::sim
