#include "cuda/libraries/on_demand.h"

#include <cublasLt.h>
#include <cudnn_graph.h>
#include <dlfcn.h>

#include <string>

namespace mini_infer::cuda {
namespace {

#define MI_TEXT_OF(number) #number
#define MI_TEXT(number) MI_TEXT_OF(number)

// A library of the major version that this one was compiled with.
class Library {
 public:
  Library(const char* name, const char* file) : handle_(dlopen(file, RTLD_NOW | RTLD_LOCAL)) {
    if (handle_ != nullptr) return;
    status_ = {core::Status::ERROR_UNSUPPORTED, std::string(name) +
                                                    " cannot be opened: " + dlerror() +
                                                    "; install it, or leave cuda.libraries off"};
  }

  [[nodiscard]] core::Status status() const { return status_; }

  template <typename Function>
  Function* find(const char* name) const {
    return reinterpret_cast<Function*>(dlsym(handle_, name));
  }

 private:
  void* handle_;
  core::Status status_;
};

const Library& cublas_lt() {
  static const Library library("cuBLASLt", "libcublasLt.so." MI_TEXT(CUBLAS_VER_MAJOR));
  return library;
}

const Library& cudnn() {
  static const Library library("cuDNN", "libcudnn_graph.so." MI_TEXT(CUDNN_MAJOR));
  return library;
}

}  // namespace

core::Status open_cublas_lt() { return cublas_lt().status(); }
core::Status open_cudnn() { return cudnn().status(); }

}  // namespace mini_infer::cuda

