#include "bench/gpu_cublas.h"

#include <array>
#include <fmt/format.h>
#include <limits>

#include "bench/gpu_library.h"
#include "bench/gpu_timing.h"
#include "sim/error.h"

#if __has_include(<cublasLt.h>)
#include <cublasLt.h>
#define CONCRETE_WITH_CUBLAS 1
#endif

namespace concrete::bench {

std::string to_string(ProductType type) {
    return type == ProductType::fp32 ? "fp32" : type == ProductType::tf32 ? "tf32" : "int8";
}

std::vector<uint8_t> product_inputs(ProductType type) {
    return type == ProductType::int8 ? random_bytes(0, 256) : random_floats();
}

#ifdef CONCRETE_WITH_CUBLAS

namespace {

/// The functions of cuBLASLt that are used here.
struct CublasLt {
    decltype(cublasLtCreate)* create;
    decltype(cublasLtMatmulDescCreate)* make_operation;
    decltype(cublasLtMatmulDescSetAttribute)* set_operation;
    decltype(cublasLtMatrixLayoutCreate)* make_layout;
    decltype(cublasLtMatmulPreferenceCreate)* make_preference;
    decltype(cublasLtMatmulPreferenceSetAttribute)* set_preference;
    decltype(cublasLtMatmulAlgoGetHeuristic)* propose;
    decltype(cublasLtMatmul)* multiply;
    decltype(cublasLtGetStatusString)* status_text;
    decltype(cublasLtGetVersion)* version;

    CublasLt() {
        const GpuLibrary library(fmt::format("libcublasLt.so.{}", CUBLAS_VER_MAJOR));
        library.bind("cublasLtCreate", create);
        library.bind("cublasLtMatmulDescCreate", make_operation);
        library.bind("cublasLtMatmulDescSetAttribute", set_operation);
        library.bind("cublasLtMatrixLayoutCreate", make_layout);
        library.bind("cublasLtMatmulPreferenceCreate", make_preference);
        library.bind("cublasLtMatmulPreferenceSetAttribute", set_preference);
        library.bind("cublasLtMatmulAlgoGetHeuristic", propose);
        library.bind("cublasLtMatmul", multiply);
        library.bind("cublasLtGetStatusString", status_text);
        library.bind("cublasLtGetVersion", version);
    }
};

const CublasLt& api() {
    static const CublasLt functions;
    return functions;
}

void check(cublasStatus_t status, const char* what) {
    if (status != CUBLAS_STATUS_SUCCESS)
        throw cuda::DeviceError(fmt::format("cuBLASLt: {}: {}", what, api().status_text(status)));
}

struct Types {
    cudaDataType_t in, out, scale;
    cublasComputeType_t compute;
};

Types types_of(ProductType type) {
    switch (type) {
        case ProductType::fp32:
            return {CUDA_R_32F, CUDA_R_32F, CUDA_R_32F, CUBLAS_COMPUTE_32F};
        case ProductType::tf32:
            return {CUDA_R_32F, CUDA_R_32F, CUDA_R_32F, CUBLAS_COMPUTE_32F_FAST_TF32};
        case ProductType::int8:
            return {CUDA_R_8I, CUDA_R_32I, CUDA_R_32I, CUBLAS_COMPUTE_32I};
    }
    throw UsageError("unknown type of a product");
}

size_t element_bytes(ProductType type) {
    return type == ProductType::int8 ? 1 : sizeof(float);
}

constexpr size_t kWorkspaceBytes = size_t{64} << 20;

}  // namespace

// Handles and descriptors live as long as the process: a benchmark makes few.
struct CublasProduct::State {
    ProductType type;
    size_t m, n, k;
    InputSets weights;
    cuda::DeviceArray<uint8_t> out, workspace;
    cublasLtHandle_t handle{};
    cublasLtMatmulDesc_t operation{};
    cublasLtMatrixLayout_t w{}, in{}, sums{};
    cublasLtMatmulAlgo_t algorithm{};

