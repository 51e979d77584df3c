// The parent's half of reading an HDF5 file: starts the child, and takes what it sends with every size checked.
#include "sim/hdf5_snapshot.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <fstream>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/error.h"
#include "sim/hdf5_handle.h"

namespace concrete::sim::detail {

namespace {

constexpr unsigned kMaxSeconds = 60;
constexpr uint64_t kMaxChildBytes = kMaxSnapshotBytes + (uint64_t{1} << 30);
constexpr uint64_t kMaxNameBytes = 1 << 16;
constexpr uint64_t kMaxRank = 32;
constexpr int kPipeBytes = 1 << 20;

struct BrokenPipe {};

/// Reads records; the child may have lost its mind, so nothing it says is believed.
class Receiver {
  public:
    explicit Receiver(int descriptor) : descriptor_(descriptor) {}
    ~Receiver() { ::close(descriptor_); }
    Receiver(const Receiver&) = delete;
    Receiver& operator=(const Receiver&) = delete;

    template <typename T>
    T number() {
        T value;
        bytes(&value, sizeof value);
        return value;
    }
    std::string text(uint64_t max_bytes) {
        std::string result(length(max_bytes, 1), '\0');
        bytes(result.data(), result.size());
        return result;
    }
    Hdf5Value value() {
        Hdf5Value v;
        v.kind = number<Hdf5Value::Kind>();
        const auto rank = number<uint64_t>();
        if (v.kind > Hdf5Value::Kind::other || rank > kMaxRank) throw BrokenPipe();
        for (uint64_t i = 0; i < rank; ++i) v.shape.push_back(number<uint64_t>());
        v.integers32 = list<int32_t>();
        v.integers64 = list<int64_t>();
        v.floats32 = list<float>();
        v.floats64 = list<double>();
        v.text = text(kMaxTextBytes);
        const size_t count = v.integers32.size() + v.integers64.size() + v.floats32.size() + v.floats64.size();
        const bool is_list = v.kind < Hdf5Value::Kind::text;
        if (is_list && count != element_count(v.shape)) throw BrokenPipe();
        return v;
    }

  private:
    uint64_t length(uint64_t most, uint64_t element_bytes) {
        const auto count = number<uint64_t>();
        if (count > most || count * element_bytes > kMaxSnapshotBytes - taken_) throw BrokenPipe();
        taken_ += count * element_bytes;
        return count;
    }
    template <typename T>
    std::vector<T> list() {
        std::vector<T> values(length(kMaxElements, sizeof(T)));
        bytes(values.data(), values.size() * sizeof(T));
        return values;
    }
    void bytes(void* data, size_t size) {
        char* next = static_cast<char*>(data);
        while (size > 0) {
            const ssize_t got = ::read(descriptor_, next, size);
            if (got < 0 && errno == EINTR) continue;
            if (got <= 0) throw BrokenPipe();
            next += got;
            size -= static_cast<size_t>(got);
        }
    }

    int descriptor_;
    uint64_t taken_ = 0;
};

uint64_t virtual_memory_bytes() {
    uint64_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    return pages * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
}

/// What the child does; only HDF5 and system calls, since other threads of the parent may have held locks at the fork.
[[noreturn]] void child(const std::filesystem::path& path, int descriptor, uint64_t memory_bytes) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (const int number : {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGALRM, SIGXCPU, SIGPIPE, SIGTERM, SIGINT}) {
        ::signal(number, SIG_DFL);
    }
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    const auto limit = [](auto resource, uint64_t value) {
        const rlimit both{value, value};
        ::setrlimit(resource, &both);
    };
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_CPU, kMaxSeconds);
    limit(RLIMIT_AS, memory_bytes);
    ::alarm(kMaxSeconds);
    const int silence = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    ::dup2(silence, STDOUT_FILENO);
    ::dup2(silence, STDERR_FILENO);
    std::string failure;
    try {
        send_hdf5(path, descriptor);
        ::_exit(0);
    } catch (const Error& error) {
        failure = error.what();
    } catch (const std::exception&) {
        failure = "takes more memory than it may to read";
    }
    const auto kind = Hdf5Record::failure;
    const uint64_t size = failure.size();
    const bool sent = ::write(descriptor, &kind, sizeof kind) > 0 && ::write(descriptor, &size, sizeof size) > 0 &&
                      ::write(descriptor, failure.data(), size) > 0;
    ::_exit(sent ? 1 : 2);
}

Hdf5Snapshot receive(Receiver& receiver) {
    Hdf5Snapshot snapshot;
    for (;;) {
        switch (receiver.number<Hdf5Record>()) {
            case Hdf5Record::group:
                snapshot.objects[receiver.text(kMaxNameBytes)].is_group = true;
                break;
            case Hdf5Record::dataset: {
                const std::string path = receiver.text(kMaxNameBytes);
                snapshot.objects[path].value = receiver.value();
                break;
            }
            case Hdf5Record::attribute: {
                const std::string path = receiver.text(kMaxNameBytes);
                const std::string name = receiver.text(kMaxNameBytes);
                snapshot.objects[path].attributes[name] = receiver.value();
                break;
            }
            case Hdf5Record::failure:
                throw InputError(receiver.text(kMaxNameBytes));
            case Hdf5Record::end:
                return snapshot;
            default:
                throw BrokenPipe();
        }
    }
}

std::string describe_end(int status) {
    if (!WIFSIGNALED(status)) return "the HDF5 file is damaged";
    const int number = WTERMSIG(status);
    if (number == SIGALRM || number == SIGXCPU || number == SIGKILL) {
        return fmt::format("reading it takes longer than {} seconds or too much memory", kMaxSeconds);
    }
    return fmt::format("the HDF5 file is damaged (reading it crashed the HDF5 library: {})", ::strsignal(number));
}

}  // namespace

Hdf5Snapshot read_hdf5(const std::filesystem::path& path) {
    const auto fail = [&path](const std::string& message) { throw InputError(path.string() + ": " + message); };
    std::error_code ignored;
    if (std::filesystem::is_directory(path, ignored)) fail("is a folder, expected an HDF5 file");
    if (!std::filesystem::exists(path, ignored)) fail("no such file");
    if (!std::filesystem::is_regular_file(path, ignored)) fail("is not a regular file; HDF5 needs one");
    if (::access(path.c_str(), R_OK) != 0) fail(fmt::format("cannot be opened: {}", std::strerror(errno)));

    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) fail(fmt::format("no pipe for reading it: {}", std::strerror(errno)));
    ::fcntl(ends[1], F_SETPIPE_SZ, kPipeBytes);  // fewer switches between the two; fine where refused
    const uint64_t memory_bytes = virtual_memory_bytes() + kMaxChildBytes;
    pid_t process = -1;
    {
        const std::lock_guard lock(hdf5_mutex());
        process = ::fork();
        if (process == 0) child(path, ends[1], memory_bytes);
    }
    ::close(ends[1]);
    Hdf5Snapshot snapshot;
    std::string failure;
    {
        Receiver receiver(ends[0]);
        try {
            snapshot = receive(receiver);
        } catch (const InputError& error) {
            failure = error.what();
        } catch (const BrokenPipe&) {
            failure = "?";
        }
    }  // closing the pipe ends a child that still writes
    int status = 0;
    while (process > 0 && ::waitpid(process, &status, 0) < 0 && errno == EINTR) {
    }
    if (process < 0) fail("no process for reading it could be started");
    if (failure == "?") fail(describe_end(status));
    // "/item: message" reads "FILE: /item: message".
    if (!failure.empty()) fail(failure);
    return snapshot;
}

}  // namespace concrete::sim::detail
