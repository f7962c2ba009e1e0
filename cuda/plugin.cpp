#include <cstring>

#include "core/try.h"
#include "cuda/backend.h"
#include "cuda/device.h"
#ifdef MINI_INFER_CUDA_LIBRARIES
#include "cuda/libraries/libraries.h"
#include "cuda/libraries/trial.h"
#endif
#include "ops/cuda_plugin.h"

namespace mini_infer::cuda {
namespace {

using core::Status;

Status check_version(const char* version) {
  if (std::strcmp(version, MINI_INFER_VERSION) == 0) return Status::SUCCESS;
  return {Status::ERROR_UNSUPPORTED, std::string("libmini_infer_cuda.so is of version ") +
                                         MINI_INFER_VERSION + ", libmini_infer.so of " + version};
}

// A device that is not here answers through the libraries alone, and times nothing.
Status check_properties(const ops::CudaRequest& request) {
  if (request.device_properties == nullptr) return Status::SUCCESS;
#ifndef MINI_INFER_CUDA_LIBRARIES
  return {Status::ERROR_UNSUPPORTED,
          "device properties: this libmini_infer_cuda.so was built without cuDNN, which alone can "
          "read them; build it where cuDNN's headers are"};
#endif
  if (!request.libraries) {
    return {Status::ERROR_INVALID_ARGUMENT,
            "device properties: only the libraries read them; allow cuda.libraries"};
  }
  if (request.tune) {
    return {Status::ERROR_INVALID_ARGUMENT,
            "device properties: kernels are timed on a device that is here; leave cuda.tune off"};
  }
  return Status::SUCCESS;
}

core::Result<KernelSources> open_sources(const ops::CudaRequest& request) {
  KernelSources sources;
#ifdef MINI_INFER_CUDA_LIBRARIES
  if (request.libraries) {
    const bool absent = request.device_properties != nullptr;
    const LibraryOptions options{
        .tf32 = request.tf32,
        .tune = request.tune,
        .device_properties =
            absent ? std::optional<std::string>(request.device_properties) : std::nullopt};
    MI_ASSIGN(std::shared_ptr<const KernelSource> products, open_products(options));
    MI_ASSIGN(std::shared_ptr<const KernelSource> convolutions, open_convolutions(options));
    sources = {std::move(products), std::move(convolutions)};
  }
#else
  (void)request;
#endif
  return sources;
}

Judge judge_of(const ops::CudaRequest& request) {
#ifdef MINI_INFER_CUDA_LIBRARIES
  if (request.tune) return fastest_kernel;
#endif
  (void)request;
  return nullptr;
}

core::Result<std::unique_ptr<ops::Backend>> open_backend(const ops::CudaRequest& request) {
  MI_TRY(check_version(request.version));
  MI_TRY(check_properties(request));
  if (request.device_properties != nullptr) {
    MI_ASSIGN(KernelSources sources, open_sources(request));
    return make_backend(nullptr, std::move(sources));
  }
  MI_ASSIGN(std::unique_ptr<ops::Device> device, open_device(request.device));
  MI_TRY(device->use());
  MI_ASSIGN(KernelSources sources, open_sources(request));
  return make_backend(std::move(device), std::move(sources), judge_of(request));
}

}  // namespace
}  // namespace mini_infer::cuda

// The one function that libmini_infer_cuda.so exports.
extern "C" __attribute__((visibility("default"))) void mini_infer_cuda(
    const mini_infer::ops::CudaRequest& request, mini_infer::ops::CudaAnswer& answer) {
  auto backend = mini_infer::cuda::open_backend(request);
  answer.status = backend.status();
  if (backend.ok()) answer.backend = std::move(backend).value();
}
