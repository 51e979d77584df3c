#include "cuda/decomposed.h"

#include <algorithm>
#include <fmt/format.h>
#include <limits>
#include <utility>

#include "cuda/decomposed_block.h"
#include "cuda/decomposed_operands.h"
#include "cuda/device_array.h"
#include "cuda/launch.h"
#include "cuda/scratch.h"
#include "cuda/window_sums.h"
#include "sim/task_decomposition.h"

namespace concrete::cuda {
namespace {

class Decomposed : public DeviceProduct {
  public:
    Decomposed(const ProductSetup& setup, const DecomposedOperands& operands)
        : limits_(setup.executor.limits()),
          step_fragments_(operands.step_fragments),
          passes_(setup.executor, operands.passes),
          tables_(setup.executor, operands.tables),
          weights_(setup.executor, operands.weights),
          taps_(setup.executor, operands.taps),
          padding_(setup.executor, std::vector<uint8_t>(16, operands.padding)),
          column_sums_(setup.executor, operands.column_sums) {
        if (!operands.f.empty()) f_.emplace(setup.executor, setup.shape, operands.f, operands.f[operands.padding]);
        args_.shape = setup.shape;
        args_.chunks = operands.chunks;
        args_.terms = operands.terms;
        args_.steps = operands.steps;
        args_.passes = static_cast<uint32_t>(operands.passes.size());
        args_.last_shift = operands.last_shift;
        args_.fragments = operands.fragments;
        args_.fragment_words = operands.terms * operands.chunks * kWarpThreads;
        args_.group_inputs = setup.shape.group_inputs();
        args_.pass = passes_.data();
        args_.tables = tables_.data();
        args_.weights = weights_.data();
        args_.taps = taps_.data();
        args_.padding = padding_.data();
        args_.column_sums = column_sums_.data();
    }

    sim::Engine engine() const override { return sim::Engine::decomposed; }
    size_t passes() const override { return args_.terms; }

    size_t scratch_bytes(size_t images) const override {
        Scratch scratch;
        if (f_) take(scratch, images);
        return scratch.bytes();
    }

    void run(Stream& stream, const CodeMap& in, const Finish& finish, void* memory) const override {
        DecomposedArgs args = args_;
        args.in = in;
        args.finish = finish;
        args.in_sixteens = in.channels % 16 == 0 && args.shape.group_inputs() % 16 == 0 &&
                           reinterpret_cast<uintptr_t>(in.data) % 16 == 0;
        if (f_) {
            Scratch scratch(memory);
            const Sums sums = take(scratch, in.images);
            f_->run(stream, in, sums.rows, sums.scratch);
            args.row_sums = sums.rows;
        }
        // The largest tiles of which hardly more columns lie idle than of smaller ones.
        const uint32_t columns = args.shape.group_outputs();
        const bool is_even = ceil_div(columns, DecomposedMedium::kTileColumns) % 2 == 0;
        if (is_even && suits<DecomposedLarge>(args)) return run<DecomposedLarge>(stream, args);
        const bool is_narrow = columns <= DecomposedNarrow::kTileColumns;
        if (!is_narrow && suits<DecomposedMedium>(args)) return run<DecomposedMedium>(stream, args);
        if (suits<DecomposedNarrow>(args)) return run<DecomposedNarrow>(stream, args);
        run<DecomposedSmall>(stream, args);
    }

  private:
    struct Sums {
        int64_t *rows, *scratch;
    };
    Sums take(Scratch& scratch, size_t images) const {
        auto* rows = scratch.take<int64_t>(f_->sums(images));
        return {rows, scratch.take<int64_t>(f_->scratch(images))};
    }

    template <typename Program>
    Launch launch_of(const DecomposedArgs& args) const {
        return {ceil_div(args.rows(), Program::kTileRows), ceil_div(args.shape.group_outputs(), Program::kTileColumns),
                args.shape.groups, Program::shared_memory(step_fragments_)};
    }

    /// Whether tiles of that size fit, have enough rows, and give all multiprocessors work.
    template <typename Program>
    bool suits(const DecomposedArgs& args) const {
        const Launch launch = launch_of<Program>(args);
        return launch.shared_bytes <= limits_.shared_bytes && args.rows() > DecomposedSmall::kTileRows &&
               size_t{launch.x} * launch.y * launch.z >= static_cast<size_t>(limits_.multiprocessors);
    }

    template <typename Program>
    void run(Stream& stream, DecomposedArgs args) const {
        const std::string what = fmt::format("decomposed [{}, {}] x {}, {} int8 products", args.rows(), args.shape.k(),
                                             args.shape.out_channels, args.terms);
        args.buffer_words = Program::buffer_words(step_fragments_);
        launch<Program>(stream, what, launch_of<Program>(args), args);
    }

    DeviceLimits limits_;
    uint32_t step_fragments_;
    DeviceArray<DecomposedPass> passes_;
    DeviceArray<uint32_t> tables_;
    DeviceArray<EightBytes> weights_;
    DeviceArray<DecomposedTap> taps_;
    DeviceArray<uint8_t> padding_;
    DeviceArray<uint32_t> column_sums_;
    std::optional<WindowSums> f_;
    DecomposedArgs args_;
};

}  // namespace

std::optional<std::string> decomposed_problem(const sim::ProductTask& task) {
    if (auto problem = sim::table_product_problem(task)) return problem;
    const sim::CodeRange& range = task.products->a_range();
    if (code_format(range).bytes != 1) {
        return fmt::format("{} activation codes, of which a byte has 256", range.count());
    }
    if (sim::LogicAccumulator(sim::effective_accumulator(task)).sum_bits() <= 32) return std::nullopt;
    const int64_t largest = sim::largest_entry(sim::summed_table(task));
    if (largest == 0 || task.k <= static_cast<size_t>(std::numeric_limits<int32_t>::max() / largest))
        return std::nullopt;
    return fmt::format("the accumulator has more than 32 bits, but {} entries of up to {} do not fit a sum of 32 bits",
                       task.k, largest);
}

std::unique_ptr<DeviceProduct> make_decomposed(const ProductSetup& setup,
                                               std::shared_ptr<const sim::Decomposition> decomposition) {
    const sim::ProductTask& task = setup.task;
    if (const auto problem = decomposed_problem(task)) throw InputError("decomposed: " + *problem);
    if (!decomposition) {
        auto found = sim::task_decomposition(task);
        if (!found) {
            throw InputError(fmt::format("decomposed: no decomposition of {} into at most {} int8 products was found",
                                         task.products->multiplier().name, sim::kMostPasses));
        }
        decomposition = std::make_shared<const sim::Decomposition>(*std::move(found));
    }
    if (decomposition->rows() != task.positions.count() ||
        decomposition->columns() != task.products->w_range().count()) {
        throw ShapeError(fmt::format("decomposed: the decomposition is of a [{}, {}] table, but the task's is [{}, {}]",
                                     decomposition->rows(), decomposition->columns(), task.positions.count(),
                                     task.products->w_range().count()));
    }
    return std::make_unique<Decomposed>(setup, decomposed_operands(setup, sim::byte_terms(*decomposition)));
}

}  // namespace concrete::cuda
