// The kernels of sim/planes.h for AVX-512; compiled with the flags of that set.
#if defined(__x86_64__)
#include "sim/planes_steps.h"

namespace concrete::sim::detail {

constinit const PlaneKernels kPlanesAvx512 = kPlanes;

}  // namespace concrete::sim::detail
#endif
