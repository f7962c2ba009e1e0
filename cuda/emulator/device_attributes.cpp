#include <cuda_runtime_api.h>

cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int device) {
  cudaDeviceProp properties{};
  if (const cudaError_t error = cudaGetDeviceProperties(&properties, device)) return error;
  *value = attribute == cudaDevAttrMultiProcessorCount ? properties.multiProcessorCount : 1;
  return cudaSuccess;
}
