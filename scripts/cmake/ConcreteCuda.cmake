# Sets CONCRETE_WITH_CUDA from CONCRETE_CUDA and, where it is on, enables the language. A macro, because languages are
# enabled for the scope that asks.
macro(concrete_find_cuda)
  set(CONCRETE_WITH_CUDA OFF)
  if(NOT CONCRETE_CUDA STREQUAL "OFF")
    include(CheckLanguage)
    check_language(CUDA)
    if(CMAKE_CUDA_COMPILER)
      if(NOT DEFINED CMAKE_CUDA_ARCHITECTURES)
        set(CMAKE_CUDA_ARCHITECTURES 75-real 80-real 90-real 90-virtual)
      endif()
      enable_language(CUDA)
      # CMake 3.25 knows no C++20 for CUDA 13: it would take the standard over from C++ and stop. Asked for without
      # force it says nothing, and concrete_options gives the flag.
      set(CMAKE_CUDA_STANDARD 20)
      set(CMAKE_CUDA_STANDARD_REQUIRED OFF)
      find_package(CUDAToolkit REQUIRED)
    endif()
    if(CMAKE_CUDA_COMPILER AND CMAKE_CUDA_COMPILER_VERSION VERSION_GREATER_EQUAL 12.8)  # C++20, cudaLibraryLoadData
      set(CONCRETE_WITH_CUDA ON)
    elseif(CONCRETE_CUDA STREQUAL "ON")
      message(FATAL_ERROR "CONCRETE_CUDA=ON but no nvcc of version 12.8 or later was found; "
        "install the CUDA toolkit, or name its nvcc in CUDACXX, or use CONCRETE_CUDA=OFF")
    endif()
  endif()
  message(STATUS "CUDA back end: ${CONCRETE_WITH_CUDA}")
endmacro()
