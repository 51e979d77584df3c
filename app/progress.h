#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace concrete::app {

/// How far a long computation is, on standard error. The first two seconds it stays silent; then a terminal gets a bar
/// that is redrawn and disappears at the end, anything else a plain line every ten seconds.
///
///     Progress progress("sweep", pairs);
///     for (...) progress.update(done);
class Progress {
  public:
    Progress(std::string label, uint64_t total);
    ~Progress();
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    /// Cheap: may be called at every step, from one thread at a time.
    void update(uint64_t done) { update(done, total_); }
    void update(uint64_t done, uint64_t total);

    /// Starts anew under another label, with two seconds of silence.
    void restart(std::string label);

    /// Clears the bar, so that a line can be printed; the next update draws it again.
    void clear();

  private:
    using Clock = std::chrono::steady_clock;
    void draw(uint64_t done, double elapsed_s);

    std::string label_;
    uint64_t total_;
    bool is_terminal_;
    bool drawn_ = false;
    Clock::time_point start_, next_;
};

/// Text of one progress line or bar: "label  [#####.....]  50%  5 of 10, 3 s, about 3 s left".
std::string progress_text(const std::string& label, uint64_t done, uint64_t total, double elapsed_s, bool with_bar);

}  // namespace concrete::app
