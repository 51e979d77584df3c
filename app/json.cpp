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

namespace {

/// Length of the UTF-8 sequence at the start of text, 0 if there is none (RFC 3629; overlong forms and surrogates
/// pass).
size_t utf8_length(std::string_view text) {
    const auto lead = static_cast<unsigned char>(text[0]);
    const size_t length = lead < 0x80 ? 1 : lead >> 5 == 6 ? 2 : lead >> 4 == 14 ? 3 : lead >> 3 == 30 ? 4 : 0;
    if (length > text.size()) return 0;
    for (size_t i = 1; i < length; ++i) {
        if (static_cast<unsigned char>(text[i]) >> 6 != 2) return 0;
    }
    return length;
}

}  // namespace

std::string printable(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        size_t length = utf8_length(text);
        const auto byte = static_cast<unsigned char>(text[0]);
        if (length == 0 || byte < 0x20 || byte == 0x7f) {
            out += fmt::format("\\x{:02x}", byte);
            length = 1;
        } else {
            out += text.substr(0, length);
        }
        text.remove_prefix(length);
    }
    return out;
}

std::string csv_field(const std::string& text) {
    if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
    std::string quoted = "\"";
    for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
    return quoted + '"';
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
