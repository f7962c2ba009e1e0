#pragma once

#include <cublasLt.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "cuda/check.h"
#include "mini_infer/core/types.h"

// All of cuBLASLt that we use. It is given its workspace and never takes memory of its own.
namespace mini_infer::cuda {

// y[rows, columns] = activation(alpha * a' * b' + bias + beta * residual), dense and row-major, a'
// and b' transposed or not; `count` of them, their matrices so many elements apart.
struct LtProduct {
  enum class Activation { kNone, kRelu, kGeluTanh };

  core::DataType type = core::DataType::kFloat32;  // of all tensors; sums are float32
  bool tf32 = false;
  std::int64_t rows = 0, columns = 0, depth = 0;
  bool transpose_a = false, transpose_b = false;
  std::int64_t count = 1;
  std::int64_t a_step = 0, b_step = 0;
  float alpha = 1, beta = 0;
  bool bias = false;  // one number per column
  Activation activation = Activation::kNone;

  std::string key() const;  // of two that are the same product
};

struct LtTensors {
  const void* a = nullptr;
  const void* b = nullptr;
  const void* bias = nullptr;
  const void* residual = nullptr;  // may be y
  void* y = nullptr;
};

// One way to compute a product.
struct LtWay {
  cublasLtMatmulAlgo_t algorithm;
  std::size_t workspace_bytes = 0;
};

// The library, and products described to it. Safe to use from several threads.
class CublasLt {
 public:
  static core::Result<std::shared_ptr<const CublasLt>> open();
  ~CublasLt() { cublasLtDestroy(handle_); }
  CublasLt(const CublasLt&) = delete;
  CublasLt& operator=(const CublasLt&) = delete;

  // The library's guesses for the calling thread's device, the best first; none that needs more
  // workspace. Empty where it does not do this product at all.
  std::vector<LtWay> ways(const LtProduct& product, std::size_t workspace_bytes, int most) const;

  [[nodiscard]] core::Status run(const LtProduct& product, const LtWay& way,
                                 const LtTensors& tensors, void* workspace,
                                 cudaStream_t stream) const;

 private:
  explicit CublasLt(cublasLtHandle_t handle) : handle_(handle) {}

  cublasLtHandle_t handle_;
};

}  // namespace mini_infer::cuda
