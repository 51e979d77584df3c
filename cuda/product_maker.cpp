#include "cuda/product_maker.h"

#include "cuda/gather.h"
#include "sim/error.h"

namespace concrete::cuda {

std::vector<sim::Engine> device_engines() {
    return {sim::Engine::gather};
}

ProductMaker product_maker(std::optional<sim::Engine> engine) {
    return [engine](const ProductSetup& setup, size_t) {
        if (engine.value_or(sim::Engine::gather) != sim::Engine::gather)
            throw InputError(to_string(*engine) + ": not an engine of the GPU; use gather or --backend cpu");
        return make_gather(setup);
    };
}

}  // namespace concrete::cuda
