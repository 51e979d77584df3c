#include "gen/process.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <map>
#include <mutex>
#include <poll.h>
#include <regex>
#include <signal.h>
#include <sstream>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/error.h"

namespace concrete::gen {
namespace {

using Clock = std::chrono::steady_clock;

/// A file descriptor that closes itself.
class Descriptor {
  public:
    explicit Descriptor(int fd = -1) : fd_(fd) {}
    ~Descriptor() { close(); }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    int get() const { return fd_; }
    bool is_open() const { return fd_ >= 0; }
    void reset(int fd) {
        close();
        fd_ = fd;
    }
    void close() {
        if (fd_ >= 0) ::close(fd_);
        fd_ = -1;
    }

  private:
    int fd_;
};

struct Pipe {
    Descriptor read_end, write_end;
    Pipe() {
        int ends[2];
        if (pipe2(ends, O_CLOEXEC) != 0)
            throw Error(ExitCode::missing, "no pipe for a child process: too many open files");
        read_end.reset(ends[0]);
        write_end.reset(ends[1]);
    }
};

std::string debian_package(const std::string& program) {
    static const std::map<std::string, std::string> packages{
        {"verilator", "verilator"}, {"g++", "g++"}, {"yosys", "yosys"}, {"yosys-abc", "yosys"}};
    const auto found = packages.find(program);
    return found == packages.end() ? program : found->second;
}

/// Path of a program as execvp would find it. Searched here, so that a missing one is told apart from one that fails.
std::string find_program(const std::string& name) {
    if (name.find('/') != std::string::npos) {
        if (access(name.c_str(), X_OK) == 0) return name;
        throw MissingError(fmt::format("the program '{}' does not exist or cannot be run", name));
    }
    const char* path = std::getenv("PATH");
    std::istringstream folders(path == nullptr ? "/usr/bin:/bin" : path);
    for (std::string folder; std::getline(folders, folder, ':');) {
        std::string candidate = (folder.empty() ? "." : folder) + "/" + name;
        if (access(candidate.c_str(), X_OK) == 0 && std::filesystem::is_regular_file(candidate)) return candidate;
    }
    throw MissingError(fmt::format("the program '{}' is not on this machine: install the Debian package '{}'", name,
                                   debian_package(name)));
}

void limit(int resource, uint64_t soft, uint64_t hard) {
    const rlimit both{soft, hard};
    setrlimit(static_cast<__rlimit_resource_t>(resource), &both);
}

/// Everything that the child does between fork and exec. Only async-signal-safe calls: other threads of the parent may
/// hold locks.
[[noreturn]] void become(const char* program, char* const* arguments, const char* folder, const ProcessLimits& limits,
                         int out, int err, pid_t parent) {
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(127);
    const int none = open("/dev/null", O_RDONLY);
    if (none < 0 || dup2(none, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0 || chdir(folder) != 0) _exit(127);
    // SIGXCPU first, which tells the reason; SIGKILL a second later for those who ignore it.
    const auto cpu_s = static_cast<uint64_t>(std::ceil(limits.cpu_s));
    limit(RLIMIT_CPU, cpu_s, cpu_s + 1);
    limit(RLIMIT_AS, limits.memory_bytes, limits.memory_bytes);
    limit(RLIMIT_FSIZE, limits.file_bytes, limits.file_bytes);
    limit(RLIMIT_CORE, 0, 0);
    execv(program, arguments);
    _exit(127);
}

/// Reads what is there; false at the end of the stream.
bool read_some(const Descriptor& from, std::string& into) {
    std::array<char, 65536> buffer;
    const ssize_t count = read(from.get(), buffer.data(), buffer.size());
    if (count > 0) into.append(buffer.data(), static_cast<size_t>(count));
    return count > 0 || (count < 0 && (errno == EINTR || errno == EAGAIN));
}

/// Collects both streams until they end or a limit is reached; returns which limit.
std::string collect(Pipe& out, Pipe& err, ProcessResult& result, const ProcessLimits& limits, Clock::time_point start) {
    while (out.read_end.is_open() || err.read_end.is_open()) {
        const double left_s = limits.wall_s - std::chrono::duration<double>(Clock::now() - start).count();
        if (left_s <= 0) return fmt::format("the wall-clock limit of {:g} s", limits.wall_s);
        std::array<pollfd, 2> wait{pollfd{out.read_end.get(), POLLIN, 0}, pollfd{err.read_end.get(), POLLIN, 0}};
        if (poll(wait.data(), wait.size(), static_cast<int>(std::min(left_s, 60.0) * 1000) + 1) < 0) continue;
        if (wait[0].revents != 0 && !read_some(out.read_end, result.out)) out.read_end.close();
        if (wait[1].revents != 0 && !read_some(err.read_end, result.err)) err.read_end.close();
        if (std::max(result.out.size(), result.err.size()) > limits.output_bytes)
            return fmt::format("the output limit of {} bytes", limits.output_bytes);
    }
    return {};
}

/// How a child ended, and the CPU time of it and of its own children.
struct End {
    int status = 0;
    double cpu_s = 0;
};

/// Waits for a child whose output ended; it may still compute with its output closed.
End reap(pid_t child, const ProcessLimits& limits, Clock::time_point start, std::string& ended_by) {
    End end;
    rusage usage{};
    while (wait4(child, &end.status, WNOHANG, &usage) == 0) {
        if (ended_by.empty() && std::chrono::duration<double>(Clock::now() - start).count() > limits.wall_s) {
            ended_by = fmt::format("the wall-clock limit of {:g} s", limits.wall_s);
            kill(-child, SIGKILL);
        }
        const timespec pause{0, 200'000};
        nanosleep(&pause, nullptr);
    }
    for (const timeval& part : {usage.ru_utime, usage.ru_stime})
        end.cpu_s += static_cast<double>(part.tv_sec) + static_cast<double>(part.tv_usec) * 1e-6;
    return end;
}

bool speaks_of_memory(const std::string& text) {
    for (const char* phrase : {"bad_alloc", "memory exhausted", "annot allocate memory", "ut of memory"})
        if (text.find(phrase) != std::string::npos) return true;
    return false;
}

std::string describe_end(const End& end, const ProcessResult& result, const ProcessLimits& limits) {
    const bool signaled = WIFSIGNALED(end.status);
    const int signal_number = signaled ? WTERMSIG(end.status) : 0;
    if (!signaled && WEXITSTATUS(end.status) == 0) return {};
    // The signal may have hit a grandchild, and its parent may have turned it into an exit status.
    if (signal_number == SIGXCPU || end.cpu_s >= limits.cpu_s * 0.95)
        return fmt::format("the limit of {:g} s of CPU time", limits.cpu_s);
    if (signal_number == SIGXFSZ) return fmt::format("the file size limit of {} bytes", limits.file_bytes);
    if (speaks_of_memory(result.err)) return fmt::format("the memory limit of {} MiB", limits.memory_bytes >> 20);
    if (signaled) return fmt::format("signal {} ({})", signal_number, strsignal(signal_number));
    return {};
}

}  // namespace

ProcessResult run_process(const std::vector<std::string>& command, const std::filesystem::path& working_folder,
                          const ProcessLimits& limits) {
    const std::string program = find_program(command.at(0));
    std::vector<char*> arguments;
    for (const std::string& argument : command) arguments.push_back(const_cast<char*>(argument.c_str()));
    arguments.push_back(nullptr);
    const std::string folder = working_folder.string();
    Pipe out, err;
    const pid_t parent = getpid();
    const Clock::time_point start = Clock::now();
    const pid_t child = fork();
    if (child < 0) throw Error(ExitCode::missing, fmt::format("no process could be started for '{}'", command[0]));
    if (child == 0)
        become(program.c_str(), arguments.data(), folder.c_str(), limits, out.write_end.get(), err.write_end.get(),
               parent);
    setpgid(child, child);  // here as well as in the child: whoever comes first
    out.write_end.close();
    err.write_end.close();

    ProcessResult result;
    result.ended_by = collect(out, err, result, limits, start);
    if (!result.ended_by.empty()) kill(-child, SIGKILL);
    const End end = reap(child, limits, start, result.ended_by);
    kill(-child, SIGKILL);  // grandchildren that outlived it
    if (result.ended_by.empty()) result.ended_by = describe_end(end, result, limits);
    result.exit_status = WIFSIGNALED(end.status) ? 128 + WTERMSIG(end.status) : WEXITSTATUS(end.status);
    return result;
}

std::string first_line(const std::string& text) {
    constexpr size_t longest = 300;
    std::string line = text.substr(0, std::min(text.find('\n'), longest));
    for (char& c : line)
        if (c < ' ' || c > '~') c = '?';
    return line;
}

std::string tool_version(const std::string& tool) {
    static std::mutex mutex;
    static std::map<std::string, std::string> known;
    const std::lock_guard lock(mutex);
    if (const auto found = known.find(tool); found != known.end()) return found->second;
    const std::string question = tool == "iverilog" ? "-V" : "--version";
    const ProcessResult result = run_process({tool, question}, ".");
    std::smatch match;
    if (!std::regex_search(result.out, match, std::regex(R"(\d+\.\d+(\.\d+)*)")))
        throw MissingError(fmt::format("'{} {}' prints no version number: reinstall the Debian package '{}'", tool,
                                       question, debian_package(tool)));
    return known[tool] = match.str();
}

}  // namespace concrete::gen
