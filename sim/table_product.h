#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "sim/code_rows.h"
#include "sim/decomposition.h"
#include "sim/logic_accumulator.h"
#include "sim/or_sums.h"
#include "sim/product_task.h"
#include "sim/table_sums.h"

namespace concrete::sim {

/// Ways to sum a table.
enum class SumMethod { permute, decomposed };

/// Accumulators of a whole layer, or of one product of matrices, by sums over a table: the core of the engines
/// `permute`, `decomposed` and `logic`.
///
/// Tiles of kTileLanes rows are packed for some hundred k at a time, so that tile and sums stay in the cache; tiles,
/// groups and ranges of n are shared by the threads. Where there are fewer rows than lanes, n lies along the lanes.
class TableProduct {
  public:
    /// Args: decomposition: of the table that has to be summed (summed_table()), for SumMethod::decomposed.
    /// Throws: InputError with table_product_problem().
    TableProduct(const ProductTask& task, SumMethod method, const Decomposition* decomposition = nullptr);
    ~TableProduct();

    /// First accumulators, as codes: values[row % period][groups * n].
    struct Inits {
        const int64_t* values;
        size_t period = 1;
    };
    /// Accumulators of some rows of one column, [count].
    struct Column {
        size_t group, n, first_row, count;
        const int64_t* accumulators;
        const int64_t* code_sums;  ///< of the activations of each row, skipped ones left out; null unless asked for
    };
    using Sink = std::function<void(const Column&)>;

    /// Gives every output to the sink, columns of one tile in turn; calls from several threads, for different outputs.
    /// The first call of either way round, rows or columns along the lanes, prepares the weights for it.
    /// Args: rows: made with the same positions. threads: at least 1.
    void run(const CodeRows& rows, const Inits& inits, bool code_sums, int threads, const Sink& sink) const;

    const CodePositions& positions() const { return positions_; }

  private:
    struct Side;
    struct Tile;
    const Side& side(bool swapped) const;
    std::unique_ptr<Side> make_side(bool swapped) const;
    void run_rows_in_lanes(const CodeRows& rows, const Inits& inits, bool code_sums, int threads,
                           const Sink& sink) const;
    void run_columns_in_lanes(const CodeRows& rows, const Inits& inits, bool code_sums, int threads,
                              const Sink& sink) const;

    CodePositions positions_;
    size_t groups_, k_, n_;
    size_t depth_;  // k of a tile
    LogicAccumulator logic_;
    SumMethod method_;
    SumTable table_;
    LowPartTable low_;              // of products, where low parts are reduced
    bool wide_ = false;             // sums go beyond 32 bits
    Decomposition decomposition_;   // of table_
    std::vector<uint8_t> weights_;  // [groups][k][n] positions
    mutable std::mutex mutex_;
    mutable std::array<std::unique_ptr<Side>, 2> sides_;  // made when first needed: rows in lanes, columns in lanes
};

/// True if so few rows are computed with the n columns along the lanes, which then are fuller.
bool columns_in_lanes(size_t groups, size_t n, size_t rows);

/// Ranges into which the n columns of a tile are cut at least, for the cache's sake: each packs its tile again, and
/// looks its codes up.
size_t column_ranges(size_t n);

}  // namespace concrete::sim
