#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/tensor.h"

namespace concrete::sim {

namespace detail {
struct Hdf5Value;

/// An item's path from the root: "lut" is "/lut".
inline std::string absolute_item(const std::string& item) {
    return item.starts_with('/') ? item : "/" + item;
}
}  // namespace detail

/// An HDF5 file, read whole by the constructor in a child process with limits, which hands over plain values: HDF5 1.10
/// can crash on hostile files, and then only the child does. All sizes are checked before memory is taken. Links,
/// virtual and external data sets are refused, since they reach other files. Items are named by path from the root
/// ("/lut", "conv1.weight"); an error names file and item, what was found and what was expected.
class Hdf5Reader {
  public:
    explicit Hdf5Reader(const std::filesystem::path& path);
    ~Hdf5Reader();
    Hdf5Reader(const Hdf5Reader&) = delete;
    Hdf5Reader& operator=(const Hdf5Reader&) = delete;

    bool has(const std::string& item) const;
    /// Names of the direct members of a group, sorted.
    std::vector<std::string> members(const std::string& group) const;

    /// Whole data sets. integers: any stored integer type, an error where a value does not fit; floats: any stored
    /// float type, rounded to float. Throws: InputError if absent, of another class, larger than max_elements.
    Tensor<int32_t> integers32(const std::string& dataset, size_t max_elements = size_t{1} << 28) const;
    Tensor<int64_t> integers64(const std::string& dataset, size_t max_elements = size_t{1} << 28) const;
    Tensor<float> floats(const std::string& dataset, size_t max_elements = size_t{1} << 28) const;
    std::string text(const std::string& dataset) const;  ///< a scalar string

    /// Attributes of an object ("/" for the root). Throws: InputError if absent or of another class.
    bool has_attribute(const std::string& object, const std::string& name) const;
    std::string text_attribute(const std::string& object, const std::string& name) const;
    int64_t integer_attribute(const std::string& object, const std::string& name) const;
    double number_attribute(const std::string& object, const std::string& name) const;

    [[noreturn]] void fail(const std::string& item, const std::string& message) const;

  private:
    const detail::Hdf5Value& dataset(const std::string& item, size_t max_elements) const;
    const detail::Hdf5Value& attribute(const std::string& object, const std::string& name) const;

    struct State;
    std::unique_ptr<State> state_;
};

/// Writes a new HDF5 file without time stamps, so that equal contents give equal bytes; it appears at commit()
/// (AtomicFile). Groups on the way to an item are made.
class Hdf5Writer {
  public:
    explicit Hdf5Writer(const std::filesystem::path& path);
    ~Hdf5Writer();
    Hdf5Writer(const Hdf5Writer&) = delete;
    Hdf5Writer& operator=(const Hdf5Writer&) = delete;

    /// Data sets above 4 KiB are stored shuffled and deflated.
    void write(const std::string& dataset, const Shape& shape, const int32_t* values);
    void write(const std::string& dataset, const Shape& shape, const int64_t* values);
    void write(const std::string& dataset, const Shape& shape, const float* values);
    void write_text(const std::string& dataset, std::string_view text);

    void attribute(const std::string& object, const std::string& name, const std::string& value);
    void attribute(const std::string& object, const std::string& name, const char* value) {
        attribute(object, name, std::string(value));
    }
    void attribute(const std::string& object, const std::string& name, int64_t value);
    void attribute(const std::string& object, const std::string& name, double value);
    void group(const std::string& path);

    void commit();

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace concrete::sim
