#pragma once

/// Arithmetic that the GPU shares with the CPU, so that there is one copy of it: such functions are compiled for both
/// where nvcc compiles.
#ifdef __CUDACC__
#define CONCRETE_HOST_DEVICE __host__ __device__
#else
#define CONCRETE_HOST_DEVICE
#endif
