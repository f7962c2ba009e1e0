#pragma once

#include <cudnn_graph.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cuda/check.h"
#include "mini_infer/core/types.h"

// All of cuDNN that we use: its backend API, behind descriptors that let themselves go.
namespace mini_infer::cuda {

[[nodiscard]] inline core::Status check(cudnnStatus_t status, const char* call) {
  if (status == CUDNN_STATUS_SUCCESS) return core::Status::SUCCESS;
  return {core::Status::ERROR_RUNTIME, std::string(call) + ": " + cudnnGetErrorString(status)};
}

// The cudnnBackendAttributeType_t of a C++ type; of void* unless stated.
template <typename T>
inline constexpr cudnnBackendAttributeType_t kCudnnType = CUDNN_TYPE_VOID_PTR;
template <>
inline constexpr auto kCudnnType<cudnnHandle_t> = CUDNN_TYPE_HANDLE;
template <>
inline constexpr auto kCudnnType<cudnnDataType_t> = CUDNN_TYPE_DATA_TYPE;
template <>
inline constexpr auto kCudnnType<bool> = CUDNN_TYPE_BOOLEAN;
template <>
inline constexpr auto kCudnnType<char> = CUDNN_TYPE_CHAR;
template <>
inline constexpr auto kCudnnType<std::int64_t> = CUDNN_TYPE_INT64;
template <>
inline constexpr auto kCudnnType<float> = CUDNN_TYPE_FLOAT;
template <>
inline constexpr auto kCudnnType<cudnnConvolutionMode_t> = CUDNN_TYPE_CONVOLUTION_MODE;
template <>
inline constexpr auto kCudnnType<cudnnBackendHeurMode_t> = CUDNN_TYPE_HEUR_MODE;
template <>
inline constexpr auto kCudnnType<cudnnPointwiseMode_t> = CUDNN_TYPE_POINTWISE_MODE;
template <>
inline constexpr auto kCudnnType<cudnnBackendNumericalNote_t> = CUDNN_TYPE_NUMERICAL_NOTE;
template <>
inline constexpr auto kCudnnType<cudnnBackendBehaviorNote_t> = CUDNN_TYPE_BEHAVIOR_NOTE;

// Filled by set() until finish(). An error stays and comes out of finish(), so that fillers need
// not look.
class CudnnDescriptor {
 public:
  explicit CudnnDescriptor(cudnnBackendDescriptorType_t type) {
    note(cudnnBackendCreateDescriptor(type, &descriptor_), "cudnnBackendCreateDescriptor");
  }
  ~CudnnDescriptor() {
    if (descriptor_ != nullptr) cudnnBackendDestroyDescriptor(descriptor_);
  }
  CudnnDescriptor(CudnnDescriptor&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, nullptr)), status_(std::move(other.status_)) {}
  CudnnDescriptor& operator=(CudnnDescriptor&&) = delete;

  cudnnBackendDescriptor_t get() const { return descriptor_; }

  template <typename T>
  CudnnDescriptor& set(cudnnBackendAttributeName_t name, const T& value) {
    return set_all(name, kCudnnType<T>, &value, 1);
  }
  template <typename T>
  CudnnDescriptor& set(cudnnBackendAttributeName_t name, const std::vector<T>& values) {
    return set_all(name, kCudnnType<T>, values.data(), values.size());
  }
  CudnnDescriptor& set(cudnnBackendAttributeName_t name, const CudnnDescriptor& value) {
    return set_all(name, CUDNN_TYPE_BACKEND_DESCRIPTOR, &value.descriptor_, 1);
  }
  CudnnDescriptor& set(cudnnBackendAttributeName_t name,
                       const std::vector<CudnnDescriptor>& values) {
    std::vector<cudnnBackendDescriptor_t> all;
    for (const CudnnDescriptor& value : values) all.push_back(value.get());
    return set_all(name, CUDNN_TYPE_BACKEND_DESCRIPTOR, all.data(), all.size());
  }

  [[nodiscard]] core::Status finish() {
    if (status_.ok()) note(cudnnBackendFinalize(descriptor_), "cudnnBackendFinalize");
    return status_;
  }

  // At most as many as `values` holds; how many there are.
  template <typename T>
  std::int64_t get(cudnnBackendAttributeName_t name, std::vector<T>& values) const {
    std::int64_t count = 0;
    const auto status =
        cudnnBackendGetAttribute(descriptor_, name, kCudnnType<T>,
                                 static_cast<std::int64_t>(values.size()), &count, values.data());
    return status == CUDNN_STATUS_SUCCESS ? count : 0;
  }
  template <typename T>
  T get(cudnnBackendAttributeName_t name, T fallback) const {
    std::vector<T> values(1, fallback);
    get(name, values);
    return values.front();
  }
  // Descriptors of this type, at most so many.
  std::vector<CudnnDescriptor> get(cudnnBackendAttributeName_t name,
                                   cudnnBackendDescriptorType_t type, std::size_t most) const;

 private:
  template <typename T>
  CudnnDescriptor& set_all(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type,
                           const T* values, std::size_t count) {
    if (status_.ok()) {
      note(cudnnBackendSetAttribute(descriptor_, name, type, static_cast<std::int64_t>(count),
                                    values),
           "cudnnBackendSetAttribute");
    }
    return *this;
  }
  void note(cudnnStatus_t status, const char* call) {
    if (status_.ok()) status_ = check(status, call);
  }

  cudnnBackendDescriptor_t descriptor_ = nullptr;
  core::Status status_;
};

// A handle, one thread at a time: its stream is a state of it. Or, without a handle, what is known
// of a device that is not here: plans are then made, but not executed.
class Cudnn {
 public:
  static core::Result<std::shared_ptr<const Cudnn>> open();
  // The properties in the library's own JSON (CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION).
  static core::Result<std::shared_ptr<const Cudnn>> open(const std::string& device_properties);
  ~Cudnn() {
    if (handle_ != nullptr) cudnnDestroy(handle_);
  }
  Cudnn(const Cudnn&) = delete;
  Cudnn& operator=(const Cudnn&) = delete;

  // Tells a descriptor for which device it is: the attribute of the handle or of the properties.
  void add_device(CudnnDescriptor& to, std::optional<cudnnBackendAttributeName_t> handle,
                  std::optional<cudnnBackendAttributeName_t> properties) const {
    if (handle_ != nullptr && handle) to.set(*handle, handle_);
    if (properties_ && properties) to.set(*properties, *properties_);
  }

  // Puts a finished plan into the stream. `uids` are the tensors that `pointers` belong to.
  [[nodiscard]] core::Status execute(const CudnnDescriptor& plan,
                                     const std::vector<std::int64_t>& uids,
                                     const std::vector<void*>& pointers, void* workspace,
                                     cudaStream_t stream) const;

 private:
  explicit Cudnn(cudnnHandle_t handle) : handle_(handle) {}
  explicit Cudnn(CudnnDescriptor properties) : properties_(std::move(properties)) {}

  cudnnHandle_t handle_ = nullptr;
  std::optional<CudnnDescriptor> properties_;
  mutable std::mutex mutex_;
};

}  // namespace mini_infer::cuda
