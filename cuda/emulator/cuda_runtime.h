#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

// The part of the CUDA runtime that this backend uses, on the host and in C++ alone, so that its
// own kernels are tested where there is no GPU. Device memory is the host's. A kernel runs block
// after block, each of its threads as a fiber: indexing, barriers and shuffles are as on a device;
// races and speed are not. There are two devices; streams are lazy or eager (streams.h).

#define MI_CUDA_EMULATED 1

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __launch_bounds__(...)
// Blocks run one at a time on a thread of the host.
#define __shared__ static thread_local

struct dim3 {
  unsigned x = 1, y = 1, z = 1;
  constexpr dim3(unsigned ax = 1, unsigned ay = 1, unsigned az = 1) : x(ax), y(ay), z(az) {}
};
struct float2 {
  float x, y;
};
struct alignas(16) float4 {
  float x, y, z, w;
};
struct alignas(16) int4 {
  int x, y, z, w;
};

namespace mini_infer::cuda::emulator {

// Where the running thread is in the grid.
struct Position {
  dim3 thread{0, 0, 0}, block{0, 0, 0}, block_extent, grid_extent;
};
Position& position();

struct GridExtents {
  dim3 blocks, threads;
  std::size_t shared_bytes;
  bool barriers;
};
// Runs body() once for each thread of the grid; without barriers one after the other.
void run_grid(const GridExtents& grid, const std::function<void()>& body);
// The dynamic shared memory of the running block.
void* shared_bytes();
// Waits for all threads of the block, or of the warp. It ends the process where threads wait for
// each other in vain: on a device they would hang.
void sync_block();
void sync_warp();
// Exchanges 8 bytes within the warp: what lane `from` gives.
std::uint64_t exchange(std::uint64_t value, int from);
int lane();

// What was asked of the runtime, in order.
struct Call {
  std::string name;  // "cudaMalloc", or the name of a kernel
  const void* memory = nullptr;
  std::size_t bytes = 0;
};
void start_log();
std::vector<Call> take_log();
void log(Call call);

inline constexpr int kDevices = 2;
// Whether kernels were compiled for that device: true, until it is said otherwise.
void set_code(int device, bool there);

}  // namespace mini_infer::cuda::emulator

#define threadIdx (::mini_infer::cuda::emulator::position().thread)
#define blockIdx (::mini_infer::cuda::emulator::position().block)
#define blockDim (::mini_infer::cuda::emulator::position().block_extent)
#define gridDim (::mini_infer::cuda::emulator::position().grid_extent)

inline void __syncthreads() { mini_infer::cuda::emulator::sync_block(); }
inline void __syncwarp(unsigned = 0xffffffffu) { mini_infer::cuda::emulator::sync_warp(); }

template <typename T>
T __shfl_sync(unsigned, T value, int from, int = 32) {
  static_assert(sizeof(T) <= sizeof(std::uint64_t));
  std::uint64_t bits = 0;
  __builtin_memcpy(&bits, &value, sizeof(T));
  bits = mini_infer::cuda::emulator::exchange(bits, from & 31);
  __builtin_memcpy(&value, &bits, sizeof(T));
  return value;
}
template <typename T>
T __shfl_xor_sync(unsigned mask, T value, int lanes, int = 32) {
  return __shfl_sync(mask, value, mini_infer::cuda::emulator::lane() ^ lanes);
}
template <typename T>
T __shfl_down_sync(unsigned mask, T value, unsigned lanes, int = 32) {
  const int from = mini_infer::cuda::emulator::lane() + static_cast<int>(lanes);
  return __shfl_sync(mask, value, from < 32 ? from : mini_infer::cuda::emulator::lane());
}
// Fibers of one thread of the host: nothing else runs meanwhile.
template <typename T>
T atomicExch(T* at, T value) {
  const T old = *at;
  *at = value;
  return old;
}
template <typename T>
T atomicAdd(T* at, T value) {
  const T old = *at;
  *at += value;
  return old;
}

