#include "sim/parallel.h"

#include <algorithm>
#include <exception>
#include <omp.h>
#include <vector>

namespace concrete::sim {

// One contiguous range a thread: ranges depend on count and threads alone, so that sums kept by range are reproducible.
void parallel_for(size_t count, int threads, const std::function<void(size_t begin, size_t end)>& body) {
    if (count == 0) return;
    const size_t ranges = std::min(count, static_cast<size_t>(std::max(threads, 1)));
    if (ranges == 1) {
        body(0, count);
        return;
    }
    // An exception must not leave an OpenMP region; the first one by range is thrown again.
    std::vector<std::exception_ptr> failures(ranges);
    const size_t step = count / ranges;
    const size_t longer = count % ranges;  // so many ranges have one element more
#pragma omp parallel for num_threads(static_cast <int>(ranges)) schedule(static, 1)
    for (size_t i = 0; i < ranges; ++i) {
        const size_t begin = i * step + std::min(i, longer);
        try {
            body(begin, begin + step + (i < longer ? 1 : 0));
        } catch (...) {
            failures[i] = std::current_exception();
        }
    }
    for (const std::exception_ptr& failure : failures) {
        if (failure) std::rethrow_exception(failure);
    }
}

int default_threads() {
    return std::max(omp_get_num_procs(), 1);
}

}  // namespace concrete::sim
