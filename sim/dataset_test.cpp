#include "sim/dataset.h"

#include <cstdlib>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <numeric>
#include <random>
#include <zlib.h>

#include "sim/error.h"
#include "sim/file.h"

namespace concrete::sim {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

std::string big_endian(uint32_t value) {
    std::string bytes;
    for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(value >> shift & 0xff));
    return bytes;
}

std::string idx(uint32_t magic, const std::vector<uint32_t>& counts, const std::string& body) {
    std::string bytes = big_endian(magic);
    for (const uint32_t count : counts) bytes += big_endian(count);
    return bytes + body;
}

// Bytes 0, 7, 14, ... modulo 256: no two neighbours are equal.
std::string ramp(size_t count) {
    std::string bytes;
    for (size_t i = 0; i < count; ++i) bytes.push_back(static_cast<char>(i * 7 & 0xff));
    return bytes;
}

void write_gz(const fs::path& path, const std::string& content) {
    const gzFile file = gzopen(path.c_str(), "wb");
    ASSERT_NE(file, nullptr);
    ASSERT_EQ(gzwrite(file, content.data(), static_cast<unsigned>(content.size())), static_cast<int>(content.size()));
    ASSERT_EQ(gzclose(file), Z_OK);
}

const std::string kPictures = idx(0x803, {3, 2, 5}, ramp(30));
const std::string kLabels = idx(0x801, {3}, std::string("\x07\x00\xff", 3));

class DatasetTest : public testing::Test {
  protected:
    void write(const std::string& name, const std::string& content) { write_file(folder.path() / name, content); }

    void write_test_split(const std::string& pictures = kPictures, const std::string& labels = kLabels) {
        write("t10k-images-idx3-ubyte", pictures);
        write("t10k-labels-idx1-ubyte", labels);
    }

    // The message load_dataset() throws, which must name the folder.
    std::string error(DatasetKind kind = DatasetKind::idx, Split split = Split::test, size_t limit = 0) {
        try {
            load_dataset({kind, folder.path(), split}, limit);
        } catch (const InputError& e) {
            EXPECT_THAT(e.what(), HasSubstr(folder.path().string()));
            return e.what();
        }
        ADD_FAILURE() << "no InputError";
        return "";
    }

    TemporaryFolder folder;
};

TEST_F(DatasetTest, ReadsPlainIdx) {
    write_test_split();
    const Dataset data = load_dataset({DatasetKind::idx, folder.path(), Split::test});
    EXPECT_EQ(data.pixels.shape, (Shape{3, 1, 2, 5}));
    EXPECT_EQ(std::string(data.pixels.data.begin(), data.pixels.data.end()), ramp(30));
    EXPECT_EQ(data.labels, (std::vector<uint8_t>{7, 0, 255}));
}

TEST_F(DatasetTest, ReadsGzippedIdxAndItsFirstPictures) {
    write_gz(folder.path() / "train-images-idx3-ubyte.gz", kPictures);
    write_gz(folder.path() / "train-labels-idx1-ubyte.gz", kLabels);
    for (const size_t limit : {0, 1, 2, 3, 100}) {
        const Dataset data = load_dataset({DatasetKind::idx, folder.path(), Split::train}, limit);
        const size_t count = limit == 0 ? 3 : std::min<size_t>(limit, 3);
        EXPECT_EQ(data.size(), count);
        EXPECT_EQ(data.pixels.shape, (Shape{count, 1, 2, 5}));
        EXPECT_EQ(std::string(data.pixels.data.begin(), data.pixels.data.end()), ramp(10 * count));
    }
}

TEST_F(DatasetTest, MissingFilesAreNamedWithEveryCandidate) {
    EXPECT_THAT(error(), AllOf(HasSubstr("has neither t10k-images-idx3-ubyte nor t10k-images-idx3-ubyte.gz")));
    write("t10k-images-idx3-ubyte", kPictures);
    EXPECT_THAT(error(), HasSubstr("t10k-labels-idx1-ubyte.gz"));
    EXPECT_THAT(error(DatasetKind::idx, Split::train), HasSubstr("train-images-idx3-ubyte"));
    EXPECT_THAT(error(DatasetKind::cifar), HasSubstr("test_batch.bin.gz"));
    EXPECT_THAT(error(DatasetKind::cifar, Split::train), HasSubstr("data_batch_1.bin"));
}

