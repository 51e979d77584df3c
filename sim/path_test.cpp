#include "sim/path.h"

#include <gtest/gtest.h>

#include "sim/file.h"

namespace concrete::sim {
namespace {

namespace fs = std::filesystem;

// The working folder for the length of one test.
class WorkingFolder {
  public:
    explicit WorkingFolder(const fs::path& folder) : before_(fs::current_path()) { fs::current_path(folder); }
    ~WorkingFolder() { fs::current_path(before_); }
    WorkingFolder(const WorkingFolder&) = delete;
    WorkingFolder& operator=(const WorkingFolder&) = delete;

  private:
    fs::path before_;
};

TEST(Path, AbsolutePathsStay) {
    EXPECT_EQ(resolve_path("/no/such/file", "/configs"), "/no/such/file");
}

TEST(Path, TheConfigurationsFolderComesFirstThenTheWorkingFolder) {
    TemporaryFolder folder;
    write_file(folder.path() / "configs" / "both", "1");
    write_file(folder.path() / "work" / "both", "2");
    write_file(folder.path() / "work" / "only", "3");
    const WorkingFolder here(folder.path() / "work");
    const fs::path configs = folder.path() / "configs";
    EXPECT_EQ(resolve_path("both", configs), configs / "both");
    EXPECT_EQ(resolve_path("../configs/both", configs), configs / "both");
    EXPECT_EQ(resolve_path("only", configs), folder.path() / "work" / "only");
}

TEST(Path, FoldersAboveTheConfigurationAreSearched) {
    TemporaryFolder folder;
    write_file(folder.path() / "nets" / "a.yaml", "1");
    EXPECT_EQ(resolve_path("nets/a.yaml", folder.path() / "configs" / "paper"), folder.path() / "nets" / "a.yaml");
}

TEST(Path, WhatExistsNowhereIsNamedBesideTheConfiguration) {
    TemporaryFolder folder;
    EXPECT_EQ(resolve_path("nets/missing.yaml", folder.path()), folder.path() / "nets" / "missing.yaml");
}

}  // namespace
}  // namespace concrete::sim
