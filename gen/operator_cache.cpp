#include "gen/operator_cache.h"

#include <nlohmann/json.hpp>

#include "gen/process.h"
#include "gen/sources.h"
#include "sim/error.h"
#include "sim/file.h"
#include "sim/hash.h"
#include "sim/version.h"

namespace concrete::gen {

namespace fs = std::filesystem;

namespace {

/// Raise it when the same request and tools give another operator than before.
constexpr uint64_t kGeneratorVersion = 9;

std::string text(const std::optional<std::string>& value) {
    return value ? "=" + *value : "";
}

fs::path notes_entry(const Request& request) {
    return cache_entry(request).replace_extension(".json");
}

}  // namespace

std::map<std::string, std::string> generator_tools() {
    return {{"verilator", tool_version("verilator")}, {"yosys", tool_version("yosys")}, {"concrete", version()}};
}

fs::path cache_entry(const Request& request) {
    Sha256 key;
    key.add(kGeneratorVersion).add(request.name).add(sources_hash(request.sources));
    for (const auto& [tool, tool_version] : generator_tools()) key.add(tool).add(tool_version);
    key.add(request.kind ? sim::to_string(*request.kind) : "");
    key.add(text(request.a_port)).add(text(request.b_port)).add(text(request.y_port));
    key.add(text(request.clock_port)).add(text(request.clear_port)).add(text(request.enable_port));
    key.add(text(request.init_port)).add(request.latency ? static_cast<uint64_t>(*request.latency) : uint64_t{0});
    key.add(request.is_signed ? uint64_t{1} + uint64_t{*request.is_signed} : uint64_t{0});
    key.add(static_cast<uint64_t>(request.y_lsb)).add(sim::to_string(request.closed_form));
    key.add(static_cast<uint64_t>(request.or_bits)).add(static_cast<uint64_t>(request.or_bits_less));
    key.add(static_cast<uint64_t>(request.exhaustive_bits));
    key.add(request.samples).add(request.seed).add(std::to_string(request.sweep_s));
    return cache_folder() / "operators" / (key.hex() + ".h5");
}

std::optional<Generated> load_cached(const Request& request) {
    std::error_code error;
    if (!fs::exists(cache_entry(request), error)) return {};
    try {
        Generated generated{sim::load_operator(cache_entry(request)), {}};
        if (generated.op.name != request.name || generated.op.sources != request.sources) return {};
        for (const nlohmann::json& note : nlohmann::json::parse(read_file(notes_entry(request)))) {
            generated.notes.push_back(note.get<std::string>());
        }
        return generated;
    } catch (const InputError&) {
        return {};  // damaged: it is made again and overwritten
    } catch (const nlohmann::json::exception&) {
        return {};
    }
}

void store_cached(const Request& request, const Generated& generated) {
    try {
        write_file(notes_entry(request), nlohmann::json(generated.notes).dump());
        sim::save_operator(generated.op, cache_entry(request));
    } catch (const InputError&) {
        // The operator itself is in order; the next run takes longer.
    }
}

}  // namespace concrete::gen
