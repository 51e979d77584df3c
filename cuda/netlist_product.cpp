#include "cuda/netlist_product.h"

#include <algorithm>
#include <fmt/format.h>
#include <vector>

#include "cuda/bit_planes_block.h"
#include "cuda/device_array.h"
#include "cuda/launch.h"
#include "cuda/netlist_kernel.h"
#include "cuda/scratch.h"
#include "sim/mac_step.h"
#include "sim/step_circuit.h"

namespace concrete::cuda {
namespace {

constexpr size_t kTileLanes = size_t{kTileWords} * kWarpThreads;

/// A circuit of 6,000 nodes takes NVRTC a second, one of 26,000 a minute.
constexpr size_t kMostNodes = 8192;

/// Weight codes as the kernel reads them.
std::vector<uint32_t> weight_patterns(const sim::ProductTask& task) {
    return {task.w, task.w + task.groups * task.n * task.k};
}

class NetlistProduct : public DeviceProduct {
  public:
    NetlistProduct(const ProductSetup& setup, size_t piece_bytes)
        : shape_(setup.shape), codes_(setup.executor, weight_patterns(setup.task)), piece_bytes_(piece_bytes) {
        const sim::ProductModel& products = *setup.task.products;
        const bool pads = shape_.padding[0] > 0 || shape_.padding[1] > 0;
        skips_ = setup.task.positions.skips && pads;
        padding_code_ = setup.padding_code;
        code_bits_ = static_cast<uint32_t>(sim::code_bits(products.a_range()));
        const sim::StepCircuit circuit = step_circuit(products, setup.task.acc, sim::LaneSide::a, {1, skips_});
        lane_planes_ = circuit.lane_planes;
        acc_bits_ = circuit.acc_bits;
        loads_init_ = loads_init(products);
        if (!loads_init_) clear_value_ = products.multiplier().mac->clear_value;
        kernel_ = make_netlist_kernel(setup.executor, circuit);
    }

    sim::Engine engine() const override { return sim::Engine::netlist; }

    size_t scratch_bytes(size_t images) const override {
        Scratch scratch;
        take(scratch, piece_rows(images * shape_.pixels()));
        return scratch.bytes();
    }

    void run(Stream& stream, const CodeMap& in, const Finish& finish, void* scratch) const override {
        const auto rows = static_cast<uint32_t>(in.images * shape_.pixels());
        Scratch memory(scratch);
        const uint32_t at_a_time = piece_rows(rows);
        const Place place = take(memory, at_a_time);
        for (uint32_t first = 0; first < rows; first += at_a_time)
            run_piece(stream, in, finish, {first, std::min(at_a_time, rows - first)}, place);
    }

  private:
    struct Place {
        uint32_t *planes, *acc;
    };

    size_t plane_words(size_t tiles) const { return tiles * shape_.groups * shape_.k() * lane_planes_ * kTileWords; }
    size_t acc_words(size_t tiles) const { return tiles * shape_.out_channels * acc_bits_ * kTileWords; }

    /// Whole tiles, or all rows.
    uint32_t piece_rows(size_t rows) const {
        const size_t tile_bytes = (plane_words(1) + acc_words(1)) * sizeof(uint32_t);
        const size_t tiles = std::max<size_t>(1, piece_bytes_ / tile_bytes);
        return static_cast<uint32_t>(std::min(rows, tiles * kTileLanes));
    }
    Place take(Scratch& scratch, size_t rows) const {
        const size_t tiles = ceil_div(rows, kTileLanes);
        auto* const planes = scratch.take<uint32_t>(plane_words(tiles));
        return {planes, scratch.take<uint32_t>(acc_words(tiles))};
    }

    void run_piece(Stream& stream, const CodeMap& in, const Finish& finish, const NetlistPiece& piece,
                   const Place& place) const {
        const uint32_t columns = shape_.out_channels;
        const std::string what = fmt::format("netlist [{}, {}] x {}", piece.rows, shape_.k(), columns);
        launch<SlicePlanesProgram>(stream, what,
                                   {piece.tiles() * shape_.groups, ceil_div(shape_.k(), SlicePlanesProgram::kDepth)},
                                   {in, shape_, padding_code_, code_bits_, skips_, piece, place.planes});
        const NetlistAccumulators accumulators{finish, acc_bits_, loads_init_, clear_value_, piece, place.acc};
        launch<StartAccumulatorsProgram>(
            stream, what, {piece.tiles(), ceil_div(columns, StartAccumulatorsProgram::kColumns)}, accumulators);
        kernel_->launch(
            stream, what,
            {place.planes, codes_.data(), place.acc, shape_.k(), piece.words(), columns, shape_.group_outputs()});
        launch<StoreAccumulatorsProgram>(stream, what,
                                         {piece.words(), ceil_div(columns, StoreAccumulatorsProgram::kColumns), 1,
                                          StoreAccumulatorsProgram::shared()},
                                         accumulators);
    }

    ConvShape shape_;
    DeviceArray<uint32_t> codes_;  // [columns][k]
    size_t piece_bytes_;
    std::unique_ptr<NetlistKernel> kernel_;
    int64_t padding_code_ = 0, clear_value_ = 0;
    uint32_t code_bits_ = 0, lane_planes_ = 0, acc_bits_ = 0;
    bool skips_ = false, loads_init_ = true;
};

}  // namespace

std::optional<std::string> netlist_problem(const sim::ProductTask& task) {
    if (auto problem = mac_netlist_problem(*task.products, task.acc)) return problem;
    const size_t nodes = task.products->multiplier().netlist->nodes.size() +
                         (task.acc.adder ? task.acc.adder->netlist->nodes.size() : 0);
    if (nodes > kMostNodes) return fmt::format("the circuit has {} nodes, on a device at most {}", nodes, kMostNodes);
    const int bits = sim::code_bits(task.products->a_range());
    if (bits > 16) return fmt::format("activation codes have {} bits, on a device at most 16", bits);
    return std::nullopt;
}

std::unique_ptr<DeviceProduct> make_netlist_product(const ProductSetup& setup, size_t piece_bytes) {
    if (const auto problem = netlist_problem(setup.task)) throw InputError("netlist: " + *problem);
    return std::make_unique<NetlistProduct>(setup, piece_bytes);
}

}  // namespace concrete::cuda
