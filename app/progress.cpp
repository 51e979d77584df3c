#include "app/progress.h"

#include <algorithm>
#include <cstdio>
#include <fmt/format.h>
#include <unistd.h>
#include <utility>

namespace concrete::app {

namespace {

using std::chrono::milliseconds;
constexpr milliseconds kRedraw(100), kPlainLine(10'000);
constexpr size_t kBarWidth = 30;

}  // namespace

Progress::Progress(std::string label, uint64_t total, milliseconds silence)
    : is_terminal_(::isatty(STDERR_FILENO) == 1),
      silence_(silence),
      total_(total),
      label_(std::move(label)),
      start_(Clock::now()),
      next_(start_ + silence_),
      thread_([this] { draw_until_stopped(); }) {}

Progress::~Progress() {
    {
        const std::lock_guard lock(mutex_);
        stopped_ = true;
    }
    changed_.notify_one();
    thread_.join();
    erase();
}

void Progress::restart(std::string label) {
    const std::lock_guard lock(mutex_);
    erase();
    label_ = std::move(label);
    done_ = 0;
    start_ = Clock::now();
    next_ = start_ + silence_;
}

void Progress::clear() {
    const std::lock_guard lock(mutex_);
    erase();
    next_ = std::max(next_, Clock::now() + kRedraw);
}

void Progress::draw_until_stopped() {
    std::unique_lock lock(mutex_);
    while (!stopped_) {
        const Clock::time_point now = Clock::now();
        if (now < next_) {
            changed_.wait_until(lock, next_);
            continue;
        }
        next_ = now + (is_terminal_ ? kRedraw : kPlainLine);
        const double elapsed_s = std::chrono::duration<double>(now - start_).count();
        const std::string text = progress_text(label_, done_, total_, elapsed_s, is_terminal_);
        if (is_terminal_) {
            fmt::print(stderr, "\r\x1b[K{}", text);
        } else {
            fmt::print(stderr, "{}\n", text);
        }
        std::fflush(stderr);
        drawn_ = true;
    }
}

void Progress::erase() {
    if (!drawn_ || !is_terminal_) return;
    fmt::print(stderr, "\r\x1b[K");
    std::fflush(stderr);
    drawn_ = false;
}

std::string progress_text(const std::string& label, uint64_t done, uint64_t total, double elapsed_s, bool with_bar) {
    const double share = total == 0 ? 1.0 : std::min(1.0, static_cast<double>(done) / static_cast<double>(total));
    std::string bar;
    if (with_bar) {
        const auto full = static_cast<size_t>(share * kBarWidth);
        bar = "  [" + std::string(full, '#') + std::string(kBarWidth - full, '.') + "]";
    }
    std::string text =
        fmt::format("{}{}  {:3.0f}%  {} of {}, {:.0f} s", label, bar, 100 * share, done, total, elapsed_s);
    if (share > 0 && share < 1) text += fmt::format(", about {:.0f} s left", elapsed_s * (1 - share) / share);
    return text;
}

}  // namespace concrete::app
