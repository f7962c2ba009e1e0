#include "cuda/libraries/cudnn.h"

#include "core/try.h"
#include "cuda/libraries/on_demand.h"

namespace mini_infer::cuda {

std::vector<CudnnDescriptor> CudnnDescriptor::get(cudnnBackendAttributeName_t name,
                                                  cudnnBackendDescriptorType_t type,
                                                  std::size_t most) const {
  std::vector<CudnnDescriptor> all;
  std::vector<cudnnBackendDescriptor_t> handles;
  for (std::size_t i = 0; i < most; ++i) handles.push_back(all.emplace_back(type).get());
  std::int64_t count = 0;
  const auto status =
      cudnnBackendGetAttribute(descriptor_, name, CUDNN_TYPE_BACKEND_DESCRIPTOR,
                               static_cast<std::int64_t>(most), &count, handles.data());
  const std::size_t found = status == CUDNN_STATUS_SUCCESS ? static_cast<std::size_t>(count) : 0;
  while (all.size() > found) all.pop_back();
  return all;
}

core::Result<std::shared_ptr<const Cudnn>> Cudnn::open() {
  MI_TRY(open_cudnn());
  cudnnHandle_t handle = nullptr;
  MI_TRY(check(cudnnCreate(&handle), "cudnnCreate"));
  return std::shared_ptr<const Cudnn>(new Cudnn(handle));
}

core::Result<std::shared_ptr<const Cudnn>> Cudnn::open(const std::string& device_properties) {
  MI_TRY(open_cudnn());
  CudnnDescriptor properties(CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR);
  const std::vector<char> text(device_properties.begin(), device_properties.end());
  properties.set(CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION, text);
  if (const core::Status status = properties.finish(); !status.ok()) {
    return core::Status(
        core::Status::ERROR_INVALID_ARGUMENT,
        "device properties: expected the JSON that cuDNN writes of a device, " + status.message());
  }
  return std::shared_ptr<const Cudnn>(new Cudnn(std::move(properties)));
}

core::Status Cudnn::execute(const CudnnDescriptor& plan, const std::vector<std::int64_t>& uids,
                            const std::vector<void*>& pointers, void* workspace,
                            cudaStream_t stream) const {
  CudnnDescriptor pack(CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR);
  pack.set(CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, uids)
      .set(CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, pointers)
      .set(CUDNN_ATTR_VARIANT_PACK_WORKSPACE, workspace);
  MI_TRY(pack.finish());
  const std::lock_guard lock(mutex_);
  MI_TRY(check(cudnnSetStream(handle_, stream), "cudnnSetStream"));
  return check(cudnnBackendExecute(handle_, plan.get(), pack.get()), "cudnnBackendExecute");
}

}  // namespace mini_infer::cuda
