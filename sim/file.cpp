#include "sim/file.h"

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <fstream>
#include <memory>
#include <system_error>
#include <unistd.h>

#include "sim/error.h"

namespace concrete {

namespace fs = std::filesystem;

namespace {

std::string reason() {
    return std::strerror(errno);
}

/// The file behind a symbolic link, so that replacing it keeps the link.
fs::path link_target(const fs::path& path) {
    std::error_code ignored;
    if (!fs::is_symlink(path, ignored)) return path;
    const fs::path resolved = fs::weakly_canonical(path, ignored);
    return resolved.empty() ? path : resolved;
}

}  // namespace

std::string read_file(const fs::path& path, uint64_t max_bytes) {
    std::error_code status_error;
    if (fs::is_directory(path, status_error)) {
        throw InputError(fmt::format("{}: is a folder, expected a file", path.string()));
    }
    struct Close {
        void operator()(std::FILE* file) const { std::fclose(file); }
    };
    const std::unique_ptr<std::FILE, Close> file(std::fopen(path.c_str(), "rbe"));
    if (!file) throw InputError(fmt::format("{}: cannot be opened: {}", path.string(), reason()));
    std::string content;
    std::array<char, 1 << 16> buffer;
    for (size_t got = 0; (got = std::fread(buffer.data(), 1, buffer.size(), file.get())) > 0;) {
        if (got > max_bytes - content.size()) {
            throw InputError(
                fmt::format("{}: is larger than {} bytes, the most that is read here", path.string(), max_bytes));
        }
        content.append(buffer.data(), got);
    }
    if (std::ferror(file.get()) != 0) {
        throw InputError(fmt::format("{}: cannot be read: {}", path.string(), reason()));
    }
    return content;
}

AtomicFile::AtomicFile(fs::path target) : target_(link_target(target)) {
    static std::atomic<unsigned> counter = 0;
    std::error_code ignored;
    // Renaming onto a device or a pipe would replace it.
    if (fs::exists(target_, ignored) && !fs::is_regular_file(target_, ignored)) {
        throw InputError(
            fmt::format("{}: exists and is not a regular file; name another file to write", target_.string()));
    }
    if (!target_.has_filename()) {
        throw InputError(fmt::format("'{}' does not name a file to write", target_.string()));
    }
    temporary_ = target_.parent_path() /
                 fmt::format(".{}.{}-{}.tmp", target_.filename().string(), ::getpid(), counter.fetch_add(1));
    const int descriptor = ::open(temporary_.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0666);
    if (descriptor < 0) {
        throw InputError(fmt::format("{}: cannot be written in this folder: {}", target_.string(), reason()));
    }
    ::close(descriptor);
}

AtomicFile::~AtomicFile() {
    std::error_code ignored;
    if (!committed_) fs::remove(temporary_, ignored);
}

void AtomicFile::commit() {
    std::error_code error;
    fs::rename(temporary_, target_, error);
    if (error) throw InputError(fmt::format("{}: cannot be written: {}", target_.string(), error.message()));
    committed_ = true;
}

void write_file(const fs::path& path, std::string_view content) {
    std::error_code ignored;
    if (path.has_parent_path()) fs::create_directories(path.parent_path(), ignored);
    AtomicFile file(path);
    std::ofstream stream(file.temporary(), std::ios::binary | std::ios::trunc);
    stream.write(content.data(), static_cast<std::streamsize>(content.size()));
    stream.close();
    if (!stream) throw InputError(fmt::format("{}: cannot be written: {}", path.string(), reason()));
    file.commit();
}

TemporaryFolder::TemporaryFolder() {
    std::error_code error;
    const fs::path parent = fs::temp_directory_path(error);
    if (error) {
        const char* named = std::getenv("TMPDIR");
        throw InputError(fmt::format("{}: is no folder for temporary files: {}; set TMPDIR to a writable folder",
                                     named == nullptr ? "/tmp" : named, error.message()));
    }
    std::string pattern = (parent / "concrete-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) {
        throw InputError(fmt::format("{}: cannot make a temporary folder: {}; set TMPDIR to a writable folder",
                                     parent.string(), reason()));
    }
    path_ = pattern;
}

TemporaryFolder::~TemporaryFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
}

fs::path cache_folder() {
    const auto variable = [](const char* name) {
        const char* value = std::getenv(name);
        return value == nullptr ? fs::path() : fs::path(value);
    };
    fs::path folder = variable("CONCRETE_CACHE_DIR");
    if (folder.empty() && !variable("XDG_CACHE_HOME").empty()) folder = variable("XDG_CACHE_HOME") / "concrete";
    if (folder.empty() && !variable("HOME").empty()) folder = variable("HOME") / ".cache" / "concrete";
    if (folder.empty()) {
        throw InputError("no cache folder: HOME is not set; set CONCRETE_CACHE_DIR to a writable folder");
    }
    std::error_code error;
    const fs::path absolute = fs::absolute(folder, error);  // tools run in folders of their own
    if (!error) {
        folder = absolute;
        fs::create_directories(folder, error);
    }
    if (error) {
        throw InputError(
            fmt::format("{}: the cache folder cannot be made: {}; set CONCRETE_CACHE_DIR to a writable folder",
                        folder.string(), error.message()));
    }
    return folder;
}

}  // namespace concrete