    State(cuda::Executor& executor, ProductType product_type, size_t rows, size_t columns, size_t length)
        : type(product_type),
          m(rows),
          n(columns),
          k(length),
          weights(executor, n * k * element_bytes(type), product_inputs(type), 1),
          out(executor, m * n * sizeof(int32_t)),
          workspace(executor, kWorkspaceBytes) {
        const Types types = types_of(type);
        check(api().create(&handle), "create a handle");
        check(api().make_operation(&operation, types.compute, types.scale), "describe a product");
        // Column-major, as the library counts: out^T[n, m] = (w^T[k, n])^T in^T[k, m], both read along k.
        const cublasOperation_t transposed = CUBLAS_OP_T;
        check(api().set_operation(operation, CUBLASLT_MATMUL_DESC_TRANSA, &transposed, sizeof transposed),
              "describe a product");
        check(api().make_layout(&w, types.in, k, n, static_cast<int64_t>(k)), "describe weights");
        check(api().make_layout(&in, types.in, k, m, static_cast<int64_t>(k)), "describe inputs");
        check(api().make_layout(&sums, types.out, n, m, static_cast<int64_t>(n)), "describe sums");
    }

    void multiply(cuda::Stream& stream, const void* input) const {
        const float real_one = 1, real_zero = 0;
        const int32_t one = 1, zero = 0;
        const bool is_integer = type == ProductType::int8;
        const void* const alpha = is_integer ? static_cast<const void*>(&one) : &real_one;
        const void* const beta = is_integer ? static_cast<const void*>(&zero) : &real_zero;
        check(api().multiply(handle, operation, alpha, weights.set(0), w, input, in, beta, out.data(), sums, out.data(),
                             sums, &algorithm, workspace.data(), workspace.size(), stream.gpu()),
              "multiply");
    }

    std::vector<cublasLtMatmulHeuristicResult_t> proposals() const {
        cublasLtMatmulPreference_t preference{};
        check(api().make_preference(&preference), "make a preference");
        const size_t bytes = kWorkspaceBytes;
        check(api().set_preference(preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &bytes, sizeof bytes),
              "limit the workspace");
        std::vector<cublasLtMatmulHeuristicResult_t> found(8);
        int count = 0;
        check(api().propose(handle, operation, w, in, sums, sums, preference, static_cast<int>(found.size()),
                            found.data(), &count),
              "propose an algorithm");
        found.resize(static_cast<size_t>(count));
        return found;
    }

    void choose_algorithm(cuda::Executor& executor, cuda::Stream& stream) {
        const InputSets input(executor, m * k * element_bytes(type), product_inputs(type));
        double best = std::numeric_limits<double>::infinity();
        cublasLtMatmulAlgo_t fastest{};
        for (const auto& proposal : proposals()) {
            if (proposal.state != CUBLAS_STATUS_SUCCESS) continue;
            algorithm = proposal.algo;
            try {
                const double seconds =
                    time_calls(stream, 0, [&](cuda::Stream& s, size_t set) { multiply(s, input.set(set)); }).seconds;
                if (seconds < best) best = seconds, fastest = algorithm;
            } catch (const cuda::DeviceError&) {
                continue;  // of several proposals one may fail
            }
        }
        if (best == std::numeric_limits<double>::infinity()) throw cuda::DeviceError("cuBLASLt: proposes no algorithm");
        algorithm = fastest;
    }
};

CublasProduct::CublasProduct(cuda::Executor& executor, cuda::Stream& stream, ProductType type, size_t m, size_t n,
                             size_t k) {
    if (!stream.gpu()) throw MissingError("cuBLASLt needs a GPU");
    api();
    state_ = std::make_unique<State>(executor, type, m, n, k);
    state_->choose_algorithm(executor, stream);
}
CublasProduct::~CublasProduct() = default;

size_t CublasProduct::input_bytes() const {
    return state_->m * state_->k * element_bytes(state_->type);
}

void CublasProduct::run(cuda::Stream& stream, const void* in) const {
    state_->multiply(stream, in);
}

std::string cublas_version() {
    try {
        const size_t version = api().version();  // 10000 * major + 100 * minor + patch
        return fmt::format("{}.{}.{}", version / 10000, version / 100 % 100, version % 100);
    } catch (const MissingError& error) {
        return error.what();
    }
}

#else

struct CublasProduct::State {};
CublasProduct::CublasProduct(cuda::Executor&, cuda::Stream&, ProductType, size_t, size_t, size_t) {
    throw MissingError("this program was built without cuBLASLt's header");
}
CublasProduct::~CublasProduct() = default;
size_t CublasProduct::input_bytes() const {
    return 0;
}
void CublasProduct::run(cuda::Stream&, const void*) const {}
std::string cublas_version() {
    return "this program was built without cuBLASLt's header";
}

#endif

}  // namespace concrete::bench