TEST(Dataset, MissingFolderIsSaidWithTheDebianPackage) {
    try {
        load_dataset({DatasetKind::idx, "/no/such/fashion-mnist", Split::test});
        FAIL();
    } catch (const InputError& e) {
        EXPECT_THAT(e.what(),
                    AllOf(HasSubstr("/no/such/fashion-mnist: no such folder"), HasSubstr("dataset-fashion-mnist")));
    }
}

// Every shorter file, plain and gzipped, and one byte more.
TEST_F(DatasetTest, TruncatedAndTrailingBytesAreErrorsAtEveryLength) {
    for (size_t length = 0; length < kPictures.size(); ++length) {
        write_test_split(kPictures.substr(0, length));
        EXPECT_THAT(error(), HasSubstr("truncated")) << length;
        EXPECT_THAT(error(DatasetKind::idx, Split::test, 1), HasSubstr("truncated")) << length;
    }
    write_test_split(kPictures + "x");
    EXPECT_THAT(error(), HasSubstr("trailing bytes after 3 pictures"));
    EXPECT_THAT(error(DatasetKind::idx, Split::test, 1), HasSubstr("trailing bytes"));
    write_test_split(kPictures, kLabels + "x");
    EXPECT_THAT(error(), HasSubstr("trailing bytes after 3 labels"));
    write_test_split(kPictures, kLabels.substr(0, 10));
    EXPECT_THAT(error(), HasSubstr("truncated"));
}

TEST_F(DatasetTest, DamagedGzipIsAnError) {
    const fs::path pictures = folder.path() / "t10k-images-idx3-ubyte.gz";
    write("t10k-labels-idx1-ubyte", kLabels);
    write_gz(pictures, kPictures);
    const std::string whole = read_file(pictures);
    for (size_t length = 0; length < whole.size(); ++length) {
        write("t10k-images-idx3-ubyte.gz", whole.substr(0, length));
        EXPECT_THAT(error(), testing::ContainsRegex("truncated|magic")) << length;
    }
    std::string flipped = whole;
    flipped[flipped.size() - 6] ^= 1;  // in the check sum
    write("t10k-images-idx3-ubyte.gz", flipped);
    EXPECT_THAT(error(), HasSubstr("damaged"));
    write_gz(pictures, kPictures.substr(0, 40));
    EXPECT_THAT(error(), HasSubstr("truncated: 3 pictures need 30 bytes, 24 are there"));
}

TEST_F(DatasetTest, SizesAreCheckedBeforeMemoryIsTaken) {
    write_test_split(idx(0x803, {0xffffffff, 16384, 16384}, ""));
    EXPECT_THAT(error(), HasSubstr("truncated: 4294967295 pictures need"));
    fs::remove(folder.path() / "t10k-images-idx3-ubyte");
    write_gz(folder.path() / "t10k-images-idx3-ubyte.gz", idx(0x803, {0xffffffff, 16384, 16384}, ""));
    EXPECT_THAT(error(), HasSubstr("truncated: 4294967295 pictures need"));
    // A stream that inflates to far more than its header says ends with the first byte too many.
    write_gz(folder.path() / "t10k-images-idx3-ubyte.gz", kPictures + std::string(size_t{1} << 26, '\0'));
    EXPECT_THAT(error(), HasSubstr("trailing bytes"));
}

