#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>

namespace concrete::app {

/// How far a long computation is, on standard error. The first two seconds it stays silent; then a terminal gets a bar
/// that is redrawn and disappears at the end, anything else a plain line every ten seconds. A thread of its own draws,
/// so that the clock moves through steps that take long.
///
///     Progress progress("sweep", pairs);
///     for (...) progress.update(done);
class Progress {
  public:
    explicit Progress(std::string label, uint64_t total = 0,
                      std::chrono::milliseconds silence = std::chrono::milliseconds(2000));
    ~Progress();
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    /// Cheap: may be called at every step, from any thread.
    void update(uint64_t done) { done_ = done; }
    void update(uint64_t done, uint64_t total) {
        total_ = total;
        done_ = done;
    }

    /// Starts anew under another label, silent at first.
    void restart(std::string label);

    /// Clears the bar, so that a line can be printed; it is drawn again a little later.
    void clear();

  private:
    using Clock = std::chrono::steady_clock;
    void draw_until_stopped();
    void erase();

    const bool is_terminal_;
    const std::chrono::milliseconds silence_;
    std::atomic<uint64_t> done_ = 0, total_;

    std::mutex mutex_;  // of what follows
    std::condition_variable changed_;
    std::string label_;
    Clock::time_point start_, next_;
    bool drawn_ = false, stopped_ = false;

    std::thread thread_;
};

/// Text of one progress line or bar: "label  [#####.....]  50%  5 of 10, 3 s, about 3 s left".
std::string progress_text(const std::string& label, uint64_t done, uint64_t total, double elapsed_s, bool with_bar);

}  // namespace concrete::app
