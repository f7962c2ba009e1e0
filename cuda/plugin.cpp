#include <cstring>

#include "cuda/backend.h"
#include "ops/cuda_plugin.h"

// The one function that libmini_infer_cuda.so exports.
extern "C" __attribute__((visibility("default"))) void mini_infer_cuda(
    const mini_infer::ops::CudaRequest& request, mini_infer::ops::CudaAnswer& answer) {
  using mini_infer::core::Status;
  if (std::strcmp(request.version, MINI_INFER_VERSION) != 0) {
    answer.status = {Status::ERROR_UNSUPPORTED,
                     std::string("libmini_infer_cuda.so is of version ") + MINI_INFER_VERSION +
                         ", libmini_infer.so of " + request.version};
    return;
  }
  auto backend = mini_infer::cuda::make_backend(request.device);
  answer.status = backend.status();
  if (backend.ok()) answer.backend = std::move(backend).value();
}
