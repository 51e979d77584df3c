#include "app/operators.h"

#include <map>
#include <optional>

#include "gen/catalogue.h"
#include "gen/generate.h"
#include "sim/error.h"

namespace concrete::app {
namespace {

class Provider {
  public:
    explicit Provider(int threads) : threads_(threads) {}

    std::shared_ptr<const sim::Operator> operator()(const sim::OperatorRef& ref) {
        const std::string key = ref.file.empty() ? ref.label() : ref.file.string();
        auto& made = made_[key];
        if (!made) made = std::make_shared<const sim::Operator>(make(ref));
        return made;
    }

  private:
    sim::Operator make(const sim::OperatorRef& ref) {
        if (!ref.file.empty()) return sim::load_operator(ref.file);
        try {
            const gen::Request request = find(ref);
            return gen::generate(std::span(&request, 1), threads_).at(0);
        } catch (const InputError& error) {
            if (ref.node.kind() == sim::YamlNode::Kind::null) throw;
            ref.node.fail(error.what());
        }
    }

    gen::Request find(const sim::OperatorRef& ref) {
        if (!catalogue_) catalogue_ = gen::load_catalogue(gen::default_catalogue_path());
        auto [family, parameters] = gen::parse_instance_name(*catalogue_, ref.name);
        if (!ref.parameters.empty() && family->name != ref.name) {
            throw InputError("'" + ref.name + "' names its parameters already; give them there or apart, not both");
        }
        for (const auto& [name, value] : ref.parameters) parameters[name] = value;
        return gen::catalogue_request(*family, parameters);
    }

    int threads_;
    std::optional<gen::Catalogue> catalogue_;
    std::map<std::string, std::shared_ptr<const sim::Operator>> made_;
};

}  // namespace

sim::OperatorProvider operator_provider(int threads) {
    return [provider = std::make_shared<Provider>(threads)](const sim::OperatorRef& ref) { return (*provider)(ref); };
}

}  // namespace concrete::app
