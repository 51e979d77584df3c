#include "bench/layer_cases.h"

#include <algorithm>

#include "sim/planner.h"
#include "sim/random.h"

namespace concrete::bench {

std::string to_string(Codes codes) {
    return codes == Codes::all ? "all" : "relu";
}

sim::MacLayer make_layer(const LayerShape& shape, const OperatorPointer& op, Codes codes, Accumulation acc) {
    sim::MacLayer layer;
    layer.name = shape.name;
    layer.in_channels = shape.in_channels, layer.in_h = layer.in_w = shape.in_size;
    layer.out_channels = shape.out_channels, layer.out_h = layer.out_w = shape.out_size();
    layer.groups = shape.groups;
    layer.window.kernel = {shape.kernel, shape.kernel};
    layer.window.stride = {shape.stride, shape.stride};
    layer.window.padding = {shape.padding, shape.padding};

    const bool is_affine = !op->a.is_signed && codes == Codes::all;
    const bool is_sign_magnitude = !op->a.is_signed && codes == Codes::relu;
    const sim::CodeRange all = is_affine ? sim::CodeRange{0, 255} : sim::CodeRange{-128, 127};
    layer.a_range = layer.w_range = all;
    layer.a_used = codes == Codes::relu ? sim::CodeRange{0, 127} : all;
    layer.a_params.zero_point = is_affine ? 131 : 0;
    layer.w_params.assign(shape.out_channels, {1, is_affine ? 125 : 0});
    sim::Random random(1);
    layer.w_codes.resize(shape.out_channels * shape.k());
    for (int32_t& code : layer.w_codes)
        code = static_cast<int32_t>(random.below(all.count())) + static_cast<int32_t>(all.lowest);
    layer.bias_codes.resize(shape.out_channels);
    for (int64_t& code : layer.bias_codes) code = static_cast<int64_t>(random.below(2001)) - 1000;

    layer.products = std::make_shared<const sim::ProductModel>(op, layer.a_range, layer.w_range, is_sign_magnitude);
    layer.acc = {32, sim::Overflow::wrap, acc.or_bits, nullptr};
    return layer;
}

sim::Tensor<int32_t> make_codes(const sim::MacLayer& layer, size_t batch) {
    sim::Tensor<int32_t> codes({batch, layer.in_channels, layer.in_h, layer.in_w});
    sim::Random random(2);
    for (int32_t& code : codes.data)
        code = static_cast<int32_t>(random.below(layer.a_used.count())) + static_cast<int32_t>(layer.a_used.lowest);
    return codes;
}

std::vector<sim::Engine> engines_for(const sim::Operator& op, Accumulation acc) {
    using sim::Engine;
    std::vector<Engine> engines = sim::all_engines();
    std::erase_if(engines, [&](Engine engine) {
        const bool is_of_adders = engine == Engine::logic;
        const bool is_modular = engine == Engine::permute || engine == Engine::decomposed;
        return (engine == Engine::netlist && !op.netlist) || (acc.or_bits == 0 ? is_of_adders : is_modular);
    });
    return engines;
}

Binding bind_engine(sim::MacLayer& layer, size_t batch, std::optional<sim::Engine> engine) {
    sim::prepare_planned(layer, batch, engine);
    return {layer.prepared.engine, layer.prepared.passes};
}

}  // namespace concrete::bench
