#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace concrete {

/// Reads a whole file. Throws: InputError if it cannot be opened or is larger than max_bytes.
std::string read_file(const std::filesystem::path& path, uint64_t max_bytes = uint64_t{1} << 30);

/// A file that appears whole or not at all: written under a temporary name in the same folder, renamed by commit(),
/// removed by the destructor when commit() was not reached. Throws: InputError where the folder is not writable.
class AtomicFile {
  public:
    explicit AtomicFile(std::filesystem::path target);
    ~AtomicFile();
    AtomicFile(const AtomicFile&) = delete;
    AtomicFile& operator=(const AtomicFile&) = delete;

    const std::filesystem::path& temporary() const { return temporary_; }
    void commit();

  private:
    std::filesystem::path target_, temporary_;
    bool committed_ = false;
};

/// Writes text or bytes through an AtomicFile; missing parent folders are made.
void write_file(const std::filesystem::path& path, std::string_view content);

/// A folder of its own under the system's temporary folder, removed with everything in it by the destructor.
class TemporaryFolder {
  public:
    TemporaryFolder();
    ~TemporaryFolder();
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;

    const std::filesystem::path& path() const { return path_; }

  private:
    std::filesystem::path path_;
};

/// Where results that can be made again are kept: $CONCRETE_CACHE_DIR, else $XDG_CACHE_HOME/concrete, else
/// ~/.cache/concrete. The folder is made.
std::filesystem::path cache_folder();

}  // namespace concrete
