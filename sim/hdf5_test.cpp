#include "sim/hdf5.h"

#include <cmath>
#include <functional>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hdf5.h>
#include <limits>
#include <random>
#include <unistd.h>

#include "sim/error.h"
#include "sim/file.h"
#include "sim/hdf5_handle.h"

namespace concrete::sim {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

std::string input_error(const std::function<void()>& body) {
    try {
        body();
    } catch (const InputError& error) {
        return error.what();
    }
    return "no InputError";
}

const std::vector<int32_t> kInts = {std::numeric_limits<int32_t>::min(), -1, 0, 1, 2,
                                    std::numeric_limits<int32_t>::max()};
const std::vector<int64_t> kLongs = {std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max()};
const std::vector<float> kFloats = {-0.0F, 1.5F, std::numeric_limits<float>::denorm_min()};

void write_sample(const fs::path& path) {
    Hdf5Writer writer(path);
    writer.attribute("/", "format", "sample");
    writer.attribute("/", "version", int64_t{-7});
    writer.write("ints", {2, 3}, kInts.data());
    writer.write("/deep/er/longs", {2}, kLongs.data());
    writer.write("/deep/floats", {3, 1}, kFloats.data());
    writer.write_text("/deep/text", "line 1\nzeile 2 \xc3\xbc\n");
    writer.write_text("/empty_text", "");
    writer.attribute("/deep/text", "path", "");
    writer.group("/metrics");
    writer.attribute("/metrics", "mae", 0.1);
    std::vector<int32_t> big(300'000);
    std::mt19937 random(1);
    for (int32_t& v : big) v = static_cast<int32_t>(random() % 1000) - 500;
    writer.write("/big", {3, 1000, 100}, big.data());
    writer.commit();
}

/// Writes what Hdf5Writer cannot, with the C API.
void write_raw(const fs::path& path, const std::function<void(hid_t)>& body) {
    const std::lock_guard lock(detail::hdf5_mutex());
    const detail::Hdf5Handle file(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT), H5Fclose);
    ASSERT_TRUE(file);
    body(file);
}

void raw_dataset(hid_t file, const char* name, hid_t type, const std::vector<hsize_t>& extents, const void* values,
                 hid_t creation = H5P_DEFAULT) {
    const detail::Hdf5Handle space(H5Screate_simple(static_cast<int>(extents.size()), extents.data(), nullptr),
                                   H5Sclose);
    const detail::Hdf5Handle data(H5Dcreate2(file, name, type, space, H5P_DEFAULT, creation, H5P_DEFAULT), H5Dclose);
    ASSERT_TRUE(data);
    if (values != nullptr) {
        ASSERT_GE(H5Dwrite(data, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values), 0);
    }
}

class Hdf5 : public testing::Test {
  protected:
    fs::path file(const std::string& name = "x.h5") const { return folder_.path() / name; }

