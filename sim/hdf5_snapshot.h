#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "sim/tensor.h"

namespace concrete::sim::detail {

/// What one data set or attribute holds. Exactly one of the value members is used, as `kind` says.
struct Hdf5Value {
    enum class Kind : uint8_t { integers32, integers64, floats32, floats64, text, other };

    Kind kind = Kind::other;
    Shape shape;  ///< [] for a scalar
    std::vector<int32_t> integers32;
    std::vector<int64_t> integers64;
    std::vector<float> floats32;
    std::vector<double> floats64;  ///< attributes only: data sets of any float type come as float
    std::string text;              ///< of `other`: what it is ("a compound type"), and why it was not read
};

/// A whole HDF5 file in memory, by absolute path ("/", "/sources/file0").
struct Hdf5Snapshot {
    struct Object {
        bool is_group = false;
        Hdf5Value value;  ///< of a data set
        std::map<std::string, Hdf5Value> attributes;
    };
    std::map<std::string, Object> objects;
};

/// Largest data set and longest string that are read, and most bytes of a whole file's values.
inline constexpr uint64_t kMaxElements = uint64_t{1} << 28;
inline constexpr uint64_t kMaxTextBytes = uint64_t{64} << 20;
inline constexpr uint64_t kMaxSnapshotBytes = uint64_t{4} << 30;

/// Reads a file in a child process with limits on time and memory, which sends plain values back through a pipe: HDF5
/// 1.10 can crash, or corrupt its memory, on hostile files, and here only the child does. Links that leave the file,
/// virtual and external storage and filter plug-ins are refused. Throws: InputError naming the file and, where one is
/// to blame, the item.
Hdf5Snapshot read_hdf5(const std::filesystem::path& path);

/// The child's half: reads the file and writes records to the descriptor (sim/hdf5_child.cpp). Throws: InputError.
void send_hdf5(const std::filesystem::path& path, int descriptor);

/// Records on the pipe. Each starts with its kind and a path; numbers are in the machine's own format.
enum class Hdf5Record : uint8_t { group = 1, dataset, attribute, failure, end };

}  // namespace concrete::sim::detail
