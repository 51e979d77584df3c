#pragma once

#include <hdf5.h>
#include <mutex>
#include <utility>

namespace concrete::sim::detail {

/// An HDF5 identifier with the function that closes it; false where the call that should have made it failed.
class Hdf5Handle {
  public:
    using Close = herr_t (*)(hid_t);

    Hdf5Handle() = default;
    Hdf5Handle(hid_t id, Close closer) : id_(id), close_(closer) {}
    Hdf5Handle(Hdf5Handle&& other) noexcept : id_(std::exchange(other.id_, -1)), close_(other.close_) {}
    Hdf5Handle& operator=(Hdf5Handle&& other) noexcept {
        std::swap(id_, other.id_);
        std::swap(close_, other.close_);
        return *this;
    }
    ~Hdf5Handle() { close(); }

    explicit operator bool() const { return id_ >= 0; }
    operator hid_t() const { return id_; }  // NOLINT(google-explicit-constructor): handed to C functions

    /// False if HDF5 could not close it (a file: could not write it out).
    bool close() { return id_ < 0 || close_(std::exchange(id_, -1)) >= 0; }

  private:
    hid_t id_ = -1;
    Close close_ = nullptr;
};

/// The serial HDF5 library knows no threads: whoever calls it, or forks, holds this.
std::recursive_mutex& hdf5_mutex();

/// Silences HDF5's own error stack on stderr and forbids it to load filter plug-ins; ours are the messages.
void prepare_hdf5();

}  // namespace concrete::sim::detail
