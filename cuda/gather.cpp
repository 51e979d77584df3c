#include "cuda/gather.h"

#include <fmt/format.h>

#include "cuda/device_array.h"
#include "cuda/gather_block.h"
#include "cuda/launch.h"

namespace concrete::cuda {
namespace {

/// Products of all codes, row by row of the activations; empty where they are computed.
std::vector<int32_t> product_rows(const sim::ProductModel& products) {
    if (!products.has_table()) return {};
    const int32_t* first = products.row(products.a_range().lowest);
    return {first, first + products.a_range().count() * products.w_range().count()};
}

class Gather : public DeviceProduct {
  public:
    explicit Gather(const ProductSetup& setup)
        : acc_(setup.task.acc),
          table_(setup.executor, product_rows(*setup.task.products)),
          w_(setup.executor, {setup.task.w, setup.task.w + size_t{setup.shape.out_channels} * setup.task.k}),
          adder_table_(setup.executor, acc_.adder ? acc_.adder->lut : std::vector<int32_t>()) {
        const sim::ProductModel& products = *setup.task.products;
        args_.shape = setup.shape;
        args_.padding_code = setup.padding_code;
        args_.skips = setup.task.positions.skips;
        args_.table = table_.data();
        args_.a_lowest = products.a_range().lowest;
        args_.w_lowest = products.w_range().lowest;
        args_.w_count = static_cast<uint32_t>(products.w_range().count());
        args_.w = w_.data();
        args_.lower_part = acc_.lower_part;
        args_.or_bits = acc_.or_bits;
        args_.adder_table = adder_table_.data();
    }

    sim::Engine engine() const override { return sim::Engine::gather; }
    size_t scratch_bytes(size_t) const override { return 0; }

    void run(Stream& stream, const CodeMap& in, const Finish& finish, void*) const override {
        GatherArgs args = args_;
        args.in = in;
        args.finish = finish;
        if (acc_.adder) return launch<GatherAdder::table>(stream, args);
        if (acc_.is_modular()) return launch<GatherAdder::modular>(stream, args);
        launch<GatherAdder::closed_form>(stream, args);
    }

  private:
    template <GatherAdder kAdder>
    static void launch(Stream& stream, const GatherArgs& args) {
        using Program = GatherProgram<kAdder>;
        const size_t outputs = size_t{args.in.images} * args.shape.pixels() * args.shape.out_channels;
        const std::string what = fmt::format("gather [{}, {}] x {}", size_t{args.in.images} * args.shape.pixels(),
                                             args.shape.k(), args.shape.out_channels);
        cuda::launch<Program>(stream, what, {static_cast<unsigned>(ceil_div<size_t>(outputs, Program::kThreads))},
                              args);
    }

    sim::AccumulatorSpec acc_;
    DeviceArray<int32_t> table_, w_, adder_table_;
    GatherArgs args_;
};

}  // namespace

std::optional<std::string> gather_problem(const sim::ProductTask& task) {
    const sim::Operator& op = task.products->multiplier();
    if (task.products->is_mac_unit()) return fmt::format("{} is a MAC unit, which has no table", op.name);
    if (!task.products->has_table() && !task.products->is_exact()) return fmt::format("{} has no table", op.name);
    if (task.acc.adder && task.acc.adder->lut.empty()) return fmt::format("{} has no table", task.acc.adder->name);
    return std::nullopt;
}

std::unique_ptr<DeviceProduct> make_gather(const ProductSetup& setup) {
    if (const auto problem = gather_problem(setup.task)) throw InputError("gather: " + *problem);
    return std::make_unique<Gather>(setup);
}

}  // namespace concrete::cuda
