#include "sim/version.h"

namespace concrete {

std::string version() {
    return CONCRETE_VERSION;
}

}  // namespace concrete
