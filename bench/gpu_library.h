#pragma once

#include <string>

/// Libraries of CUDA that the machine has, or has not: never linked, so that programs start without them.
namespace concrete::bench {

class GpuLibrary {
  public:
    /// Opens a library where the loader finds it, or in the toolkit's usual folder; it stays open. Args: file:
    /// "libcudnn.so.9". Throws: MissingError.
    explicit GpuLibrary(const std::string& file);

    /// Looks a function up. Throws: MissingError.
    template <typename Function>
    void bind(const char* name, Function*& function) const {
        function = reinterpret_cast<Function*>(symbol(name));
    }

  private:
    void* symbol(const char* name) const;

    std::string file_;
    void* handle_ = nullptr;
};

}  // namespace concrete::bench
