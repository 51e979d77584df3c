// The kernel of gen/figure_kernels.h for every processor.
#include "gen/figure_steps.h"

namespace concrete::gen::detail {

constinit const AddErrors kAddErrorsPortable = add_errors_of;

}  // namespace concrete::gen::detail
