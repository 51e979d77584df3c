#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "gen/generate.h"
#include "sim/operator.h"

namespace concrete::gen {

/// An operator with the notes that its making gave.
struct Generated {
    sim::Operator op;
    std::vector<std::string> notes;
};

/// Tools whose versions a result depends on, as Operator::tools holds them.
std::map<std::string, std::string> generator_tools();

/// The operator made from exactly this request with these tools, or nothing: also where the entry is damaged.
std::optional<Generated> load_cached(const Request& request);

/// Keeps an operator for load_cached. A cache that cannot be written to is not an error.
void store_cached(const Request& request, const Generated& generated);

/// Where the entry of a request stands, whether it exists or not.
std::filesystem::path cache_entry(const Request& request);

}  // namespace concrete::gen
