#pragma once

#include "sim/config.h"

namespace concrete::app {

/// Finds operators for configurations: reads files, and generates catalogue operators where the cache has none yet.
/// Each operator is made once; the provider is to be used from one thread. Errors point at the reference's place.
sim::OperatorProvider operator_provider(int threads);

}  // namespace concrete::app