TEST_F(DatasetTest, WrongHeadersAreErrors) {
    write_test_split(idx(0x801, {3, 2, 5}, ramp(30)));
    EXPECT_THAT(error(), HasSubstr("magic number 0x00000801, expected 0x00000803"));
    write_test_split(idx(0xd03, {3, 2, 5}, ramp(30)));  // floats
    EXPECT_THAT(error(), HasSubstr("magic number"));
    write_test_split(kPictures, kPictures);
    EXPECT_THAT(error(), HasSubstr("magic number 0x00000803, expected 0x00000801"));
    write_test_split(idx(0x803, {0, 2, 5}, ""));
    EXPECT_THAT(error(), HasSubstr("count is 0"));
    write_test_split(idx(0x803, {3, 0, 5}, ""));
    EXPECT_THAT(error(), HasSubstr("0 rows of a picture, expected 1 to 16384"));
    write_test_split(idx(0x803, {3, 2, 16385}, ramp(30)));
    EXPECT_THAT(error(), HasSubstr("16385 columns"));
}

TEST_F(DatasetTest, CountsThatDisagreeAreAnErrorEvenBelowTheLimit) {
    write_test_split(kPictures, idx(0x801, {2}, "ab"));
    EXPECT_THAT(error(), AllOf(HasSubstr("2 labels"), HasSubstr("3 pictures")));
    EXPECT_THAT(error(DatasetKind::idx, Split::test, 1), AllOf(HasSubstr("2 labels"), HasSubstr("3 pictures")));
}

std::string cifar_record(char label) {
    return std::string(1, label) + ramp(3072);
}

TEST_F(DatasetTest, ReadsCifar) {
    write("test_batch.bin", cifar_record(9) + cifar_record(0));
    const Dataset test = load_dataset({DatasetKind::cifar, folder.path(), Split::test});
    EXPECT_EQ(test.pixels.shape, (Shape{2, 3, 32, 32}));
    EXPECT_EQ(test.labels, (std::vector<uint8_t>{9, 0}));
    EXPECT_EQ(std::string(test.pixels.data.begin(), test.pixels.data.end()), ramp(3072) + ramp(3072));

    for (char i = 1; i <= 4; ++i)
        write("data_batch_" + std::to_string(i) + ".bin", cifar_record(i) + cifar_record(static_cast<char>(i + 1)));
    write_gz(folder.path() / "data_batch_5.bin.gz", cifar_record(5) + cifar_record(6));
    const DatasetConfig train{DatasetKind::cifar, folder.path(), Split::train};
    EXPECT_EQ(load_dataset(train).labels, (std::vector<uint8_t>{1, 2, 2, 3, 3, 4, 4, 5, 5, 6}));
    EXPECT_EQ(load_dataset(train, 3).labels, (std::vector<uint8_t>{1, 2, 2}));
    EXPECT_EQ(load_dataset(train, 3).pixels.shape, (Shape{3, 3, 32, 32}));
}

TEST_F(DatasetTest, BadCifarFilesAreErrors) {
    const DatasetKind cifar = DatasetKind::cifar;
    write("test_batch.bin", "");
    EXPECT_THAT(error(cifar), HasSubstr("empty"));
    write("test_batch.bin", cifar_record(1) + cifar_record(2).substr(1));
    EXPECT_THAT(error(cifar), HasSubstr("record 1 has 3072 bytes, expected 3073"));
    EXPECT_THAT(error(cifar, Split::test, 1), HasSubstr("record 1 has 3072 bytes"));
    write("test_batch.bin", cifar_record(1) + "x");
    EXPECT_THAT(error(cifar), HasSubstr("record 1 has 1 bytes"));
    write("test_batch.bin", cifar_record(1) + cifar_record(10));
    EXPECT_THAT(error(cifar), HasSubstr("record 1 has label 10, expected 0 to 9"));
    fs::remove(folder.path() / "test_batch.bin");
    write_gz(folder.path() / "test_batch.bin.gz", std::string(size_t{3073} * 10001, '\0'));
    EXPECT_THAT(error(cifar), HasSubstr("trailing bytes after 10000 records"));
}

