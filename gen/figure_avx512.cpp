// The kernel of gen/figure_kernels.h for AVX-512; compiled with the flags of that set.
#if defined(__x86_64__)
#include "gen/figure_steps.h"

namespace concrete::gen::detail {

constinit const AddErrors kAddErrorsAvx512 = add_errors_of;

}  // namespace concrete::gen::detail
#endif
