#pragma once

#include <filesystem>
#include <span>
#include <string>

namespace concrete::cuda {

/// Compiles CUDA C++ for a GPU at run time, with NVRTC, the compiler that comes with the CUDA toolkit as a library. It
/// is loaded when it is first needed, so that programs also build and start without it.
///
/// What was compiled is kept in the cache folder (sim/file.h) under the hash of text, architecture, options and version
/// of NVRTC; a damaged entry is compiled again. May be called by several threads.
///
/// Args:
///     source: the text, without includes. The same text is compiled once.
///     architecture: "sm_90" for compute capability 9.0.
/// Returns: a cubin, machine code for GPUs of that architecture, as cuModuleLoadData() takes it.
/// Throws: MissingError where there is no NVRTC or it does not know the architecture; InputError with the compiler's
/// log where the text does not compile.
std::string compile_cubin(const std::string& source, const std::string& architecture);

/// Version of the NVRTC that compile_cubin() uses, "13.0". Throws: MissingError where there is none.
std::string nvrtc_version();

namespace detail {

/// Opens NVRTC in the first of some folders that has it; "" stands for the system's search path. Returns: a handle of
/// dlopen(). Throws: MissingError where none has.
void* open_nvrtc(std::span<const std::filesystem::path> folders);

}  // namespace detail
}  // namespace concrete::cuda
