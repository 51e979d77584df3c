#pragma once

#include <cstdint>
#include <filesystem>
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

/// Reads `kind`, `dir`, `split`. A relative dir is taken from the folder of the configuration file, then from the
/// working folder. Throws: InputError.
DatasetConfig read_dataset_config(const YamlNode& node, const std::filesystem::path& config_folder);

/// Reads the first `limit` pictures (0: all). IDX: the four standard file names of MNIST (train-images-idx3-ubyte,
/// t10k-...), plain or .gz (LeCun, http://yann.lecun.com/exdb/mnist). CIFAR: "binary version" records of CIFAR-10
/// (data_batch_1..5.bin, test_batch.bin; Krizhevsky 2009), plain or .gz.
/// Throws: InputError naming the file for missing or truncated files, trailing bytes, wrong magic numbers, and counts
/// of pictures and labels that disagree.
Dataset load_dataset(const DatasetConfig& config, size_t limit = 0);

/// Pictures first .. first + count - 1 as real values (pixel / 255 - mean[c]) / std[c], [count, c, h, w].
Tensor<float> normalize(const Dataset& data, size_t first, size_t count, const std::vector<float>& mean,
                        const std::vector<float>& std_dev);

}  // namespace concrete::sim
