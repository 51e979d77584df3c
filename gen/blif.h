#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace concrete::gen {

/// One `.model` of a BLIF file: named signals, gates with truth tables, latches, instances of other models.
/// Signals are numbered; gates stand in the order of the file, which need not be topological.
struct BlifModel {
    struct Gate {
        std::vector<uint32_t> inputs;  ///< signals, at most kMaxBlifGateInputs
        uint32_t output = 0;
        /// Bit sum(value of inputs[i] << i) is the output: word index / 64, bit index % 64. max(1, 2^inputs / 64)
        /// words; bits beyond 2^inputs are 0.
        std::vector<uint64_t> table;
        int line = 0;

        bool at(uint64_t index) const { return (table[index / 64] >> (index % 64) & 1) != 0; }
    };
    struct Latch {
        uint32_t input = 0, output = 0;
        std::string type;               ///< "re", "fe", "ah", "al", "as"; "" where the file gives none
        std::optional<uint32_t> clock;  ///< nothing for NIL or where the file gives none
        int init = 3;                   ///< 0, 1, 2 (does not matter), 3 (unknown)
        int line = 0;
    };
    struct Instance {
        std::string model;
        std::vector<std::pair<std::string, uint32_t>> pins;  ///< port of the model, signal here
        int line = 0;
    };

    std::string name;
    int line = 0;
    std::vector<std::string> signals;  ///< their names
    std::vector<uint32_t> inputs, outputs;
    std::vector<Gate> gates;
    std::vector<Latch> latches;
    std::vector<Instance> instances;

    std::optional<uint32_t> find(std::string_view signal) const;
    /// The number of a signal, made if it is new.
    uint32_t intern(std::string_view signal);

  private:
    std::map<std::string, uint32_t, std::less<>> numbers_;
};

/// Widest cover kept as one table; the reader breaks wider ones down into gates of such a width.
inline constexpr size_t kMaxBlifGateInputs = 12;
/// Most bytes of a file, and signals, gates and 64-bit words of tables of all its models.
inline constexpr uint64_t kMaxBlifBytes = uint64_t{64} << 20;
inline constexpr uint64_t kMaxBlifItems = uint64_t{1} << 22;

/// Reads all models of a BLIF text (Berkeley Logic Interchange Format): .model, .inputs, .outputs, .names, .latch,
/// .subckt, .end, comments, continued lines. Untrusted.
///
/// Every signal has one driver (checked) or none (not checked). A cover with '1' outputs lists where the gate is 1, one
/// with '0' outputs where it is 0; a gate without cover is constant 0.
///
/// Args: shown: what messages call the text ("adder.blif").
/// Throws: InputError "adder.blif:7: ..." for everything else.
std::vector<BlifModel> read_blif(std::string_view text, const std::string& shown);

/// One model without instances: `top` ("" for the first) with everything below it put in place. Signal s inside the
/// n-th instance placed, one of model m, is called "m#n/s".
/// Throws: InputError for unknown models or pins, models that contain themselves, and results beyond kMaxBlifItems.
BlifModel flatten_blif(const std::vector<BlifModel>& models, const std::string& top, const std::string& shown);

}  // namespace concrete::gen
