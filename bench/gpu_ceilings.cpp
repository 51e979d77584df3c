#include "bench/gpu_ceilings.h"

#include <cstring>
#include <fmt/format.h>

#include "bench/gpu_ceilings_block.h"
#include "bench/gpu_cublas.h"
#include "cuda/launch.h"
#include "sim/error.h"
#include "sim/random.h"

namespace concrete::bench {
namespace {

constexpr unsigned kBlocksPerMultiprocessor = 32;  // several waves

void expect(const char* what, uint64_t got, uint64_t expected) {
    if (got != expected) throw MismatchError(fmt::format("{}: the kernel gave {}, expected {}", what, got, expected));
}

CeilingRate product_rate(cuda::Executor& executor, ProductType type, double budget) {
    constexpr size_t kSize = 8192;
    const auto stream = executor.make_stream();
    const CublasProduct product(executor, *stream, type, kSize, kSize, kSize);
    const InputSets inputs(executor, product.input_bytes(), product_inputs(type));
    CeilingRate result{0, "MAC/s", {}};
    result.timing = time_calls(*stream, budget, [&](cuda::Stream& s, size_t set) { product.run(s, inputs.set(set)); });
    result.rate = static_cast<double>(kSize * kSize * kSize) / result.timing.seconds;
    return result;
}

CeilingRate copy_rate(cuda::Executor& executor, double budget) {
    constexpr size_t kBlockBytes = CopyProgram::kPerBlock * sizeof(Words);
    const auto blocks = static_cast<unsigned>(executor.limits().multiprocessors) * 512;  // 8 MiB each
    const std::vector<uint8_t> values = random_bytes(0, 256);
    const InputSets from(executor, blocks * kBlockBytes, values);
    const cuda::DeviceArray<uint8_t> to(executor, blocks * kBlockBytes);
    const auto stream = executor.make_stream();
    CeilingRate result{0, "bytes/s", {}};
    result.timing = time_calls(*stream, budget, [&](cuda::Stream& s, size_t set) {
        cuda::launch<CopyProgram>(s, "copy", {blocks},
                                  {static_cast<const Words*>(from.set(set)), reinterpret_cast<Words*>(to.data())});
    });
    std::vector<uint8_t> tail(kBlockBytes), expected(kBlockBytes);
    stream->download(tail.data(), to.data() + to.size() - kBlockBytes, kBlockBytes);
    stream->download(expected.data(), static_cast<uint8_t*>(from.set(0)) + to.size() - kBlockBytes, kBlockBytes);
    stream->synchronize();
    // Sets are whole repetitions of the values, thus equal.
    if (to.size() % values.size() == 0) expect("copy", std::memcmp(tail.data(), expected.data(), kBlockBytes) != 0, 0);
    result.rate = 2.0 * static_cast<double>(to.size()) / result.timing.seconds;
    return result;
}

/// Offsets that lead from entry to entry at random; with `own_bank` always to one in the same of 32 banks.
std::vector<uint32_t> lookup_table(bool own_bank) {
    constexpr unsigned kBanks = 32;
    sim::Random random(5);
    std::vector<uint32_t> table(LookupProgram::kEntries);
    for (unsigned i = 0; i < table.size(); ++i) {
        const auto any = static_cast<uint32_t>(random.below(LookupProgram::kEntries));
        table[i] = (own_bank ? any / kBanks * kBanks + i % kBanks : any) * static_cast<uint32_t>(sizeof(uint32_t));
    }
    return table;
}

uint32_t last_offsets(const std::vector<uint32_t>& table, unsigned thread, uint32_t steps) {
    uint32_t sum = 0;
    for (unsigned chain = 0; chain < LookupProgram::kChains; ++chain) {
        uint32_t offset = LookupProgram::start(thread, chain);
        for (uint32_t step = 0; step < steps; ++step) offset = table[offset / sizeof(uint32_t)];
        sum += offset;
    }
    return sum;
}

CeilingRate lookup_rate(cuda::Executor& executor, bool own_bank, double budget) {
    constexpr uint32_t kSteps = 1024;
    const auto blocks = static_cast<unsigned>(executor.limits().multiprocessors) * kBlocksPerMultiprocessor;
    const std::vector<uint32_t> table = lookup_table(own_bank);
    const cuda::DeviceArray<uint32_t> on_device(executor, table);
    const cuda::DeviceArray<uint32_t> out(executor, size_t{blocks} * LookupProgram::kThreads);
    const cuda::Launch shape{blocks, 1, 1, cuda::shared_bytes<uint32_t>(LookupProgram::kEntries)};
    const auto stream = executor.make_stream();
    CeilingRate result{0, "lookups/s", {}};
    result.timing = time_calls(*stream, budget, [&](cuda::Stream& s, size_t) {
        cuda::launch<LookupProgram>(s, "look-ups", shape, {on_device.data(), out.data(), kSteps});
    });
    const std::vector<uint32_t> got = out.values();
    for (const size_t i : {size_t{0}, got.size() - 1})
        expect("look-ups", got[i], last_offsets(table, static_cast<unsigned>(i % LookupProgram::kThreads), kSteps));
    result.rate = static_cast<double>(out.size() * LookupProgram::kChains * kSteps) / result.timing.seconds;
    return result;
}

CeilingRate logic_rate(cuda::Executor& executor, double budget) {
    constexpr uint32_t kSteps = 512;
    const auto blocks = static_cast<unsigned>(executor.limits().multiprocessors) * kBlocksPerMultiprocessor;
    const cuda::DeviceArray<uint32_t> out(executor, size_t{blocks} * LogicProgram::kThreads);
    const auto stream = executor.make_stream();
    CeilingRate result{0, "nodes/s", {}};
    result.timing = time_calls(*stream, budget, [&](cuda::Stream& s, size_t) {
        cuda::launch<LogicProgram>(s, "logic", {blocks}, {out.data(), kSteps});
    });
    const std::vector<uint32_t> got = out.values();
    for (const size_t i : {size_t{0}, got.size() - 1})
        expect("logic", got[i], LogicProgram::nodes(static_cast<uint32_t>(i), kSteps));
    result.rate = static_cast<double>(out.size() * LogicProgram::kNodes * kSteps) / result.timing.seconds;
    return result;
}

}  // namespace

std::string to_string(Ceiling ceiling) {
    constexpr std::array kNames{"int8_product",   "fp32_product",       "tf32_product", "copy",
                                "shared_lookups", "shared_lookups_any", "logic"};
    return kNames.at(static_cast<size_t>(ceiling));
}

CeilingRate measure_ceiling(cuda::Executor& executor, Ceiling ceiling, double budget) {
    switch (ceiling) {
        case Ceiling::int8_product:
            return product_rate(executor, ProductType::int8, budget);
        case Ceiling::fp32_product:
            return product_rate(executor, ProductType::fp32, budget);
        case Ceiling::tf32_product:
            return product_rate(executor, ProductType::tf32, budget);
        case Ceiling::copy:
            return copy_rate(executor, budget);
        case Ceiling::shared_lookups:
            return lookup_rate(executor, true, budget);
        case Ceiling::shared_lookups_any:
            return lookup_rate(executor, false, budget);
        case Ceiling::logic:
            return logic_rate(executor, budget);
    }
    throw UsageError("unknown ceiling");
}

}  // namespace concrete::bench
