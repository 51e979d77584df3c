#include "gen/sweep.h"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>
#include <sstream>

#include "gen/process.h"
#include "gen/sweep_driver.h"
#include "sim/error.h"
#include "sim/file.h"
#include "sim/parallel.h"

namespace concrete::gen {
namespace {

/// Models in one program: compiling more at once takes longer than the headers that it saves.
constexpr size_t kModelsPerProgram = 16;

/// Beyond so many pairs the better code of -O2 pays for its compilation.
constexpr int kOptimizeFromBits = 18;

/// Smallest part of a sweep worth a process of its own.
constexpr uint64_t kPairsPerProcess = uint64_t{1} << 18;

void check_ports(const sim::Operator& op, const Design& design) {
    const auto has = [](const std::vector<sim::Port>& ports, const sim::Port& wanted) {
        return std::any_of(ports.begin(), ports.end(),
                           [&](const sim::Port& port) { return port.name == wanted.name && port.bits == wanted.bits; });
    };
    for (const auto& [port, ports] :
         {std::pair{&op.a, &design.inputs}, {&op.b, &design.inputs}, {&op.y, &design.outputs}})
        if (!has(*ports, *port))
            throw InputError(fmt::format("{}: module '{}' has no port '{}' of {} bits", op.name, op.sources.top,
                                         port->name, port->bits));
    if (design.inputs.size() != 2 || design.outputs.size() != 1 || op.a.name == op.b.name)
        throw InputError(fmt::format("{}: module '{}' has {} inputs and {} outputs, expected two and one", op.name,
                                     op.sources.top, design.inputs.size(), design.outputs.size()));
}

/// The driver's "A B Y0 Y1" as a sentence.
std::string describe_dependence(const sim::Operator& op, const Design& design, const std::string& line) {
    std::istringstream words(line);
    uint64_t a = 0, b = 0, zeros = 0, ones = 0;
    words >> a >> b >> zeros >> ones;
    std::string text =
        fmt::format("{}: the output depends on unknown (x) or remembered values at {}={:#x} {}={:#x}: {:#x} or {:#x}",
                    op.name, op.a.name, a, op.b.name, b, zeros, ones);
    return design.doubts.empty() ? text : fmt::format("{}; doubtful: {}", text, design.doubts.front());
}

std::string describe_failure(const sim::Operator& op, const Design& design, const ProcessResult& result) {
    if (result.err.find("converge") != std::string::npos || result.out.find("converge") != std::string::npos)
        return fmt::format("{}: a combinational loop does not settle{}{}", op.name, design.doubts.empty() ? "" : ": ",
                           design.doubts.empty() ? "" : design.doubts.front());
    if (!result.ended_by.empty())
        return fmt::format("{}: the simulation was ended by {} (a loop without an end?)", op.name, result.ended_by);
    const std::string said = result.err.substr(0, std::min(result.err.find('\n'), size_t{200}));
    return fmt::format("{}: the simulation failed with exit status {}{}{}", op.name, result.exit_status,
                       said.empty() ? "" : ": ", said);
}

}  // namespace

RtlOperators::RtlOperators(std::span<const sim::Operator> operators, int threads)
    : operators_(operators.begin(), operators.end()),
      designs_(operators.size()),
      places_(operators.size()),
      threads_(threads) {
    sim::parallel_for(operators_.size(), threads, [&](size_t begin, size_t end) {
        for (size_t i = begin; i < end; ++i) {
            designs_[i] = elaborate(operators_[i].sources);
            check_ports(operators_[i], designs_[i]);
        }
    });
    const size_t count = operators_.size(), workers = static_cast<size_t>(std::max(threads, 1));
    const size_t programs = std::max(std::min(count, workers), (count + kModelsPerProgram - 1) / kModelsPerProgram);
    programs_.resize(programs);
    sim::parallel_for(programs, threads, [&](size_t begin, size_t end) {
        for (size_t p = begin; p < end; ++p) {
            const size_t first = count * p / programs, last = count * (p + 1) / programs;
            const auto own = std::span<const sim::Operator>(operators_).subspan(first, last - first);
            std::vector<detail::Model> models;
            int most_bits = 0;
            for (size_t i = first; i < last; ++i) {
                models.push_back(detail::wrapped_model(operators_[i], fmt::format("V{}", i - first)));
                elaborate(models.back().sources);  // what is compiled is what was looked at
                most_bits = std::max(most_bits, operators_[i].a.bits + operators_[i].b.bits);
                places_[i] = {p, i - first};
            }
            programs_[p] = detail::build_models(models, detail::driver_text(own), most_bits > kOptimizeFromBits);
        }
    });
}

template <typename T>
std::vector<T> RtlOperators::run(size_t i, const std::vector<std::string>& arguments, uint64_t pairs) const {
    const sim::Operator& op = operators_[i];
    const TemporaryFolder folder;
    std::vector<std::string> command{programs_[places_[i].program].string(), std::to_string(places_[i].index), "y.bin"};
    command.insert(command.end(), arguments.begin(), arguments.end());
    ProcessLimits limits;
    limits.cpu_s = 20 + 50e-6 * static_cast<double>(pairs);  // two evaluations a pair; most circuits take below 1 us
    limits.wall_s = 60 + 4 * limits.cpu_s;
    limits.file_bytes = uint64_t{64} << 30;
    const ProcessResult result = run_process(command, folder.path(), limits);
    constexpr int dependent = 3;
    if (result.exit_status == dependent) throw InputError(describe_dependence(op, designs_[i], result.out));
    if (!result.ok()) throw InputError(describe_failure(op, designs_[i], result));
    const std::string bytes = read_file(folder.path() / "y.bin", uint64_t{64} << 30);
    const size_t element = op.y.bits > 32 ? 8 : 4;
    if (bytes.size() != pairs * element)
        throw InputError(
            fmt::format("{}: the simulation gave {} bytes, expected {}", op.name, bytes.size(), pairs * element));
    std::vector<T> values(pairs);
    for (size_t k = 0; k < pairs; ++k) {
        uint64_t value = 0;  // little-endian hosts only, as everywhere in this project
        std::memcpy(&value, bytes.data() + k * element, element);
        values[k] = static_cast<T>(value);
    }
    return values;
}

template <typename T, typename Part>
std::vector<T> RtlOperators::in_parts(uint64_t count, const Part& part) const {
    const uint64_t parts =
        std::clamp<uint64_t>(count / kPairsPerProcess, 1, static_cast<uint64_t>(std::max(threads_, 1)));
    if (parts == 1) return part(uint64_t{0}, count);
    std::vector<T> all(count);
    sim::parallel_for(parts, threads_, [&](size_t begin, size_t end) {
        for (size_t k = begin; k < end; ++k) {
            const uint64_t from = count * k / parts, to = count * (k + 1) / parts;
            const std::vector<T> some = part(from, to - from);
            std::copy(some.begin(), some.end(), all.begin() + static_cast<std::ptrdiff_t>(from));
        }
    });
    return all;
}

template <typename T>
std::vector<T> RtlOperators::run_range(size_t i, uint64_t first, uint64_t count) const {
    return in_parts<T>(count, [&](uint64_t from, uint64_t number) {
        return run<T>(i, {"range", std::to_string(first + from), std::to_string(number)}, number);
    });
}

std::vector<uint64_t> RtlOperators::evaluate(size_t i, std::span<const uint64_t> a_raw,
                                             std::span<const uint64_t> b_raw) const {
    const sim::Operator& op = operators_.at(i);
    if (a_raw.size() != b_raw.size())
        throw ShapeError(fmt::format("{}: {} values of a but {} of b", op.name, a_raw.size(), b_raw.size()));
    if (a_raw.empty()) return {};
    for (const auto& [values, port] : {std::pair{a_raw, &op.a}, {b_raw, &op.b}})
        for (const uint64_t value : values)
            if (value != sim::encode(static_cast<int64_t>(value), port->bits))
                throw RangeError(fmt::format("{}: operand {:#x} does not fit port '{}' of {} bits", op.name, value,
                                             port->name, port->bits));
    return in_parts<uint64_t>(a_raw.size(), [&](uint64_t from, uint64_t number) {
        std::vector<uint64_t> pairs;
        pairs.reserve(2 * number);
        for (uint64_t k = from; k < from + number; ++k) pairs.insert(pairs.end(), {a_raw[k], b_raw[k]});
        const TemporaryFolder folder;
        const std::filesystem::path file = folder.path() / "pairs.bin";
        write_file(file,
                   std::string_view(reinterpret_cast<const char*>(pairs.data()), pairs.size() * sizeof(uint64_t)));
        return run<uint64_t>(i, {"pairs", file.string()}, number);
    });
}

std::vector<uint32_t> RtlOperators::sweep(size_t i) const {
    const sim::Operator& op = operators_.at(i);
    const int bits = op.a.bits + op.b.bits;
    if (bits > 32 || op.y.bits > 32)
        throw RangeError(
            fmt::format("{}: {} input and {} output bits, a sweep handles 32 each", op.name, bits, op.y.bits));
    return run_range<uint32_t>(i, 0, uint64_t{1} << bits);
}

std::vector<uint64_t> RtlOperators::sweep_range(size_t i, uint64_t first, uint64_t count) const {
    const sim::Operator& op = operators_.at(i);
    const int bits = op.a.bits + op.b.bits;
    if (bits > 32 || first + count > (uint64_t{1} << bits))
        throw RangeError(fmt::format("{}: pairs {} to {} are not within a sweep of {} (at most 32) input bits", op.name,
                                     first, first + count, bits));
    return run_range<uint64_t>(i, first, count);
}

}  // namespace concrete::gen
