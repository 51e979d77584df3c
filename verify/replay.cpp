#include "verify/replay.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <set>
#include <tuple>

#include "gen/mac_program.h"
#include "gen/sources.h"
#include "sim/mac_step.h"
#include "sim/parallel.h"
#include "verify/hardware.h"
#include "verify/stimulus.h"

namespace concrete::verify {
namespace {

using sim::MacLayer;

/// Cases of one layer.
struct LayerCases {
    const MacLayer* layer;
    std::span<const NeuronCase> cases;
};

std::vector<LayerCases> by_layer(std::span<const NeuronCase> cases) {
    std::vector<LayerCases> groups;
    for (size_t begin = 0; begin < cases.size();) {
        size_t end = begin;
        while (end < cases.size() && cases[end].layer == cases[begin].layer) ++end;
        groups.push_back({cases[begin].layer, cases.subspan(begin, end - begin)});
        begin = end;
    }
    return groups;
}

std::string hex(uint64_t pattern, int bits) {
    return fmt::format("0x{:0{}x}", pattern, (bits + 3) / 4);
}

/// What differs for one neuron, or "".
std::string difference(const NeuronCase& neuron, const NeuronResponse& rtl) {
    const MacLayer& layer = *neuron.layer;
    const int bits = layer.acc.bits;
    const auto differs = [&](const std::string& where, uint64_t got, uint64_t expected, int width) {
        return fmt::format("{}, {}: RTL {}, simulator {}", neuron.place(), where, hex(got, width),
                           hex(expected, width));
    };

    const std::vector<int64_t> expected = expected_accumulators(neuron);
    for (size_t k = 0; k < expected.size(); ++k) {
        const uint64_t pattern = sim::encode(expected[k], bits);
        if (rtl.acc[k] == pattern) continue;
        if (k == 0) return differs("after clear", rtl.acc[k], pattern, bits);
        return differs(fmt::format("MAC {}, a={} b={}, accumulator {} before", k - 1, neuron.trace.a[k - 1],
                                   neuron.trace.w[k - 1], hex(sim::encode(expected[k - 1], bits), bits)),
                       rtl.acc[k], pattern, bits);
    }
    if (rtl.held != rtl.acc.back()) return differs("held without enable", rtl.held, rtl.acc.back(), bits);

    const int64_t traced = sim::apply_correction(layer.acc, expected.back(), neuron.trace.correction);
    if (traced != neuron.engine_acc) {
        return fmt::format("{}: the engine's accumulator is {}, its operand stream gives {}", neuron.place(),
                           hex(sim::encode(neuron.engine_acc, bits), bits), hex(sim::encode(traced, bits), bits));
    }
    const uint64_t corrected = sim::encode(neuron.engine_acc, bits);
    if (rtl.corrected != corrected) return differs("zero-point correction", rtl.corrected, corrected, bits);
    if (neuron.engine_code) {
        const uint64_t code = sim::encode(*neuron.engine_code, kCodeBits);
        if (rtl.q != code) return differs("requantised code", rtl.q, code, kCodeBits);
    }
    return "";
}

/// Clocks the user's own unit, then gives its last accumulators to correction and requantiser.
NeuronProgram::Result replay_mac_unit(const LayerCases& group, const NeuronProgram& program) {
    const sim::Operator& op = group.layer->products->multiplier();
    std::vector<gen::MacSequence> sequences;
    for (const NeuronCase& neuron : group.cases) {
        gen::MacSequence s;
        s.init = sim::encode(neuron.trace.init, op.y.bits);
        for (const int32_t a : neuron.trace.a) s.a.push_back(sim::encode(a, op.a.bits));
        for (const int32_t w : neuron.trace.w) s.b.push_back(sim::encode(w, op.b.bits));
        sequences.push_back(std::move(s));
    }
    const gen::MacProgram::Result unit = gen::MacProgram(op).run(sequences);

    std::vector<NeuronStimulus> stimuli;
    for (size_t i = 0; i < group.cases.size(); ++i) {
        NeuronStimulus stimulus = stimulus_of(group.cases[i]);
        stimulus.a.clear();
        stimulus.b.clear();
        stimulus.init = unit.answers[i].acc.back();
        stimuli.push_back(std::move(stimulus));
    }
    NeuronProgram::Result result = program.run(stimuli);
    for (size_t i = 0; i < group.cases.size(); ++i) {
        const gen::MacAnswer& answer = unit.answers[i];
        result.responses[i].acc = answer.acc;
        result.responses[i].held = op.mac->enable.empty() ? answer.acc.back() : answer.held;
    }
    result.seconds += unit.seconds;
    return result;
}

LayerReplay replay_layer(const LayerCases& group, const NeuronProgram& program) {
    std::vector<NeuronStimulus> stimuli;
    LayerReplay result;
    result.layer = group.layer->name;
    result.hardware = hardware_of(*group.layer).label();
    result.neurons = group.cases.size();
    for (const NeuronCase& neuron : group.cases) {
        stimuli.push_back(stimulus_of(neuron));
        result.macs += neuron.trace.a.size();
    }
    const bool is_unit = group.layer->products->is_mac_unit();
    const NeuronProgram::Result run = is_unit ? replay_mac_unit(group, program) : program.run(stimuli);
    result.seconds = run.seconds;
    for (size_t i = 0; i < group.cases.size(); ++i) {
        const std::string found = difference(group.cases[i], run.responses[i]);
        if (found.empty()) continue;
        if (result.mismatches++ == 0) result.first_mismatch = found;
    }
    return result;
}

}  // namespace

std::string NeuronCase::place() const {
    return fmt::format("{}: image {}, channel {}, row {}, column {}", layer->name, image, channel, row, column);
}

NeuronSampler::NeuronSampler(const std::vector<MacLayer>& layers, size_t images, size_t samples, uint64_t seed)
    : layers_(layers) {
    for (size_t i = 0; i < layers.size(); ++i)
        chosen_.push_back(detail::choose(images * layers[i].outputs_per_image(), samples, seed + i));
}

sim::MacObserver NeuronSampler::observer(std::vector<size_t> images) {
    return [this, images = std::move(images)](const sim::MacLayerRecord& entry) {
        for (size_t position = 0; position < entry.images; ++position)
            record(entry, position, images.at(entry.first_image + position));
    };
}

std::vector<size_t> NeuronSampler::images() const {
    std::set<size_t> images;
    for (size_t i = 0; i < layers_.size(); ++i)
        for (const uint64_t neuron : chosen_[i]) images.insert(neuron / layers_[i].outputs_per_image());
    return {images.begin(), images.end()};
}

void NeuronSampler::record(const sim::MacLayerRecord& record, size_t position, size_t image) {
    const MacLayer& layer = *record.layer;
    const size_t outputs = layer.outputs_per_image(), plane = layer.out_h * layer.out_w;
    const std::vector<uint64_t>& chosen = chosen_.at(static_cast<size_t>(record.layer - layers_.data()));
    const int32_t* codes = record.input_codes->data.data() + position * layer.in_channels * layer.in_h * layer.in_w;
    for (auto at = std::lower_bound(chosen.begin(), chosen.end(), image * outputs);
         at != chosen.end() && *at < (image + 1) * outputs; ++at) {
        NeuronCase found;
        found.layer = record.layer;
        found.image = image;
        found.channel = *at % outputs / plane;
        found.row = *at % plane / layer.out_w;
        found.column = *at % layer.out_w;
        found.trace = sim::trace_neuron(layer, codes, found.channel, found.row, found.column);
        const size_t output = position * outputs + *at % outputs;
        found.engine_acc = record.accumulators->data[output];
        if (record.output_codes) found.engine_code = record.output_codes->data[output];
        cases_.push_back(std::move(found));
    }
}

std::vector<NeuronCase> NeuronSampler::cases() const {
    std::vector<NeuronCase> sorted = cases_;
    std::sort(sorted.begin(), sorted.end(), [](const NeuronCase& x, const NeuronCase& y) {
        return std::tie(x.layer, x.image, x.channel, x.row, x.column) <
               std::tie(y.layer, y.image, y.channel, y.row, y.column);
    });
    return sorted;
}

std::vector<int64_t> expected_accumulators(const NeuronCase& neuron) {
    const MacLayer& layer = *neuron.layer;
    std::vector<int64_t> acc{neuron.trace.init};
    for (size_t k = 0; k < neuron.trace.a.size(); ++k) {
        acc.push_back(sim::mac_step(*layer.products, layer.acc, acc.back(), neuron.trace.a[k], neuron.trace.w[k]));
    }
    return acc;
}

std::vector<LayerReplay> replay(std::span<const NeuronCase> cases, const ReplayOptions& options) {
    const std::vector<LayerCases> groups = by_layer(cases);
    const std::filesystem::path rtl = options.rtl.empty() ? rtl_folder() : options.rtl;

    std::map<std::string, size_t> program_of_hash;
    std::vector<sim::Sources> hardware;
    std::vector<size_t> program_of_group;
    for (const LayerCases& group : groups) {
        sim::Sources needed = neuron_sources(hardware_of(*group.layer), rtl);
        const auto [at, is_new] = program_of_hash.try_emplace(gen::sources_hash(needed), hardware.size());
        if (is_new) hardware.push_back(std::move(needed));
        program_of_group.push_back(at->second);
    }

    std::mutex mutex;
    size_t done = 0;
    const auto step = [&] {
        const std::lock_guard lock(mutex);
        if (options.progress) options.progress(++done, hardware.size() + groups.size());
    };
    std::vector<std::unique_ptr<NeuronProgram>> programs(hardware.size());
    sim::parallel_for(hardware.size(), options.threads, [&](size_t begin, size_t end) {
        for (size_t i = begin; i < end; ++i, step()) programs[i] = std::make_unique<NeuronProgram>(hardware[i]);
    });
    std::vector<LayerReplay> results(groups.size());
    sim::parallel_for(groups.size(), options.threads, [&](size_t begin, size_t end) {
        for (size_t i = begin; i < end; ++i, step())
            results[i] = replay_layer(groups[i], *programs[program_of_group[i]]);
    });
    return results;
}

namespace detail {

std::vector<uint64_t> choose(uint64_t total, uint64_t count, uint64_t seed) {
    count = std::min(count, total);
    std::mt19937_64 random(seed);
    std::set<uint64_t> chosen;
    // Floyd's algorithm (Bentley, CACM 30(9), 1987): each set of `count` numbers is equally likely.
    for (uint64_t last = total - count; last < total; ++last) {
        const uint64_t candidate = random() % (last + 1);
        if (!chosen.insert(candidate).second) chosen.insert(last);
    }
    return {chosen.begin(), chosen.end()};
}

}  // namespace detail
}  // namespace concrete::verify
