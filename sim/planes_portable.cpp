// The kernels of sim/planes.h for every processor.
#include "sim/planes_steps.h"

namespace concrete::sim::detail {

constinit const PlaneKernels kPlanesPortable = kPlanes;

}  // namespace concrete::sim::detail
