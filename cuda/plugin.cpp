#include <optional>

#include "core/try.h"
#include "cuda/accounting.h"
#include "cuda/backend.h"
#include "cuda/device.h"
#include "cuda/device_properties.h"
#ifdef MINI_INFER_CUDA_LIBRARIES
#include "cuda/kernels_hash.h"
#include "cuda/libraries/libraries.h"
#include "cuda/libraries/on_demand.h"
#include "cuda/libraries/trial.h"
#endif
#include "ops/cuda_plugin.h"
#include "ops/interface_hash.h"

namespace mini_infer::cuda {
namespace {

using core::Status;

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

#ifdef MINI_INFER_CUDA_LIBRARIES
// All that the choices in a tuning file depend on.
std::string identity_of(const ops::Device& device) {
  const std::string name(device.name());  // "cuda:0 (NVIDIA H200)"
  return std::string("kernels ") + kKernelsHash + " " + ops::kInterfaceHash + ", " +
         products_version() + ", " + convolutions_version() + ", " + name.substr(name.find('('));
}

// Null where nothing is to be timed; a device that is not here has none.
core::Result<std::shared_ptr<TuningCache>> open_tuning(const ops::CudaRequest& request,
                                                       const ops::Device* device) {
  if (!request.tune || device == nullptr) return std::shared_ptr<TuningCache>();
  if (request.tuning_file == nullptr) return std::make_shared<TuningCache>();
  return TuningCache::open(request.tuning_file, identity_of(*device));
}

Judge judge_by(std::shared_ptr<TuningCache> tuning, bool tf32) {
  if (tuning == nullptr) return nullptr;
  return [tuning = std::move(tuning), tf32](const ops::NodeView& view,
                                            std::span<const ops::Kernel> kernels,
                                            const ops::BindContext& context) {
    const std::string name = (tf32 ? "tf32 in " : "in ") + std::to_string(context.workspace_bytes) +
                             ": " + describe(view);
    return tuning->choose(name, static_cast<int>(kernels.size()),
                          [&] { return fastest_kernel(view, kernels, context); });
  };
}

// Without a device: by the properties that the request states.
core::Result<std::unique_ptr<ops::Backend>> with_libraries(const ops::CudaRequest& request,
                                                           std::unique_ptr<ops::Device> device) {
  std::optional<ops::CurrentDevice> current;
  if (device != nullptr) MI_TRY(current.emplace(*device).status());
  if (device != nullptr) MI_TRY(open_cublas_lt());  // without one cuDNN alone answers
  MI_TRY(open_cudnn());
  MI_ASSIGN(std::shared_ptr<TuningCache> tuning, open_tuning(request, device.get()));
  LibraryOptions options{.tf32 = request.tf32, .tuning = tuning};
  if (device == nullptr) options.device_properties = request.device_properties;
  MI_ASSIGN(std::shared_ptr<const KernelSource> products, open_products(options));
  MI_ASSIGN(std::shared_ptr<const KernelSource> convolutions, open_convolutions(options));
  return make_backend(std::move(device), {std::move(products), std::move(convolutions)},
                      judge_by(std::move(tuning), request.tf32));
}
#endif

core::Result<std::unique_ptr<ops::Device>> device_of(const ops::CudaRequest& request) {
  // First: opening the device and the libraries takes memory, too.
  if (request.watch_allocations) MI_TRY(watch_allocations());
  MI_ASSIGN(std::unique_ptr<ops::Device> device, open_device(request.device));
  MI_TRY(check_code(*device, request.device));
  return device;
}

core::Result<std::unique_ptr<ops::Backend>> open_backend(const ops::CudaRequest& request) {
  if (request.want == ops::CudaRequest::Want::kBackendWithoutDevice) return make_backend(nullptr);
  MI_TRY(check_properties(request));
  std::unique_ptr<ops::Device> device;
  if (request.device_properties == nullptr) {
    MI_ASSIGN(device, device_of(request));
  }
#ifdef MINI_INFER_CUDA_LIBRARIES
  if (request.libraries) return with_libraries(request, std::move(device));
#endif
  return make_backend(std::move(device));
}

Status serve(const ops::CudaRequest& request, ops::CudaAnswer& answer) {
  if (request.want == ops::CudaRequest::Want::kProperties) {
    MI_ASSIGN(answer.properties, device_properties(request.device));
  } else {
    MI_ASSIGN(answer.backend, open_backend(request));
  }
  return Status::SUCCESS;
}

}  // namespace
}  // namespace mini_infer::cuda

// The two functions that libmini_infer_cuda.so exports.
extern "C" __attribute__((visibility("default"))) const char* mini_infer_cuda_interface() {
  return mini_infer::ops::kInterfaceHash;
}

extern "C" __attribute__((visibility("default"))) void mini_infer_cuda(
    const mini_infer::ops::CudaRequest& request, mini_infer::ops::CudaAnswer& answer) {
  answer.status = mini_infer::cuda::serve(request, answer);
}
