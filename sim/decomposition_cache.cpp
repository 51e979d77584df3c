#include "sim/decomposition_cache.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "sim/decompose.h"
#include "sim/error.h"
#include "sim/file.h"
#include "sim/hash.h"

namespace concrete::sim {
namespace {

namespace fs = std::filesystem;

/// Raise it when decompose() finds other decompositions than before.
constexpr uint64_t kSearchVersion = 1;

using Result = std::optional<Decomposition>;

struct Memory {
    std::mutex mutex;
    std::map<std::string, Result> results;
};

Memory& memory() {
    static Memory results;
    return results;
}

std::string key_of(const SumTable& table, size_t most_terms) {
    Sha256 hash;
    hash.add(kSearchVersion).add(uint64_t{most_terms}).add(uint64_t{table.lanes}).add(uint64_t{table.others});
    return hash.add(std::span<const int32_t>(table.values)).hex();
}

fs::path entry_of(const std::string& key) {
    return cache_folder() / "decompositions" / key;
}

/// An entry without decomposition repeats its name, so that no damaged one is taken for it.
std::string absence_text(const std::string& key) {
    return "none " + key + "\n";
}

/// f and g, then shift, u and v of each term, as 32-bit integers.
std::string bytes_of(const Decomposition& d) {
    std::vector<int32_t> numbers(d.f);
    numbers.insert(numbers.end(), d.g.begin(), d.g.end());
    for (const Decomposition::Term& term : d.terms) {
        numbers.push_back(term.shift);
        numbers.insert(numbers.end(), term.u.begin(), term.u.end());
        numbers.insert(numbers.end(), term.v.begin(), term.v.end());
    }
    return {reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(int32_t)};
}

/// What bytes_of() gave; nullopt where sizes disagree.
Result parsed(const std::string& bytes, size_t rows, size_t columns) {
    const size_t term_size = 1 + rows + columns, count = bytes.size() / sizeof(int32_t);
    if (bytes.size() % sizeof(int32_t) != 0 || count < rows + columns || (count - rows - columns) % term_size != 0)
        return std::nullopt;
    std::vector<int32_t> numbers(count);
    std::memcpy(numbers.data(), bytes.data(), bytes.size());
    auto next = numbers.begin();
    const auto take = [&next](size_t size) {
        const auto begin = std::exchange(next, next + static_cast<std::ptrdiff_t>(size));
        return std::vector<int32_t>(begin, next);
    };
    Decomposition d{take(rows), take(columns), {}};
    while (next != numbers.end()) {
        const int shift = *next++;
        std::vector<int32_t> u = take(rows);
        d.terms.push_back({shift, std::move(u), take(columns)});
    }
    return d;
}

/// The entry's result; nullopt if there is none or it is damaged.
std::optional<Result> load(const std::string& key, const SumTable& table, size_t most_terms) {
    try {
        std::error_code error;
        if (!fs::exists(entry_of(key), error)) return std::nullopt;
        const size_t operands = table.lanes + table.others;
        const std::string bytes =
            read_file(entry_of(key), sizeof(int32_t) * (operands + (most_terms + 1) * (1 + operands)));
        if (bytes == absence_text(key)) return Result{};
        Result result = parsed(bytes, table.lanes, table.others);
        if (result && result->terms.size() <= most_terms && decomposes(*result, table.values)) return result;
    } catch (const InputError&) {
        // Not readable: searched again.
    }
    return std::nullopt;
}

void store(const std::string& key, const Result& result) {
    try {
        write_file(entry_of(key), result ? bytes_of(*result) : absence_text(key));
    } catch (const InputError&) {
        // The result itself is in order; the next process searches again.
    }
}

/// decompose(), remembered.
Result searched(const SumTable& table, size_t most_terms) {
    const std::string key = key_of(table, most_terms);
    {
        const std::lock_guard lock(memory().mutex);
        const auto found = memory().results.find(key);
        if (found != memory().results.end()) return found->second;
    }
    std::optional<Result> result = load(key, table, most_terms);
    if (!result) {
        result = decompose(table.values, table.lanes, table.others, {most_terms});
        store(key, *result);
    }
    const std::lock_guard lock(memory().mutex);
    return memory().results.emplace(key, std::move(*result)).first->second;
}

bool is_constant(const std::vector<int32_t>& values) {
    return std::adjacent_find(values.begin(), values.end(), std::not_equal_to<>()) == values.end();
}

/// Adds 2^shift constant x to sums. Returns: false, with nothing changed, if a sum leaves 32 bits.
bool add_scaled(std::vector<int32_t>& sums, int shift, int32_t constant, const std::vector<int32_t>& x) {
    std::vector<int32_t> result;
    for (size_t i = 0; i < sums.size(); ++i) {
        // Spans of a byte do not bound the entries themselves, hence the wide product.
        int64_t product = 0;
        if (__builtin_mul_overflow(int64_t{constant} * x[i], int64_t{1} << shift, &product)) return false;
        int64_t sum = 0;
        if (__builtin_add_overflow(product, int64_t{sums[i]}, &sum) || sum != static_cast<int32_t>(sum)) return false;
        result.push_back(static_cast<int32_t>(sum));
    }
    sums = std::move(result);
    return true;
}

}  // namespace

Decomposition without_constant_terms(Decomposition d) {
    std::erase_if(d.terms, [&d](const Decomposition::Term& term) {
        if (is_constant(term.u)) return add_scaled(d.g, term.shift, term.u[0], term.v);
        if (is_constant(term.v)) return add_scaled(d.f, term.shift, term.v[0], term.u);
        return false;
    });
    return d;
}

std::optional<Decomposition> find_decomposition(const SumTable& table, size_t most_terms, const Decomposition* known) {
    Result best;
    if (known != nullptr) {
        best = without_constant_terms(*known);
        if (best->terms.empty()) return best;
        if (best->terms.size() > most_terms) best.reset();
    }
    const size_t useful = best ? best->terms.size() - 1 : most_terms;
    if (decomposition_bound(table.values, table.lanes, table.others) > useful) return best;
    Result found = searched(table, useful);
    return found ? found : best;
}

namespace detail {

void forget_decompositions() {
    const std::lock_guard lock(memory().mutex);
    memory().results.clear();
}

}  // namespace detail
}  // namespace concrete::sim