// Calls the function of this name in the opened library.
#define MI_FORWARD(library, name, ...)                                                  \
  static const auto function = mini_infer::cuda::library().find<decltype(name)>(#name); \
  return function(__VA_ARGS__)

cublasStatus_t cublasLtCreate(cublasLtHandle_t* handle) {
  MI_FORWARD(cublas_lt, cublasLtCreate, handle);
}
cublasStatus_t cublasLtDestroy(cublasLtHandle_t handle) {
  MI_FORWARD(cublas_lt, cublasLtDestroy, handle);
}
const char* cublasLtGetStatusString(cublasStatus_t status) {
  MI_FORWARD(cublas_lt, cublasLtGetStatusString, status);
}
size_t cublasLtGetVersion() { MI_FORWARD(cublas_lt, cublasLtGetVersion); }
cublasStatus_t cublasLtMatmul(cublasLtHandle_t handle, cublasLtMatmulDesc_t description,
                              const void* alpha, const void* a, cublasLtMatrixLayout_t a_layout,
                              const void* b, cublasLtMatrixLayout_t b_layout, const void* beta,
                              const void* c, cublasLtMatrixLayout_t c_layout, void* d,
                              cublasLtMatrixLayout_t d_layout,
                              const cublasLtMatmulAlgo_t* algorithm, void* workspace,
                              size_t workspace_bytes, cudaStream_t stream) {
  MI_FORWARD(cublas_lt, cublasLtMatmul, handle, description, alpha, a, a_layout, b, b_layout, beta,
             c, c_layout, d, d_layout, algorithm, workspace, workspace_bytes, stream);
}
cublasStatus_t cublasLtMatmulAlgoGetHeuristic(cublasLtHandle_t handle,
                                              cublasLtMatmulDesc_t description,
                                              cublasLtMatrixLayout_t a, cublasLtMatrixLayout_t b,
                                              cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t d,
                                              cublasLtMatmulPreference_t preference, int wanted,
                                              cublasLtMatmulHeuristicResult_t* results,
                                              int* count) {
  MI_FORWARD(cublas_lt, cublasLtMatmulAlgoGetHeuristic, handle, description, a, b, c, d, preference,
             wanted, results, count);
}
cublasStatus_t cublasLtMatmulDescInit_internal(cublasLtMatmulDesc_t description, size_t size,
                                               cublasComputeType_t compute, cudaDataType_t scale) {
  MI_FORWARD(cublas_lt, cublasLtMatmulDescInit_internal, description, size, compute, scale);
}
cublasStatus_t cublasLtMatmulDescSetAttribute(cublasLtMatmulDesc_t description,
                                              cublasLtMatmulDescAttributes_t attribute,
                                              const void* value, size_t size) {
  MI_FORWARD(cublas_lt, cublasLtMatmulDescSetAttribute, description, attribute, value, size);
}
cublasStatus_t cublasLtMatmulPreferenceInit_internal(cublasLtMatmulPreference_t preference,
                                                     size_t size) {
  MI_FORWARD(cublas_lt, cublasLtMatmulPreferenceInit_internal, preference, size);
}
cublasStatus_t cublasLtMatmulPreferenceSetAttribute(cublasLtMatmulPreference_t preference,
                                                    cublasLtMatmulPreferenceAttributes_t attribute,
                                                    const void* value, size_t size) {
  MI_FORWARD(cublas_lt, cublasLtMatmulPreferenceSetAttribute, preference, attribute, value, size);
}
cublasStatus_t cublasLtMatrixLayoutInit_internal(cublasLtMatrixLayout_t layout, size_t size,
                                                 cudaDataType type, uint64_t rows, uint64_t columns,
                                                 int64_t step) {
  MI_FORWARD(cublas_lt, cublasLtMatrixLayoutInit_internal, layout, size, type, rows, columns, step);
}
cublasStatus_t cublasLtMatrixLayoutSetAttribute(cublasLtMatrixLayout_t layout,
                                                cublasLtMatrixLayoutAttribute_t attribute,
                                                const void* value, size_t size) {
  MI_FORWARD(cublas_lt, cublasLtMatrixLayoutSetAttribute, layout, attribute, value, size);
}

cudnnStatus_t cudnnCreate(cudnnHandle_t* handle) { MI_FORWARD(cudnn, cudnnCreate, handle); }
cudnnStatus_t cudnnDestroy(cudnnHandle_t handle) { MI_FORWARD(cudnn, cudnnDestroy, handle); }
const char* cudnnGetErrorString(cudnnStatus_t status) {
  MI_FORWARD(cudnn, cudnnGetErrorString, status);
}
size_t cudnnGetVersion() { MI_FORWARD(cudnn, cudnnGetVersion); }
cudnnStatus_t cudnnSetStream(cudnnHandle_t handle, cudaStream_t stream) {
  MI_FORWARD(cudnn, cudnnSetStream, handle, stream);
}
cudnnStatus_t cudnnBackendCreateDescriptor(cudnnBackendDescriptorType_t type,
                                           cudnnBackendDescriptor_t* descriptor) {
  MI_FORWARD(cudnn, cudnnBackendCreateDescriptor, type, descriptor);
}
cudnnStatus_t cudnnBackendDestroyDescriptor(cudnnBackendDescriptor_t descriptor) {
  MI_FORWARD(cudnn, cudnnBackendDestroyDescriptor, descriptor);
}
cudnnStatus_t cudnnBackendFinalize(cudnnBackendDescriptor_t descriptor) {
  MI_FORWARD(cudnn, cudnnBackendFinalize, descriptor);
}
cudnnStatus_t cudnnBackendExecute(cudnnHandle_t handle, cudnnBackendDescriptor_t plan,
                                  cudnnBackendDescriptor_t pack) {
  MI_FORWARD(cudnn, cudnnBackendExecute, handle, plan, pack);
}
cudnnStatus_t cudnnBackendGetAttribute(cudnnBackendDescriptor_t const descriptor,
                                       cudnnBackendAttributeName_t name,
                                       cudnnBackendAttributeType_t type, int64_t wanted,
                                       int64_t* count, void* values) {
  MI_FORWARD(cudnn, cudnnBackendGetAttribute, descriptor, name, type, wanted, count, values);
}
cudnnStatus_t cudnnBackendSetAttribute(cudnnBackendDescriptor_t descriptor,
                                       cudnnBackendAttributeName_t name,
                                       cudnnBackendAttributeType_t type, int64_t count,
                                       const void* values) {
  MI_FORWARD(cudnn, cudnnBackendSetAttribute, descriptor, name, type, count, values);
}