  private:
    TemporaryFolder folder_;
};

TEST_F(Hdf5, ReadsBackWhatItWrote) {
    write_sample(file());
    const Hdf5Reader reader(file());
    EXPECT_EQ(reader.integers32("ints"), (Tensor<int32_t>{{2, 3}, kInts}));
    EXPECT_EQ(reader.integers64("/ints").data, std::vector<int64_t>(kInts.begin(), kInts.end()));
    EXPECT_EQ(reader.integers64("/deep/er/longs"), (Tensor<int64_t>{{2}, kLongs}));
    EXPECT_EQ(reader.floats("deep/floats"), (Tensor<float>{{3, 1}, kFloats}));
    EXPECT_TRUE(std::signbit(reader.floats("deep/floats").data[0]));
    EXPECT_EQ(reader.text("/deep/text"), "line 1\nzeile 2 \xc3\xbc\n");
    EXPECT_EQ(reader.text("/empty_text"), "");
    EXPECT_EQ(reader.text_attribute("/deep/text", "path"), "");
    EXPECT_EQ(reader.text_attribute("/", "format"), "sample");
    EXPECT_EQ(reader.integer_attribute("/", "version"), -7);
    EXPECT_EQ(reader.number_attribute("/metrics", "mae"), 0.1);
    EXPECT_EQ(reader.integers32("/big").shape, (Shape{3, 1000, 100}));
    EXPECT_THAT(reader.members("/"), ElementsAre("big", "deep", "empty_text", "ints", "metrics"));
    EXPECT_THAT(reader.members("/deep"), ElementsAre("er", "floats", "text"));
    EXPECT_TRUE(reader.has("/deep/er"));
    EXPECT_FALSE(reader.has("/deep/e"));
    EXPECT_TRUE(reader.has_attribute("/", "format"));
    EXPECT_FALSE(reader.has_attribute("/deep", "format"));
}

TEST_F(Hdf5, LargeDataSetsAreCompressed) {
    write_sample(file());
    EXPECT_LT(fs::file_size(file()), 900'000U);  // 1.2 MB of values, two of every four bytes nearly constant
}

TEST_F(Hdf5, EqualContentsGiveEqualBytes) {
    write_sample(file("a.h5"));
    ::sleep(1);  // a time stamp would show
    write_sample(file("b.h5"));
    EXPECT_TRUE(read_file(file("a.h5")) == read_file(file("b.h5")));
}

TEST_F(Hdf5, AppearsAtCommitOnly) {
    {
        Hdf5Writer writer(file());
        writer.write("ints", {2, 3}, kInts.data());
    }
    EXPECT_TRUE(fs::is_empty(file().parent_path()));
}

TEST_F(Hdf5, RefusesATextWithNul) {
    Hdf5Writer writer(file());
    EXPECT_THAT(input_error([&] { writer.write_text("t", std::string_view("a\0b", 3)); }), HasSubstr("NUL byte"));
}

TEST_F(Hdf5, ErrorsNameFileAndItem) {
    write_sample(file());
    const Hdf5Reader reader(file());
    const std::string name = file().string();
    EXPECT_EQ(input_error([&] { reader.integers32("none"); }), name + ": /none: the data set is missing");
    EXPECT_EQ(input_error([&] { reader.integers32("deep"); }), name + ": /deep: is a group, expected a data set");
    EXPECT_EQ(input_error([&] { reader.integers32("deep/floats"); }),
              name + ": /deep/floats: holds floats [3, 1], expected integers");
    EXPECT_EQ(input_error([&] { reader.floats("ints"); }), name + ": /ints: holds integers [2, 3], expected floats");
    EXPECT_EQ(input_error([&] { reader.text("ints"); }), name + ": /ints: holds integers [2, 3], expected a string");
    EXPECT_EQ(input_error([&] { reader.integers64("ints", 5); }),
              name + ": /ints: has the shape [2, 3], expected at most 5 elements");
    EXPECT_EQ(input_error([&] { reader.integers32("/deep/er/longs"); }),
              name + ": /deep/er/longs: holds -9223372036854775808 at element 0, expected 32-bit signed integers");
    EXPECT_EQ(input_error([&] { reader.integer_attribute("/", "format"); }),
              name + ": /: the attribute 'format' holds a string, expected one integer");
    EXPECT_EQ(input_error([&] { reader.text_attribute("/", "none"); }), name + ": /: the attribute 'none' is missing");
    EXPECT_EQ(input_error([&] { reader.number_attribute("/x", "none"); }), name + ": /x: is missing");
    EXPECT_EQ(input_error([&] { reader.members("/ints"); }), name + ": /ints: is a data set, expected a group");
}

TEST_F(Hdf5, ReadsEveryIntegerAndFloatType) {
    write_raw(file(), [](hid_t f) {
        const std::vector<int8_t> i8 = {-128, 127};
        const std::vector<uint8_t> u8 = {0, 255};
        const std::vector<uint32_t> u32 = {0, 0xffffffff};
        const std::vector<uint64_t> fits = {0, 0x7fffffffffffffff}, beyond = {0, 0x8000000000000000};
        const std::vector<double> doubles = {0.1, -2};
        raw_dataset(f, "i8", H5T_NATIVE_INT8, {2}, i8.data());
        raw_dataset(f, "u8", H5T_NATIVE_UINT8, {2}, u8.data());
        raw_dataset(f, "u32", H5T_NATIVE_UINT32, {2}, u32.data());
        raw_dataset(f, "u64", H5T_NATIVE_UINT64, {2}, fits.data());
        raw_dataset(f, "beyond", H5T_NATIVE_UINT64, {2}, beyond.data());
        raw_dataset(f, "f64", H5T_NATIVE_DOUBLE, {2}, doubles.data());
        raw_dataset(f, "none", H5T_NATIVE_INT32, {0, 3}, nullptr);
    });
    const Hdf5Reader reader(file());
    EXPECT_THAT(reader.integers32("i8").data, ElementsAre(-128, 127));
    EXPECT_THAT(reader.integers32("u8").data, ElementsAre(0, 255));
    EXPECT_THAT(reader.integers64("u32").data, ElementsAre(0, 0xffffffff));
    EXPECT_THAT(input_error([&] { reader.integers32("u32"); }), HasSubstr("holds 4294967295 at element 1"));
    EXPECT_THAT(reader.integers64("u64").data, ElementsAre(0, std::numeric_limits<int64_t>::max()));
    EXPECT_THAT(input_error([&] { reader.integers64("beyond"); }), HasSubstr("unsigned integers beyond 2^63 - 1"));
    EXPECT_THAT(reader.floats("f64").data, ElementsAre(0.1F, -2.0F));
    EXPECT_EQ(reader.integers32("none").shape, (Shape{0, 3}));
}

TEST_F(Hdf5, ReadsVariableStringsAsPythonWritesThem) {
    write_raw(file(), [](hid_t f) {
        const detail::Hdf5Handle type(H5Tcopy(H5T_C_S1), H5Tclose);
        H5Tset_size(type, H5T_VARIABLE);
        H5Tset_cset(type, H5T_CSET_UTF8);
        const char* text = "variable";
        raw_dataset(f, "v", type, {1}, &text);
        const char* two[] = {"a", "b"};
        raw_dataset(f, "two", type, {2}, two);
    });
    const Hdf5Reader reader(file());
    EXPECT_EQ(reader.text("v"), "variable");
    EXPECT_THAT(input_error([&] { reader.text("two"); }), HasSubstr("/two: holds an array of strings"));
}

TEST_F(Hdf5, RefusesWhatReachesOtherFiles) {
    write_file(file("secret"), "12345678");
    write_raw(file("external.h5"), [&](hid_t f) {
        const detail::Hdf5Handle creation(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
        H5Pset_external(creation, file("secret").c_str(), 0, 8);
        raw_dataset(f, "x", H5T_NATIVE_INT64, {1}, nullptr, creation);
    });
    EXPECT_THAT(input_error([&] { Hdf5Reader(file("external.h5")).integers64("x"); }), HasSubstr("external storage"));
    write_raw(file("link.h5"), [](hid_t f) { H5Lcreate_external("other.h5", "/x", f, "x", H5P_DEFAULT, H5P_DEFAULT); });
    EXPECT_THAT(input_error([&] { Hdf5Reader reader(file("link.h5")); }), HasSubstr("/x: is a soft or external link"));
    write_raw(file("soft.h5"), [](hid_t f) { H5Lcreate_soft("/y", f, "x", H5P_DEFAULT, H5P_DEFAULT); });
    EXPECT_THAT(input_error([&] { Hdf5Reader reader(file("soft.h5")); }), HasSubstr("/x: is a soft or external link"));
}

TEST_F(Hdf5, SizesAreCheckedBeforeMemoryIsTaken) {
    write_raw(file(), [](hid_t f) {
        const detail::Hdf5Handle creation(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
        const hsize_t chunk = 1024;
        H5Pset_chunk(creation, 1, &chunk);
        raw_dataset(f, "never_written", H5T_NATIVE_INT32, {hsize_t{1} << 27}, nullptr, creation);
        raw_dataset(f, "huge", H5T_NATIVE_INT32, {hsize_t{1} << 40}, nullptr, creation);
        const hsize_t chunk2[] = {1, 1};
        H5Pset_chunk(creation, 2, chunk2);
        raw_dataset(f, "overflow", H5T_NATIVE_INT32, {hsize_t{1} << 32, hsize_t{1} << 32}, nullptr, creation);
    });
    const Hdf5Reader reader(file());
    EXPECT_THAT(input_error([&] { reader.integers32("never_written"); }),
                HasSubstr("of which only 0 were ever written"));
    EXPECT_THAT(input_error([&] { reader.integers32("huge"); }), HasSubstr("more than 268435456 elements"));
    EXPECT_THAT(input_error([&] { reader.integers32("overflow"); }), HasSubstr("more than 268435456 elements"));
}

TEST_F(Hdf5, RefusesWhatIsNoHdf5File) {
    EXPECT_EQ(input_error([&] { Hdf5Reader reader(file()); }), file().string() + ": no such file");
    EXPECT_THAT(input_error([&] { Hdf5Reader reader(file().parent_path()); }), HasSubstr("is a folder"));
    write_file(file(), "");
    EXPECT_THAT(input_error([&] { Hdf5Reader reader(file()); }), HasSubstr("not an HDF5 file"));
    write_file(file(), "format: 1\n");
    EXPECT_THAT(input_error([&] { Hdf5Reader reader(file()); }), HasSubstr("not an HDF5 file"));
    EXPECT_THAT(input_error([&] { Hdf5Reader reader("/dev/null"); }), HasSubstr("not a regular file"));
}

TEST_F(Hdf5, TruncatedFilesAreInputErrors) {
    write_sample(file("whole.h5"));
    const std::string bytes = read_file(file("whole.h5"));
    for (size_t length = 0; length < bytes.size(); length += bytes.size() / 40 + 1) {
        write_file(file(), std::string_view(bytes).substr(0, length));
        EXPECT_THAT(input_error([&] { Hdf5Reader reader(file()); }), HasSubstr("x.h5: ")) << "length " << length;
    }
}

TEST_F(Hdf5, CorruptedBytesNeverCrash) {
    write_sample(file("whole.h5"));
    const std::string bytes = read_file(file("whole.h5"));
    std::mt19937 random(20261122);
    int refused = 0;
    for (int trial = 0; trial < 200; ++trial) {
        std::string damaged = bytes;
        // The structure lies in the first and last kilobytes; the rest is compressed values.
        for (int i = 0; i < 4; ++i) damaged[random() % 8192] = static_cast<char>(random());
        write_file(file(), damaged);
        try {
            const Hdf5Reader reader(file());
        } catch (const InputError&) {
            ++refused;
        }
    }
    EXPECT_GT(refused, 20);
}

}  // namespace
}  // namespace concrete::sim
