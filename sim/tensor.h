#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

namespace concrete::sim {

/// Extents, outermost first. Pictures are [n, c, h, w], matrices [m, k]; a picture without n is [c, h, w].
using Shape = std::vector<size_t>;

/// Product of the extents; 1 for a scalar.
inline size_t element_count(const Shape& shape) {
    return std::accumulate(shape.begin(), shape.end(), size_t{1}, std::multiplies<>());
}

/// "[2, 3]"
std::string to_string(const Shape& shape);

/// A dense row-major array that owns its elements.
template <typename T>
struct Tensor {
    Shape shape;
    std::vector<T> data;

    Tensor() = default;
    explicit Tensor(Shape s) : shape(std::move(s)), data(element_count(shape)) {}
    Tensor(Shape s, std::vector<T> d) : shape(std::move(s)), data(std::move(d)) {}

    size_t size() const { return data.size(); }
    bool empty() const { return data.empty(); }
    bool operator==(const Tensor&) const = default;
};

}  // namespace concrete::sim
