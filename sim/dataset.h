#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "sim/tensor.h"
#include "sim/yaml.h"

namespace concrete::sim {

enum class DatasetKind { idx, cifar };
enum class Split { train, test };

/// Where pictures come from.
///
///     data: {kind: idx, dir: /usr/share/datasets/fashion-mnist, split: test}
struct DatasetConfig {
    DatasetKind kind = DatasetKind::idx;
    std::filesystem::path dir;
    Split split = Split::test;
};

/// Labelled pictures. pixels: [n, c, h, w], 0 to 255; labels: [n].
struct Dataset {
    Tensor<uint8_t> pixels;
    std::vector<uint8_t> labels;

    size_t size() const { return labels.size(); }
};

/// Reads `kind`, `dir` (resolve_path() of sim/path.h), `split` (test unless given). Throws: InputError.
DatasetConfig read_dataset_config(const YamlNode& node, const std::filesystem::path& config_folder);

/// Reads the first `limit` pictures (0: all). IDX: the four standard file names of MNIST (train-images-idx3-ubyte,
/// t10k-...), plain or .gz (LeCun, http://yann.lecun.com/exdb/mnist). CIFAR: "binary version" records of CIFAR-10
/// (data_batch_1..5.bin, test_batch.bin; Krizhevsky 2009), plain or .gz.
/// Files are read to their end even where `limit` asks for less, so that a damaged one never passes; sizes are checked
/// before memory is taken.
/// Throws: InputError naming the file for missing or truncated files, trailing bytes, wrong magic numbers, counts of
/// pictures and labels that disagree, more than 10,000 records in a CIFAR file, and CIFAR labels above 9.
Dataset load_dataset(const DatasetConfig& config, size_t limit = 0);

/// The pictures of these numbers, in this order. Throws: RangeError for a number that is not below data.size().
Dataset subset(const Dataset& data, std::span<const size_t> images);

/// Pictures first .. first + count - 1 as real values (pixel / 255 - mean[c]) / std[c] in fp32, [count, c, h, w].
/// Throws: ShapeError if mean or std has not one value a channel; RangeError if there are not so many pictures.
Tensor<float> normalize(const Dataset& data, size_t first, size_t count, const std::vector<float>& mean,
                        const std::vector<float>& std_dev);

}  // namespace concrete::sim
