#include "app/json.h"

#include <cmath>

#include "sim/file.h"
#include "sim/version.h"

namespace concrete::app {

namespace {

constexpr int64_t kLargestExactInteger = int64_t{1} << 53;

void make_portable(Json& value) {
    if (value.is_structured()) {
        for (auto& element : value) make_portable(element);
    } else if (value.is_number_unsigned()) {
        const auto number = value.get<uint64_t>();
        if (number > static_cast<uint64_t>(kLargestExactInteger)) value = std::to_string(number);
    } else if (value.is_number_integer()) {
        const auto number = value.get<int64_t>();
        if (number > kLargestExactInteger || number < -kLargestExactInteger) value = std::to_string(number);
    } else if (value.is_number_float() && !std::isfinite(value.get<double>())) {
        value = nullptr;
    }
}

}  // namespace

std::string status_name(ExitCode code) {
    switch (code) {
        case ExitCode::done:
            return "done";
        case ExitCode::usage:
            return "usage";
        case ExitCode::bad_input:
            return "bad_input";
        case ExitCode::mismatch:
            return "mismatch";
        case ExitCode::missing:
            return "missing";
    }
    return "bad_input";
}

std::string envelope(const std::string& command, ExitCode code, const std::string& error, const Json& result) {
    Json json;
    json["format"] = 1;
    json["command"] = command;
    json["version"] = version();
    json["status"] = status_name(code);
    json["exit_code"] = static_cast<int>(code);
    if (!error.empty()) json["error"] = error;
    json["result"] = result;
    make_portable(json["result"]);
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

void write_json(const std::string& target, const std::string& text) {
    if (target != "-") {
        write_file(target, text);
        return;
    }
    if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0) {
        throw InputError("standard output: the JSON cannot be written");
    }
}

}  // namespace concrete::app
