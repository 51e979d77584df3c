#include "sim/hdf5.h"

#include <fmt/format.h>
#include <limits>

#include "sim/error.h"
#include "sim/hdf5_snapshot.h"

namespace concrete::sim {

using detail::Hdf5Value;

namespace {

std::string describe(const Hdf5Value& value) {
    const std::string shape = value.shape.empty() ? "" : " " + to_string(value.shape);
    switch (value.kind) {
        case Hdf5Value::Kind::integers32:
        case Hdf5Value::Kind::integers64:
            return "integers" + shape;
        case Hdf5Value::Kind::floats32:
        case Hdf5Value::Kind::floats64:
            return "floats" + shape;
        case Hdf5Value::Kind::text:
            return "a string";
        case Hdf5Value::Kind::other:
            return value.text;
    }
    return value.text;
}

}  // namespace

struct Hdf5Reader::State {
    std::filesystem::path path;
    detail::Hdf5Snapshot snapshot;
};

Hdf5Reader::Hdf5Reader(const std::filesystem::path& path)
    : state_(std::make_unique<State>(State{path, detail::read_hdf5(path)})) {}
Hdf5Reader::~Hdf5Reader() = default;

void Hdf5Reader::fail(const std::string& item, const std::string& message) const {
    throw InputError(fmt::format("{}: {}: {}", state_->path.string(), detail::absolute_item(item), message));
}

bool Hdf5Reader::has(const std::string& item) const {
    return state_->snapshot.objects.contains(detail::absolute_item(item));
}

const Hdf5Value& Hdf5Reader::dataset(const std::string& item, size_t max_elements) const {
    const auto found = state_->snapshot.objects.find(detail::absolute_item(item));
    if (found == state_->snapshot.objects.end()) fail(item, "the data set is missing");
    if (found->second.is_group) fail(item, "is a group, expected a data set");
    const Hdf5Value& value = found->second.value;
    if (element_count(value.shape) > max_elements) {
        fail(item, fmt::format("has the shape {}, expected at most {} elements", to_string(value.shape), max_elements));
    }
    return value;
}

std::vector<std::string> Hdf5Reader::members(const std::string& group) const {
    const auto found = state_->snapshot.objects.find(detail::absolute_item(group));
    if (found == state_->snapshot.objects.end()) fail(group, "the group is missing");
    if (!found->second.is_group) fail(group, "is a data set, expected a group");
    const std::string prefix = detail::absolute_item(group) == "/" ? "/" : detail::absolute_item(group) + "/";
    std::vector<std::string> names;
    for (const auto& [path, object] : state_->snapshot.objects) {
        if (!path.starts_with(prefix) || path.size() == prefix.size()) continue;
        const std::string name = path.substr(prefix.size());
        if (name.find('/') == std::string::npos) names.push_back(name);
    }
    return names;
}

Tensor<int32_t> Hdf5Reader::integers32(const std::string& item, size_t max_elements) const {
    const Hdf5Value& value = dataset(item, max_elements);
    if (value.kind == Hdf5Value::Kind::integers32) return {value.shape, value.integers32};
    if (value.kind != Hdf5Value::Kind::integers64)
        fail(item, fmt::format("holds {}, expected integers", describe(value)));
    using Limits = std::numeric_limits<int32_t>;
    Tensor<int32_t> result(value.shape);
    for (size_t i = 0; i < result.size(); ++i) {
        const int64_t v = value.integers64[i];
        if (v < Limits::min() || v > Limits::max()) {
            fail(item, fmt::format("holds {} at element {}, expected 32-bit signed integers", v, i));
        }
        result.data[i] = static_cast<int32_t>(v);
    }
    return result;
}

Tensor<int64_t> Hdf5Reader::integers64(const std::string& item, size_t max_elements) const {
    const Hdf5Value& value = dataset(item, max_elements);
    if (value.kind == Hdf5Value::Kind::integers64) return {value.shape, value.integers64};
    if (value.kind != Hdf5Value::Kind::integers32)
        fail(item, fmt::format("holds {}, expected integers", describe(value)));
    return {value.shape, std::vector<int64_t>(value.integers32.begin(), value.integers32.end())};
}

Tensor<float> Hdf5Reader::floats(const std::string& item, size_t max_elements) const {
    const Hdf5Value& value = dataset(item, max_elements);
    if (value.kind != Hdf5Value::Kind::floats32) fail(item, fmt::format("holds {}, expected floats", describe(value)));
    return {value.shape, value.floats32};
}

std::string Hdf5Reader::text(const std::string& item) const {
    const Hdf5Value& value = dataset(item, detail::kMaxElements);
    if (value.kind != Hdf5Value::Kind::text) fail(item, fmt::format("holds {}, expected a string", describe(value)));
    return value.text;
}

bool Hdf5Reader::has_attribute(const std::string& object, const std::string& name) const {
    const auto found = state_->snapshot.objects.find(detail::absolute_item(object));
    return found != state_->snapshot.objects.end() && found->second.attributes.contains(name);
}

const Hdf5Value& Hdf5Reader::attribute(const std::string& object, const std::string& name) const {
    const auto found = state_->snapshot.objects.find(detail::absolute_item(object));
    if (found == state_->snapshot.objects.end()) fail(object, "is missing");
    const auto value = found->second.attributes.find(name);
    if (value == found->second.attributes.end()) fail(object, fmt::format("the attribute '{}' is missing", name));
    return value->second;
}

std::string Hdf5Reader::text_attribute(const std::string& object, const std::string& name) const {
    const Hdf5Value& value = attribute(object, name);
    if (value.kind != Hdf5Value::Kind::text) {
        fail(object, fmt::format("the attribute '{}' holds {}, expected a string", name, describe(value)));
    }
    return value.text;
}

int64_t Hdf5Reader::integer_attribute(const std::string& object, const std::string& name) const {
    const Hdf5Value& value = attribute(object, name);
    if (value.integers32.size() + value.integers64.size() != 1) {
        fail(object, fmt::format("the attribute '{}' holds {}, expected one integer", name, describe(value)));
    }
    return value.integers32.empty() ? value.integers64[0] : value.integers32[0];
}

double Hdf5Reader::number_attribute(const std::string& object, const std::string& name) const {
    const Hdf5Value& value = attribute(object, name);
    if (value.floats64.size() != 1) {
        fail(object, fmt::format("the attribute '{}' holds {}, expected one float", name, describe(value)));
    }
    return value.floats64[0];
}

}  // namespace concrete::sim
