#pragma once

#include <memory>
#include <string>

#include "ops/backend.h"

// What libmini_infer_cuda.so offers: a function under the name kCudaInterface, of type
// CudaInterface, and one under the name kCudaEntry, of type CudaEntry. The second may be called
// only where the first returns the caller's own kInterfaceHash: else the two libraries do not see
// the same classes.
namespace mini_infer::ops {

inline constexpr const char* kCudaInterface = "mini_infer_cuda_interface";
using CudaInterface = const char* (*)();

struct CudaRequest {
  int device;      // its index
  bool libraries;  // whether kernels of cuBLASLt and cuDNN may be taken
  bool tf32;       // whether products of float32 may round their factors to TF32
  bool tune;       // time the libraries' ways to compute a node, and take the fastest
  // With tune: a file that keeps what was timed; null: none.
  const char* tuning_file = nullptr;
  // Of a device that is not here, as cuDNN writes them in JSON: the backend then binds nodes, and
  // has no device to run them on. Null: the device of that index.
  const char* device_properties = nullptr;
  bool watch_allocations = false;  // so that Device::allocations tells of them
  enum class Want {
    kBackend,
    kBackendWithoutDevice,  // our own kernels: it binds nodes, and has no device to run them on
    kProperties,            // of the device of that index
  };
  Want want = Want::kBackend;
};

struct CudaAnswer {
  core::Status status;
  std::unique_ptr<Backend> backend;
  std::string properties;  // JSON, as in `device_properties`
};

inline constexpr const char* kCudaEntry = "mini_infer_cuda";
using CudaEntry = void (*)(const CudaRequest& request, CudaAnswer& answer);

}  // namespace mini_infer::ops
