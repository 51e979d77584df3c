#include "sim/dataset.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <memory>
#include <system_error>
#include <zlib.h>

#include "sim/error.h"
#include "sim/path.h"

namespace concrete::sim {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kMaxSide = 16384;      // of a picture, in pixels; with 2^32 pictures the product still fits 64 bits
constexpr uint64_t kMaxInflation = 1032;  // deflate's largest ratio (zlib's "algorithm.txt"): 258 bytes from 2 bits
constexpr size_t kCifarChannels = 3, kCifarSide = 32;
constexpr size_t kCifarPixels = kCifarChannels * kCifarSide * kCifarSide;
constexpr size_t kCifarRecord = 1 + kCifarPixels;
constexpr size_t kCifarRecordsPerFile = 10000;
constexpr unsigned kCifarClasses = 10;

[[noreturn]] void fail(const fs::path& path, const std::string& message) {
    throw InputError(path.string() + ": " + message);
}

// One file, plain or gzip: zlib tells them apart by the first two bytes.
class ByteStream {
  public:
    explicit ByteStream(fs::path path) : path_(std::move(path)), file_(gzopen(path_.c_str(), "rb"), &gzclose_r) {
        std::error_code error;
        file_bytes_ = fs::file_size(path_, error);
        if (error || !file_) fail(path_, "cannot be read" + (error ? ": " + error.message() : std::string()));
        gzbuffer(file_.get(), 1 << 17);
        is_plain_ = gzdirect(file_.get()) == 1;
    }

    // Fails unless `total` bytes, those already read included, can be in the file: the check that comes before memory
    // is taken.
    void require_total(uint64_t total, const std::string& what) const {
        const bool possible = is_plain_ ? total <= file_bytes_ : total / kMaxInflation <= file_bytes_;
        if (!possible)
            fail(path_, fmt::format("truncated: {} need {} bytes, the file has {}", what, total, file_bytes_));
    }

    // Reads up to `count` bytes; fewer only at the end.
    size_t read_some(uint8_t* out, size_t count) {
        size_t done = 0;
        while (done < count) {
            const auto chunk = static_cast<unsigned>(std::min<size_t>(count - done, 1u << 30));
            const int got = gzread(file_.get(), out + done, chunk);
            int code = Z_OK;
            const char* reason = gzerror(file_.get(), &code);
            if (got < 0 || code == Z_BUF_ERROR)
                fail(path_, fmt::format("damaged or truncated gzip stream ({})", reason));
            if (got == 0) break;
            done += static_cast<size_t>(got);
        }
        return done;
    }

    void read(uint8_t* out, size_t count, const std::string& what) {
        const size_t got = read_some(out, count);
        if (got < count) fail(path_, fmt::format("truncated: {} need {} bytes, {} are there", what, count, got));
    }

    void skip(uint64_t count, const std::string& what) {
        std::array<uint8_t, 1 << 16> sink;
        for (; count > 0; count -= std::min<uint64_t>(count, sink.size()))
            read(sink.data(), static_cast<size_t>(std::min<uint64_t>(count, sink.size())), what);
    }

    void require_end(const std::string& what) {
        uint8_t byte = 0;
        if (read_some(&byte, 1) != 0) fail(path_, "trailing bytes after " + what);
    }

    uint32_t read_big_endian(const std::string& what) {
        std::array<uint8_t, 4> b;
        read(b.data(), b.size(), what);
        return uint32_t{b[0]} << 24 | uint32_t{b[1]} << 16 | uint32_t{b[2]} << 8 | uint32_t{b[3]};
    }

    const fs::path& path() const { return path_; }

