#include "cuda/libraries/cublas_lt.h"

#include "core/try.h"
#include "cuda/libraries/on_demand.h"

namespace mini_infer::cuda {
namespace {

using core::DataType;
using core::Status;

// What kernels are promised of every tensor (ops::KernelArgs).
constexpr std::uint32_t kAlignment = 16;

Status check(cublasStatus_t status, const char* call) {
  if (status == CUBLAS_STATUS_SUCCESS) return Status::SUCCESS;
  return {Status::ERROR_RUNTIME, std::string(call) + ": " + cublasLtGetStatusString(status)};
}

cudaDataType type_of(DataType type) {
  switch (type) {
    case DataType::kFloat16:
      return CUDA_R_16F;
    case DataType::kBFloat16:
      return CUDA_R_16BF;
    default:
      return CUDA_R_32F;
  }
}

cublasLtEpilogue_t epilogue_of(const LtProduct& product) {
  switch (product.activation) {
    case LtProduct::Activation::kRelu:
      return product.bias ? CUBLASLT_EPILOGUE_RELU_BIAS : CUBLASLT_EPILOGUE_RELU;
    case LtProduct::Activation::kGeluTanh:
      return product.bias ? CUBLASLT_EPILOGUE_GELU_BIAS : CUBLASLT_EPILOGUE_GELU;
    case LtProduct::Activation::kNone:
      break;
  }
  return product.bias ? CUBLASLT_EPILOGUE_BIAS : CUBLASLT_EPILOGUE_DEFAULT;
}

struct Layout {
  cublasLtMatrixLayoutOpaque_t opaque{};

  cublasLtMatrixLayout_t get() { return &opaque; }

  // A row-major matrix is a column-major one of the transposed shape.
  Status describe(const LtProduct& product, std::int64_t rows, std::int64_t columns,
                  std::int64_t step) {
    MI_TRY(check(
        cublasLtMatrixLayoutInit(get(), type_of(product.type), static_cast<std::uint64_t>(columns),
                                 static_cast<std::uint64_t>(rows), columns),
        "cublasLtMatrixLayoutInit"));
    if (product.count == 1) return Status::SUCCESS;
    const auto count = static_cast<std::int32_t>(product.count);
    MI_TRY(check(cublasLtMatrixLayoutSetAttribute(get(), CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, &count,
                                                  sizeof count),
                 "cublasLtMatrixLayoutSetAttribute"));
    return check(cublasLtMatrixLayoutSetAttribute(
                     get(), CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, &step, sizeof step),
                 "cublasLtMatrixLayoutSetAttribute");
  }
};

// The product as the library, which is column-major, sees it: y' = b' a', all transposed.
struct Description {
  cublasLtMatmulDescOpaque_t opaque{};
  Layout a, b, y;

  cublasLtMatmulDesc_t get() { return &opaque; }

  template <typename Value>
  Status set(cublasLtMatmulDescAttributes_t attribute, const Value& value) {
    return check(cublasLtMatmulDescSetAttribute(get(), attribute, &value, sizeof value),
                 "cublasLtMatmulDescSetAttribute");
  }

  Status describe(const LtProduct& product) {
    const auto compute = product.tf32 && product.type == DataType::kFloat32
                             ? CUBLAS_COMPUTE_32F_FAST_TF32
                             : CUBLAS_COMPUTE_32F;
    MI_TRY(check(cublasLtMatmulDescInit(get(), compute, CUDA_R_32F), "cublasLtMatmulDescInit"));
    MI_TRY(set(CUBLASLT_MATMUL_DESC_TRANSA, product.transpose_b ? CUBLAS_OP_T : CUBLAS_OP_N));
    MI_TRY(set(CUBLASLT_MATMUL_DESC_TRANSB, product.transpose_a ? CUBLAS_OP_T : CUBLAS_OP_N));
    MI_TRY(set(CUBLASLT_MATMUL_DESC_EPILOGUE, epilogue_of(product)));
    MI_TRY(product.transpose_a ? a.describe(product, product.depth, product.rows, product.a_step)
                               : a.describe(product, product.rows, product.depth, product.a_step));
    MI_TRY(product.transpose_b
               ? b.describe(product, product.columns, product.depth, product.b_step)
               : b.describe(product, product.depth, product.columns, product.b_step));
    return y.describe(product, product.rows, product.columns, product.rows * product.columns);
  }
};

struct Preference {
  cublasLtMatmulPreferenceOpaque_t opaque{};

