#pragma once

#include <algorithm>
#include <ctime>

namespace concrete::bench {

/// Seconds of a clock: for one thread the processor time of the calling thread, so that its rates hold on a machine
/// that does other things, too; for more threads the wall clock.
inline double clock_seconds(int threads) {
    std::timespec now{};
    clock_gettime(threads == 1 ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &now);
    return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

/// Seconds of one call on `threads` threads: the best of several, together at least `total` seconds.
template <typename Call>
double best_call_seconds(int threads, double total, Call call) {
    double best = 1e30;
    for (double spent = 0; spent < total;) {
        const double start = clock_seconds(threads);
        call();
        const double seconds = clock_seconds(threads) - start;
        best = std::min(best, seconds);
        spent += seconds;
    }
    return best;
}

}  // namespace concrete::bench
