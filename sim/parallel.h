#pragma once

#include <cstddef>
#include <functional>

namespace concrete::sim {

/// Calls body(begin, end) for disjoint ranges that cover [0, count), on up to `threads` threads, and waits. An
/// exception in a body is thrown again here.
void parallel_for(size_t count, int threads, const std::function<void(size_t begin, size_t end)>& body);

/// Hardware threads of this machine, at least 1.
int default_threads();

}  // namespace concrete::sim