TEST(Dataset, NormalizeIsExactForEveryPixelAndChannel) {
    Dataset data;
    data.pixels = Tensor<uint8_t>({2, 2, 1, 256});
    for (size_t i = 0; i < data.pixels.size(); ++i) data.pixels.data[i] = static_cast<uint8_t>(i * 3);
    data.labels = {0, 1};
    const std::vector<float> mean{0.5f, 0.25f}, std_dev{0.5f, 2.0f};
    const Tensor<float> all = normalize(data, 0, 2, mean, std_dev);
    ASSERT_EQ(all.shape, data.pixels.shape);
    for (size_t i = 0; i < all.size(); ++i) {
        const size_t c = i / 256 % 2;
        EXPECT_EQ(all.data[i], (static_cast<float>(data.pixels.data[i]) / 255.0f - mean[c]) / std_dev[c]);
    }
    const Tensor<float> last = normalize(data, 1, 1, mean, std_dev);
    EXPECT_EQ(last.shape, (Shape{1, 2, 1, 256}));
    EXPECT_EQ(last.data, std::vector<float>(all.data.begin() + 512, all.data.end()));
}

TEST(Dataset, NormalizeRefusesWrongChannelsAndRanges) {
    Dataset data{Tensor<uint8_t>({2, 1, 2, 2}), {0, 1}};
    EXPECT_THROW(normalize(data, 0, 2, {0.f, 0.f, 0.f}, {1.f, 1.f, 1.f}), ShapeError);
    EXPECT_THROW(normalize(data, 0, 2, {0.f}, {}), ShapeError);
    EXPECT_THROW(normalize(data, 0, 3, {0.f}, {1.f}), RangeError);
    EXPECT_THROW(normalize(data, 3, 0, {0.f}, {1.f}), RangeError);
}

TEST(Dataset, SubsetsKeepTheOrderAskedFor) {
    const Dataset data{Tensor<uint8_t>({3, 2, 1, 2}, {0, 1, 2, 3, 10, 11, 12, 13, 20, 21, 22, 23}), {7, 8, 9}};
    const Dataset some = subset(data, std::vector<size_t>{2, 0, 2});
    EXPECT_EQ(some.pixels, Tensor<uint8_t>({3, 2, 1, 2}, {20, 21, 22, 23, 0, 1, 2, 3, 20, 21, 22, 23}));
    EXPECT_EQ(some.labels, (std::vector<uint8_t>{9, 7, 9}));
    EXPECT_EQ(subset(data, std::vector<size_t>{}).pixels.shape, (Shape{0, 2, 1, 2}));
    EXPECT_THROW(subset(data, std::vector<size_t>{0, 3}), RangeError);
}

TEST_F(DatasetTest, ConfigurationIsStrict) {
    write("data/x", "");
    const DatasetConfig config = read_dataset_config(parse_yaml("{kind: cifar, dir: data}", "a.yaml"), folder.path());
    EXPECT_EQ(config.kind, DatasetKind::cifar);
    EXPECT_EQ(config.dir, folder.path() / "data");
    EXPECT_EQ(config.split, Split::test);
    const auto read_error = [&](const std::string& text) -> std::string {
        try {
            read_dataset_config(parse_yaml(text, "a.yaml"), folder.path());
        } catch (const InputError& e) {
            return e.what();
        }
        return "no error";
    };
    EXPECT_THAT(read_error("{kind: idx, dir: d, splt: test}"), AllOf(HasSubstr("a.yaml:1:"), HasSubstr("split")));
    EXPECT_THAT(read_error("{kind: png, dir: d}"), AllOf(HasSubstr("a.yaml:1:"), HasSubstr("png")));
    EXPECT_THAT(read_error("{kind: idx}"), HasSubstr("dir"));
    EXPECT_THAT(read_error("{dir: d}"), HasSubstr("kind"));
}

// The real files, where they are installed.
TEST(Dataset, FashionMnistOfDebianReads) {
    const fs::path dir = "/usr/share/datasets/fashion-mnist";
    if (!fs::exists(dir)) GTEST_SKIP() << "package dataset-fashion-mnist is not installed";
    const Dataset data = load_dataset({DatasetKind::idx, dir, Split::test});
    EXPECT_EQ(data.pixels.shape, (Shape{10000, 1, 28, 28}));
    EXPECT_EQ(data.labels.front(), 9);  // the first test picture is an ankle boot
    EXPECT_EQ(*std::max_element(data.labels.begin(), data.labels.end()), 9);
}

}  // namespace
}  // namespace concrete::sim
