#include "verify/neuron_program.h"

#include <cstring>
#include <fmt/format.h>

#include "gen/process.h"
#include "gen/verilated.h"
#include "sim/error.h"
#include "sim/file.h"
#include "verify/hardware.h"

namespace concrete::verify {
namespace {

/// The driver: argument 1 is the file of stimuli, argument 2 that of responses, all in 64-bit words. A MAC is one word,
/// a in the low and b in the high half. It prints the seconds spent in the model.
constexpr const char* kDriver = R"cpp(
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <vector>

#include "Vtop.h"

    static double seconds = 0;

    static void neuron(Vtop& top, const uint64_t* head, const uint64_t* macs, std::vector<uint64_t>& out) {
        const auto start = std::chrono::steady_clock::now();
        const auto clock = [&] {
            top.clk = 0;
            top.eval();
            top.clk = 1;
            top.eval();
        };
        top.init = head[0];
        top.correction = head[1];
        top.m = head[2];
        top.n = head[3];
        top.zero_point = head[4];
        top.lowest = head[5];
        top.highest = head[6];
        const uint64_t count = head[7];
        top.clear = 1;
        top.enable = 1;
        top.a = count ? macs[0] & 0xffffffff : 0;
        top.b = count ? macs[0] >> 32 : 0;
        clock();
        out.push_back(top.acc);
        top.clear = 0;
        for (uint64_t k = 0; k < count; ++k) {
            top.a = macs[k] & 0xffffffff;
            top.b = macs[k] >> 32;
            clock();
            out.push_back(top.acc);
        }
        top.enable = 0;
        clock();
        out.push_back(top.acc);
        out.push_back(top.corrected);
        out.push_back(top.q);
        seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    }

    int main(int, char** arguments) {
        FILE* in = std::fopen(arguments[1], "rb");
        FILE* out = std::fopen(arguments[2], "wb");
        if (!in || !out) return 1;
        Vtop top;
        uint64_t head[8];
        std::vector<uint64_t> macs, answers;
        while (std::fread(head, 8, 8, in) == 8) {
            macs.resize(head[7]);
            if (std::fread(macs.data(), 8, macs.size(), in) != macs.size()) return 1;
            answers.clear();
            neuron(top, head, macs.data(), answers);
            if (std::fwrite(answers.data(), 8, answers.size(), out) != answers.size()) return 1;
        }
        if (std::fclose(out) != 0) return 1;
        std::printf("%.9f\n", seconds);
        return 0;
    }
)cpp";

std::string encode_stimuli(std::span<const NeuronStimulus> stimuli) {
    std::vector<uint64_t> words;
    for (const NeuronStimulus& s : stimuli) {
        const sim::Requantizer& r = s.requantizer;
        const auto code = [](int64_t value) { return sim::encode(value, kCodeBits); };
        words.insert(words.end(),
                     {s.init, s.correction, static_cast<uint64_t>(r.multiplier), static_cast<uint64_t>(r.shift),
                      code(r.zero_point), code(r.lowest), code(r.highest), s.a.size()});
        for (size_t k = 0; k < s.a.size(); ++k) words.push_back(uint64_t{s.b[k]} << 32 | s.a[k]);
    }
    return {reinterpret_cast<const char*>(words.data()), words.size() * 8};
}

std::vector<NeuronResponse> decode_responses(const std::string& bytes, std::span<const NeuronStimulus> stimuli) {
    std::vector<uint64_t> words(bytes.size() / 8);
    std::memcpy(words.data(), bytes.data(), words.size() * 8);
    size_t expected = 0;
    for (const NeuronStimulus& s : stimuli) expected += s.a.size() + 4;
    if (bytes.size() != expected * 8) {
        throw MissingError(
            fmt::format("the Verilated neuron answered {} bytes, expected {}; clear the cache and try "
                        "again",
                        bytes.size(), expected * 8));
    }
    std::vector<NeuronResponse> responses;
    const uint64_t* at = words.data();
    for (const NeuronStimulus& s : stimuli) {
        NeuronResponse response;
        response.acc.assign(at, at + s.a.size() + 1);
        at += s.a.size() + 1;
        response.held = *at++;
        response.corrected = *at++;
        response.q = *at++;
        responses.push_back(std::move(response));
    }
    return responses;
}

}  // namespace

NeuronProgram::NeuronProgram(const sim::Sources& sources) {
    gen::VerilatedSpec spec;
    spec.sources = sources;
    spec.driver = kDriver;
    program_ = gen::build_verilated(spec);
}

NeuronProgram::Result NeuronProgram::run(std::span<const NeuronStimulus> stimuli) const {
    const TemporaryFolder folder;
    write_file(folder.path() / "stimuli", encode_stimuli(stimuli));
    gen::ProcessLimits limits;
    limits.cpu_s = limits.wall_s = 24 * 3600;
    const gen::ProcessResult done =
        gen::run_process({program_.string(), "stimuli", "responses"}, folder.path(), limits);
    if (done.exit_status != 0) {
        throw MissingError(fmt::format("the Verilated neuron ended with status {} {}: {}", done.exit_status,
                                       done.ended_by, done.err.substr(0, 400)));
    }
    const std::string answers = read_file(folder.path() / "responses", uint64_t{4} << 30);
    return {decode_responses(answers, stimuli), std::stod(done.out)};
}

}  // namespace concrete::verify
