#include "sim/matmul.h"

#include <algorithm>
#include <memory>

#include "sim/code_rows.h"
#include "sim/netlist_engine.h"

namespace concrete::sim {

MatmulTask::MatmulTask(const MatmulArgs& g) : w_(g.k * g.n) {
    check(g);
    task.products = std::shared_ptr<const ProductModel>(std::shared_ptr<void>(), g.products);  // borrowed, as in args
    task.acc = g.acc;
    task.k = g.k;
    task.n = g.n;
    for (size_t k = 0; k < g.k; ++k)
        for (size_t n = 0; n < g.n; ++n) w_[n * g.k + k] = g.w[k * g.n + n];
    task.w = w_.data();
    CodeRange used{g.products->a_range().highest, g.products->a_range().lowest};
    for (size_t i = 0; i < g.m * g.k; ++i) {
        if (g.a[i] == kSkip) {
            task.positions.skips = true;
            continue;
        }
        used.lowest = std::min<int64_t>(used.lowest, g.a[i]);
        used.highest = std::max<int64_t>(used.highest, g.a[i]);
    }
    if (used.lowest > used.highest) used.highest = used.lowest;  // nothing but skips
    task.positions.codes = used;
    for (size_t i = 0; i < (g.init_per_row ? g.m * g.n : g.n); ++i)
        task.largest_init = std::max(task.largest_init, g.init[i] < 0 ? -(g.init[i] + 1) : g.init[i]);
}

void matmul(const MatmulArgs& args, Engine engine, int threads) {
    const MatmulTask task(args);
    matmul(args, prepare(task.task, engine), threads);
}

void matmul(const MatmulArgs& args, const PreparedProduct& prepared, int threads) {
    if (prepared.engine == Engine::gather) return gather(args, threads);
    if (prepared.engine == Engine::netlist) return netlist_matmul(args, *prepared.netlist, threads);
    check(args);
    const MatrixRows rows(args.a, args.m, args.k, prepared.sums->positions());
    const TableProduct::Inits inits{args.init, args.init_per_row ? args.m : 1};
    prepared.sums->run(rows, inits, false, threads, [&](const TableProduct::Column& column) {
        for (size_t i = 0; i < column.count; ++i)
            args.out[(column.first_row + i) * args.n + column.n] = column.accumulators[i];
    });
}

}  // namespace concrete::sim