  cublasLtMatmulPreference_t get() { return &opaque; }

  template <typename Value>
  Status set(cublasLtMatmulPreferenceAttributes_t attribute, const Value& value) {
    return check(cublasLtMatmulPreferenceSetAttribute(get(), attribute, &value, sizeof value),
                 "cublasLtMatmulPreferenceSetAttribute");
  }

  Status describe(std::size_t workspace_bytes) {
    MI_TRY(check(cublasLtMatmulPreferenceInit(get()), "cublasLtMatmulPreferenceInit"));
    MI_TRY(
        set(CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, static_cast<std::uint64_t>(workspace_bytes)));
    for (const auto attribute :
         {CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES,
          CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES}) {
      MI_TRY(set(attribute, kAlignment));
    }
    return Status::SUCCESS;
  }
};

}  // namespace

std::string LtProduct::key() const {
  std::string text = core::type_name(type);
  for (const std::int64_t number :
       {std::int64_t{tf32}, rows, columns, depth, std::int64_t{transpose_a},
        std::int64_t{transpose_b}, count, a_step, b_step, std::int64_t{alpha == 1},
        std::int64_t{beta == 0}, std::int64_t{bias}, static_cast<std::int64_t>(activation)}) {
    text.append(1, ',').append(std::to_string(number));
  }
  return text;
}

core::Result<std::shared_ptr<const CublasLt>> CublasLt::open() {
  MI_TRY(open_cublas_lt());
  cublasLtHandle_t handle = nullptr;
  MI_TRY(check(cublasLtCreate(&handle), "cublasLtCreate"));
  return std::shared_ptr<const CublasLt>(new CublasLt(handle));
}

std::vector<LtWay> CublasLt::ways(const LtProduct& product, std::size_t workspace_bytes,
                                  int most) const {
  Description description;
  Preference preference;
  std::vector<cublasLtMatmulHeuristicResult_t> found(static_cast<std::size_t>(most));
  int count = 0;
  if (!description.describe(product).ok() || !preference.describe(workspace_bytes).ok() ||
      cublasLtMatmulAlgoGetHeuristic(handle_, description.get(), description.b.get(),
                                     description.a.get(), description.y.get(), description.y.get(),
                                     preference.get(), most, found.data(),
                                     &count) != CUBLAS_STATUS_SUCCESS) {
    return {};
  }
  std::vector<LtWay> ways;
  for (int i = 0; i < count; ++i) {
    const auto& guess = found[static_cast<std::size_t>(i)];
    if (guess.state == CUBLAS_STATUS_SUCCESS && guess.workspaceSize <= workspace_bytes) {
      ways.push_back({guess.algo, guess.workspaceSize});
    }
  }
  return ways;
}

Status CublasLt::run(const LtProduct& product, const LtWay& way, const LtTensors& tensors,
                     void* workspace, cudaStream_t stream) const {
  Description description;
  MI_TRY(description.describe(product));
  if (product.bias) MI_TRY(description.set(CUBLASLT_MATMUL_DESC_BIAS_POINTER, tensors.bias));
  const void* residual = tensors.residual == nullptr ? tensors.y : tensors.residual;
  return check(cublasLtMatmul(handle_, description.get(), &product.alpha, tensors.b,
                              description.b.get(), tensors.a, description.a.get(), &product.beta,
                              residual, description.y.get(), tensors.y, description.y.get(),
                              &way.algorithm, workspace, way.workspace_bytes, stream),
               "cublasLtMatmul");
}

}  // namespace mini_infer::cuda