  private:
    fs::path path_;
    std::unique_ptr<gzFile_s, int (*)(gzFile)> file_;
    uint64_t file_bytes_ = 0;
    bool is_plain_ = true;
};

// NAME or NAME.gz in dir.
fs::path find_data_file(const fs::path& dir, const std::string& name) {
    std::error_code ignored;
    for (const auto& candidate : {dir / name, dir / (name + ".gz")})
        if (fs::is_regular_file(candidate, ignored)) return candidate;
    std::string hint;
    if (dir.filename() == "fashion-mnist") hint = "; Fashion-MNIST is Debian's package dataset-fashion-mnist";
    fail(dir,
         fmt::format("{} {} nor {}.gz{}", fs::is_directory(dir, ignored) ? "has neither" : "no such folder, expected",
                     name, name, hint));
}

struct IdxFile {
    uint64_t count = 0;    // in the file
    Tensor<uint8_t> kept;  // the first of them; pictures get a channel axis
};

// Keeps the first `limit` elements (0: all) of an IDX file of unsigned bytes, its header being `rank` counts after the
// magic number 0x0000080R, R the rank. The rest is read too, so that a damaged file never passes.
IdxFile load_idx(const fs::path& path, uint32_t rank, size_t limit) {
    ByteStream stream(path);
    const uint32_t magic = stream.read_big_endian("the magic number"), expected = 0x0800 + rank;
    if (magic != expected) fail(path, fmt::format("magic number {:#010x}, expected {:#010x}", magic, expected));

    std::vector<uint64_t> counts;
    for (uint32_t i = 0; i < rank; ++i) counts.push_back(stream.read_big_endian("the counts"));
    if (counts[0] == 0) fail(path, "holds nothing: the count is 0");
    uint64_t element_bytes = 1;
    for (uint32_t i = 1; i < rank; ++i) {
        if (counts[i] < 1 || counts[i] > kMaxSide)
            fail(path,
                 fmt::format("{} {} of a picture, expected 1 to {}", counts[i], i == 1 ? "rows" : "columns", kMaxSide));
        element_bytes *= counts[i];
    }
    const std::string what = fmt::format("{} {}", counts[0], rank == 1 ? "labels" : "pictures");
    stream.require_total(counts[0] * element_bytes + uint64_t{4} * (rank + 1), what);

    const size_t kept = static_cast<size_t>(limit == 0 ? counts[0] : std::min<uint64_t>(limit, counts[0]));
    Shape shape{kept};
    if (rank == 3) shape = {kept, 1, static_cast<size_t>(counts[1]), static_cast<size_t>(counts[2])};
    Tensor<uint8_t> result(shape);
    stream.read(result.data.data(), result.size(), what);
    stream.skip((counts[0] - kept) * element_bytes, what);
    stream.require_end(what);
    return {counts[0], std::move(result)};
}

Dataset load_idx_pair(const DatasetConfig& config, size_t limit) {
    const std::string stem = config.split == Split::train ? "train" : "t10k";
    const fs::path pictures = find_data_file(config.dir, stem + "-images-idx3-ubyte");
    const fs::path labels = find_data_file(config.dir, stem + "-labels-idx1-ubyte");
    IdxFile pixels = load_idx(pictures, 3, limit), classes = load_idx(labels, 1, limit);
    if (pixels.count != classes.count)
        fail(labels, fmt::format("{} labels, but {} has {} pictures", classes.count, pictures.string(), pixels.count));
    return {std::move(pixels.kept), std::move(classes.kept.data)};
}

// Appends the records of one CIFAR-10 file until `data` has `limit` pictures (0: no limit); checks the rest.
void append_cifar(const fs::path& path, size_t limit, Dataset& data) {
    ByteStream stream(path);
    std::array<uint8_t, kCifarRecord> record;
    size_t count = 0;
    for (; const size_t got = stream.read_some(record.data(), record.size()); ++count) {
        if (got < record.size())
            fail(path, fmt::format("truncated or trailing bytes: record {} has {} bytes, expected {}", count, got,
                                   kCifarRecord));
        if (count == kCifarRecordsPerFile) fail(path, fmt::format("trailing bytes after {} records", count));
        if (record[0] >= kCifarClasses)
            fail(path, fmt::format("record {} has label {}, expected 0 to {}", count, record[0], kCifarClasses - 1));
        if (limit != 0 && data.labels.size() == limit) continue;
        data.labels.push_back(record[0]);
        data.pixels.data.insert(data.pixels.data.end(), record.begin() + 1, record.end());
    }
    if (count == 0) fail(path, fmt::format("empty, expected records of {} bytes", kCifarRecord));
}

Dataset load_cifar(const DatasetConfig& config, size_t limit) {
    std::vector<fs::path> paths;
    if (config.split == Split::test) {
        paths.push_back(find_data_file(config.dir, "test_batch.bin"));
    } else {
        for (int i = 1; i <= 5; ++i) paths.push_back(find_data_file(config.dir, fmt::format("data_batch_{}.bin", i)));
    }
    Dataset data;
    for (const fs::path& path : paths)
        if (limit == 0 || data.labels.size() < limit) append_cifar(path, limit, data);
    data.pixels.shape = {data.labels.size(), kCifarChannels, kCifarSide, kCifarSide};
    return data;
}

}  // namespace