enum cudaError_t {
  cudaSuccess = 0,
  cudaErrorInvalidValue = 1,
  cudaErrorMemoryAllocation = 2,
  cudaErrorInvalidDevice = 101,
  cudaErrorNoKernelImageForDevice = 209,
  cudaErrorInvalidResourceHandle = 400,
};
enum cudaMemcpyKind {
  cudaMemcpyHostToDevice = 1,
  cudaMemcpyDeviceToHost = 2,
  cudaMemcpyDefault = 4
};
enum cudaMemoryType {
  cudaMemoryTypeUnregistered,
  cudaMemoryTypeHost,
  cudaMemoryTypeDevice,
  cudaMemoryTypeManaged
};
enum cudaStreamCaptureMode { cudaStreamCaptureModeThreadLocal = 1 };
inline constexpr unsigned cudaStreamNonBlocking = 1;

using cudaStream_t = struct EmulatedStream*;
using cudaEvent_t = struct EmulatedEvent*;
inline constexpr unsigned cudaEventDisableTiming = 2;
using cudaGraph_t = struct EmulatedGraph*;
using cudaGraphExec_t = struct EmulatedGraph*;

struct cudaDeviceProp {
  char name[256];
  int major, minor, multiProcessorCount;
};
struct cudaPointerAttributes {
  cudaMemoryType type;
  int device;
};
struct cudaFuncAttributes {};
enum cudaDriverEntryPointQueryResult { cudaDriverEntryPointSuccess };
inline constexpr unsigned long long cudaEnableDefault = 0;

const char* cudaGetErrorString(cudaError_t error);
cudaError_t cudaGetLastError();
cudaError_t cudaGetDeviceCount(int* count);
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device);
cudaError_t cudaDriverGetVersion(int* version);
cudaError_t cudaRuntimeGetVersion(int* version);
cudaError_t cudaGetDevice(int* device);
cudaError_t cudaSetDevice(int device);
cudaError_t cudaFuncGetAttributes(cudaFuncAttributes* attributes, const void* kernel);
cudaError_t cudaGetDriverEntryPointByVersion(const char* name, void** function, unsigned version,
                                             unsigned long long flags,
                                             cudaDriverEntryPointQueryResult* result);
cudaError_t cudaMalloc(void** memory, std::size_t bytes);
cudaError_t cudaFree(void* memory);
cudaError_t cudaMallocHost(void** memory, std::size_t bytes);
cudaError_t cudaFreeHost(void* memory);
cudaError_t cudaMemGetInfo(std::size_t* free, std::size_t* total);
cudaError_t cudaPointerGetAttributes(cudaPointerAttributes* attributes, const void* memory);
cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned flags);
cudaError_t cudaStreamDestroy(cudaStream_t stream);
cudaError_t cudaStreamSynchronize(cudaStream_t stream);
cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind,
                            cudaStream_t stream);
cudaError_t cudaMemsetAsync(void* memory, int value, std::size_t bytes, cudaStream_t stream);
cudaError_t cudaLaunchHostFunc(cudaStream_t stream, void (*function)(void*), void* data);
cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned flags);
cudaError_t cudaEventDestroy(cudaEvent_t event);
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream);
cudaError_t cudaEventSynchronize(cudaEvent_t event);
cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned flags);
cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode mode);
cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph);
cudaError_t cudaGraphInstantiate(cudaGraphExec_t* executable, cudaGraph_t graph,
                                 unsigned long long flags = 0);
cudaError_t cudaGraphDestroy(cudaGraph_t graph);
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable);
cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t stream);

namespace mini_infer::cuda::emulator {

// Hands a grid to the stream; `body` is what one thread does.
cudaError_t launch(cudaStream_t stream, const char* name, const GridExtents& grid,
                   std::function<void()> body);

}  // namespace mini_infer::cuda::emulator
