#include "bench/layer_operators.h"

#include <algorithm>
#include <fmt/format.h>
#include <fnmatch.h>

#include "gen/catalogue.h"
#include "sim/error.h"
#include "sim/parallel.h"
#include "sim/random.h"

namespace concrete::bench {
namespace {

constexpr std::array<const char*, 18> kCatalogueGlobs{"mul8s_exact",
                                                      "mul8u_exact",
                                                      "booth8_m?-P*",
                                                      "mul_s_drum-*WIDTH8",
                                                      "mul_u_drum-*WIDTH8",
                                                      "mul_s_truncated-*WIDTH8",
                                                      "mul_u_truncated-*WIDTH8",
                                                      "mul_u_bam-*WIDTH8",
                                                      "mul_s_mitchell-WIDTH8",
                                                      "mul_u_mitchell-WIDTH8",
                                                      "mul_s_roba-WIDTH8",
                                                      "mul_u_roba-WIDTH8",
                                                      "mul_u_ssm-*WIDTH8",
                                                      "mul_u_udm-WIDTH8",
                                                      "mul_u_etm-*WIDTH8",
                                                      "mul8u_momeni_d1-P*",
                                                      "mul8u_venkatachalam_ko-P*",
                                                      "mul_u_tosam-*WIDTH8"};

bool matches(const std::string& name, const std::string& glob) {
    return fnmatch(glob.c_str(), name.c_str(), 0) == 0;
}

bool is_timed(const sim::Operator& op) {
    return op.kind == sim::OperatorKind::multiplier && op.a.bits == 8 && op.b.bits == 8 && !op.lut.empty();
}

/// With the random table; throws if there is none.
std::vector<OperatorPointer> completed(std::vector<OperatorPointer> operators, const std::string& glob) {
    if (matches(kRandomTable, glob)) operators.push_back(random_table());
    if (operators.empty()) throw InputError(fmt::format("no 8x8 multiplier matches '{}'", glob));
    return operators;
}

}  // namespace

bool is_representative(const std::string& name) {
    return std::find(kRepresentatives.begin(), kRepresentatives.end(), name) != kRepresentatives.end();
}

OperatorPointer random_table() {
    auto op = std::make_shared<sim::Operator>();
    op->name = kRandomTable;
    op->a = {"a", 8, true};
    op->b = {"b", 8, true};
    op->y = {"y", 16, true};
    op->lut.resize(size_t{1} << 16);
    sim::Random random(1);
    std::generate(op->lut.begin(), op->lut.end(),
                  [&] { return static_cast<int32_t>(sim::decode(random.bits(), 16, true)); });
    return op;
}

std::vector<OperatorPointer> operators_of_folder(const std::filesystem::path& folder, const std::string& glob) {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder))
        if (entry.path().extension() == ".h5" && matches(entry.path().stem(), glob)) files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    std::vector<OperatorPointer> operators;
    for (const auto& file : files) {
        auto op = std::make_shared<const sim::Operator>(sim::load_operator(file));
        if (is_timed(*op)) operators.push_back(std::move(op));
    }
    return completed(std::move(operators), glob);
}

std::vector<OperatorPointer> operators_of_catalogue(const std::string& glob, bool few) {
    const gen::Catalogue catalogue = gen::load_catalogue(gen::default_catalogue_path());
    std::vector<gen::Request> requests;
    const auto add = [&](const char* pattern) {
        for (gen::Request& request : gen::catalogue_requests(catalogue, pattern))
            if (matches(request.name, glob)) requests.push_back(std::move(request));
    };
    if (few) {
        for (const char* name : kRepresentatives)
            if (name != std::string(kRandomTable)) add(name);
    } else {
        for (const char* pattern : kCatalogueGlobs) add(pattern);
    }
    std::vector<OperatorPointer> operators;
    for (sim::Operator& op : gen::generate(requests, sim::default_threads()))
        if (is_timed(op)) operators.push_back(std::make_shared<const sim::Operator>(std::move(op)));
    return completed(std::move(operators), glob);
}

}  // namespace concrete::bench
