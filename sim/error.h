#pragma once

#include <stdexcept>
#include <string>

namespace concrete {

/// What the `concrete` program returns to its caller.
enum class ExitCode { done = 0, usage = 1, bad_input = 2, mismatch = 3, missing = 4 };

/// Base of everything Concrete throws on purpose. The message is one sentence that says where, what was found, what was
/// expected and what to do; only `main` prints it.
class Error : public std::runtime_error {
  public:
    Error(ExitCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
    ExitCode code() const { return code_; }

  private:
    ExitCode code_;
};

/// The command line asks for something that does not exist.
struct UsageError : Error {
    explicit UsageError(const std::string& message) : Error(ExitCode::usage, message) {}
};

/// Something read from outside (YAML, HDF5, Verilog, pictures, codes) is not what it must be.
struct InputError : Error {
    explicit InputError(const std::string& message) : Error(ExitCode::bad_input, message) {}
};

/// Shapes disagree or a dimension is 0.
struct ShapeError : InputError {
    using InputError::InputError;
};

/// A number lies outside the range that its use allows.
struct RangeError : InputError {
    using InputError::InputError;
};

/// The RTL and the simulator differ.
struct MismatchError : Error {
    explicit MismatchError(const std::string& message) : Error(ExitCode::mismatch, message) {}
};

/// A tool, library or device is missing on this machine; the message says what to install.
struct MissingError : Error {
    explicit MissingError(const std::string& message) : Error(ExitCode::missing, message) {}
};

}  // namespace concrete
