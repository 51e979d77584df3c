#include "app/catalogue_list.h"

namespace concrete::app {
namespace {

/// "K=0..64 W=2..64"
std::string ranges(const gen::Family& family) {
    std::string text;
    for (const auto& [name, parameter] : family.parameters) {
        text += fmt::format("{}{}={}..{}", text.empty() ? "" : " ", name, parameter.lowest, parameter.highest);
    }
    return text.empty() ? "-" : text;
}

Json to_json(const gen::Family& family) {
    Json json = {{"name", family.name},       {"kind", to_string(family.kind)}, {"top", family.top},
                 {"summary", family.summary}, {"source", family.source},        {"instances", Json::array()}};
    json["parameters"] = Json::object();
    for (const auto& [name, parameter] : family.parameters) {
        json["parameters"][name] = {
            {"min", parameter.lowest}, {"max", parameter.highest}, {"default", parameter.fallback}};
    }
    for (const auto& instance : family.instances) json["instances"].push_back(gen::instance_name(family, instance));
    return json;
}

}  // namespace

void list_catalogue(Context& context, const gen::Catalogue& catalogue) {
    size_t name_width = 6, range_width = 10, instances = 0;
    for (const gen::Family& family : catalogue.families) {
        name_width = std::max(name_width, family.name.size());
        range_width = std::max(range_width, ranges(family).size());
        instances += family.instances.size();
    }
    const auto line = [&](const auto& name, const auto& kind, const auto& range, const auto& count, const auto& text) {
        context.print("{:<{}}  {:<10}  {:<{}}  {:>9}  {}\n", name, name_width, kind, range, range_width, count, text);
    };
    line("family", "kind", "parameters", "instances", "summary");
    context.result["families"] = Json::array();
    for (const gen::Family& family : catalogue.families) {
        line(family.name, to_string(family.kind), ranges(family), family.instances.size(), family.summary);
        context.result["families"].push_back(to_json(family));
    }
    context.print("{} families, {} listed instances\n", catalogue.families.size(), instances);
}

}  // namespace concrete::app
