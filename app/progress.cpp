#include "app/progress.h"

#include <algorithm>
#include <cstdio>
#include <fmt/format.h>
#include <unistd.h>
#include <utility>

namespace concrete::app {

namespace {

using std::chrono::milliseconds;
constexpr milliseconds kSilence(2000), kRedraw(100), kPlainLine(10'000);
constexpr size_t kBarWidth = 30;

}  // namespace

Progress::Progress(std::string label, uint64_t total)
    : label_(std::move(label)),
      total_(total),
      is_terminal_(::isatty(STDERR_FILENO) == 1),
      start_(Clock::now()),
      next_(start_ + kSilence) {}

Progress::~Progress() {
    clear();
}

void Progress::update(uint64_t done, uint64_t total) {
    total_ = total;
    const Clock::time_point now = Clock::now();
    if (now < next_ || (!is_terminal_ && done >= total)) return;
    next_ = now + (is_terminal_ ? kRedraw : kPlainLine);
    draw(done, std::chrono::duration<double>(now - start_).count());
}

void Progress::restart(std::string label) {
    clear();
    label_ = std::move(label);
    start_ = Clock::now();
    next_ = start_ + kSilence;
}

void Progress::draw(uint64_t done, double elapsed_s) {
    const std::string text = progress_text(label_, done, total_, elapsed_s, is_terminal_);
    if (is_terminal_)
        fmt::print(stderr, "\r\x1b[K{}", text);
    else
        fmt::print(stderr, "{}\n", text);
    std::fflush(stderr);
    drawn_ = true;
}

void Progress::clear() {
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