DatasetConfig read_dataset_config(const YamlNode& node, const fs::path& config_folder) {
    YamlMap map(node);
    DatasetConfig config;
    config.kind = map.choice<DatasetKind>("kind", {{"idx", DatasetKind::idx}, {"cifar", DatasetKind::cifar}});
    config.dir = resolve_path(map.text("dir"), config_folder);
    config.split = map.choice<Split>("split", {{"train", Split::train}, {"test", Split::test}}, Split::test);
    map.finish();
    return config;
}

Dataset load_dataset(const DatasetConfig& config, size_t limit) {
    return config.kind == DatasetKind::idx ? load_idx_pair(config, limit) : load_cifar(config, limit);
}

Dataset subset(const Dataset& data, std::span<const size_t> images) {
    Dataset result;
    result.pixels.shape = data.pixels.shape;
    result.pixels.shape.at(0) = images.size();
    const size_t size = data.size() == 0 ? 0 : data.pixels.size() / data.size();
    result.pixels.data.reserve(images.size() * size);
    for (const size_t image : images) {
        if (image >= data.size())
            throw RangeError(fmt::format("subset: picture {} asked for, there are {}", image, data.size()));
        const auto begin = data.pixels.data.begin() + static_cast<std::ptrdiff_t>(image * size);
        result.pixels.data.insert(result.pixels.data.end(), begin, begin + static_cast<std::ptrdiff_t>(size));
        result.labels.push_back(data.labels[image]);
    }
    return result;
}

Tensor<float> normalize(const Dataset& data, size_t first, size_t count, const std::vector<float>& mean,
                        const std::vector<float>& std_dev) {
    const size_t channels = data.pixels.shape.at(1);
    if (mean.size() != channels || std_dev.size() != channels)
        throw ShapeError(fmt::format("normalize: pictures have {} channels, but mean has {} and std {} values",
                                     channels, mean.size(), std_dev.size()));
    if (first > data.size() || count > data.size() - first)
        throw RangeError(
            fmt::format("normalize: pictures {} to {} asked for, there are {}", first, first + count, data.size()));

    Shape shape = data.pixels.shape;
    shape[0] = count;
    Tensor<float> result(shape);
    const size_t plane = shape[2] * shape[3];
    for (size_t c = 0; c < channels; ++c) {
        std::array<float, 256> value;  // a picture has only so many
        for (size_t pixel = 0; pixel < value.size(); ++pixel)
            value[pixel] = (static_cast<float>(pixel) / 255.0f - mean[c]) / std_dev[c];
        for (size_t n = 0; n < count; ++n) {
            const uint8_t* in = data.pixels.data.data() + ((first + n) * channels + c) * plane;
            std::transform(in, in + plane, result.data.data() + (n * channels + c) * plane,
                           [&](uint8_t pixel) { return value[pixel]; });
        }
    }
    return result;
}

}  // namespace concrete::sim
