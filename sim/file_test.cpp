#include "sim/file.h"

#include <cstdlib>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>

#include "sim/error.h"

namespace concrete {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

size_t count_files(const fs::path& folder) {
    size_t count = 0;
    for ([[maybe_unused]] const auto& entry : fs::directory_iterator(folder)) ++count;
    return count;
}

template <typename Body>
std::string input_error(Body body) {
    try {
        body();
    } catch (const InputError& error) {
        return error.what();
    }
    return "no InputError";
}

TEST(File, ReadsBackWhatItWrote) {
    const TemporaryFolder folder;
    const std::string content("a\0b\r\n\xff", 6);
    write_file(folder.path() / "deep" / "er" / "x.bin", content);
    EXPECT_EQ(read_file(folder.path() / "deep" / "er" / "x.bin"), content);
}

TEST(File, RefusesWhatIsTooLargeAbsentOrAFolder) {
    const TemporaryFolder folder;
    const fs::path file = folder.path() / "x";
    write_file(file, std::string(100'000, 'x'));
    EXPECT_EQ(read_file(file, 100'000).size(), 100'000U);
    EXPECT_THAT(input_error([&] { read_file(file, 99'999); }), HasSubstr("larger than 99999 bytes"));
    EXPECT_THAT(input_error([&] { read_file(folder.path() / "none"); }), HasSubstr("none: cannot be opened: No such"));
    EXPECT_THAT(input_error([&] { read_file(folder.path()); }), HasSubstr("is a folder"));
}

TEST(AtomicFile, LeavesNothingWithoutCommit) {
    const TemporaryFolder folder;
    write_file(folder.path() / "x", "old");
    {
        const AtomicFile file(folder.path() / "x");
        EXPECT_EQ(count_files(folder.path()), 2U);
    }
    EXPECT_EQ(count_files(folder.path()), 1U);
    EXPECT_EQ(read_file(folder.path() / "x"), "old");
}

TEST(AtomicFile, RefusesMissingFoldersFoldersAndDevices) {
    const TemporaryFolder folder;
    EXPECT_THAT(input_error([&] { AtomicFile file(folder.path() / "no" / "x"); }), HasSubstr("cannot be written"));
    EXPECT_THAT(input_error([&] { AtomicFile file(folder.path()); }), HasSubstr("not a regular file"));
    EXPECT_THAT(input_error([&] { AtomicFile file("/dev/null"); }), HasSubstr("not a regular file"));
    EXPECT_THAT(input_error([&] { AtomicFile file(""); }), HasSubstr("does not name a file"));
}

TEST(AtomicFile, KeepsASymbolicLink) {
    const TemporaryFolder folder;
    write_file(folder.path() / "real", "old");
    fs::create_symlink(folder.path() / "real", folder.path() / "link");
    write_file(folder.path() / "link", "new");
    EXPECT_TRUE(fs::is_symlink(folder.path() / "link"));
    EXPECT_EQ(read_file(folder.path() / "real"), "new");
}

TEST(TemporaryFolder, DisappearsWithItsContent) {
    fs::path path;
    {
        const TemporaryFolder folder;
        path = folder.path();
        write_file(path / "a" / "b", "x");
        EXPECT_TRUE(fs::exists(path));
    }
    EXPECT_FALSE(fs::exists(path));
}

TEST(TemporaryFolder, NamesATemporaryFolderThatDoesNotExist) {
    const char* before = std::getenv("TMPDIR");
    const std::string kept = before == nullptr ? "" : before;
    ::setenv("TMPDIR", "/nonexistent", 1);
    const std::string message = input_error([] { const TemporaryFolder folder; });
    before == nullptr ? ::unsetenv("TMPDIR") : ::setenv("TMPDIR", kept.c_str(), 1);
    EXPECT_THAT(message, testing::AllOf(HasSubstr("/nonexistent: "), HasSubstr("set TMPDIR")));
}

TEST(CacheFolder, FollowsTheEnvironment) {
    const TemporaryFolder folder;
    ::setenv("CONCRETE_CACHE_DIR", (folder.path() / "mine").c_str(), 1);
    EXPECT_EQ(cache_folder(), folder.path() / "mine");
    EXPECT_TRUE(fs::is_directory(folder.path() / "mine"));
    ::unsetenv("CONCRETE_CACHE_DIR");
    ::setenv("XDG_CACHE_HOME", folder.path().c_str(), 1);
    EXPECT_EQ(cache_folder(), folder.path() / "concrete");
    ::unsetenv("XDG_CACHE_HOME");
    const fs::path before = fs::current_path();
    fs::current_path(folder.path());
    ::setenv("CONCRETE_CACHE_DIR", "relative", 1);
    EXPECT_TRUE(cache_folder().is_absolute());
    EXPECT_TRUE(fs::is_directory(folder.path() / "relative"));
    ::unsetenv("CONCRETE_CACHE_DIR");
    fs::current_path(before);
}

}  // namespace
}  // namespace concrete
