#include "cuda/product_maker.h"

#include "cuda/device_planner.h"

namespace concrete::cuda {

std::vector<sim::Engine> device_engines() {
    return sim::all_engines();
}

ProductMaker product_maker(std::optional<sim::Engine> engine) {
    return [engine](const ProductSetup& setup, size_t images) { return make_product(setup, engine, images); };
}

}  // namespace concrete::cuda
