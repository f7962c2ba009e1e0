#include "cuda/emulator/cuda_runtime.h"

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string_view>

#include "cuda/accounting.h"
#include "cuda/emulator/streams.h"

namespace {

using mini_infer::cuda::emulator::Call;
using mini_infer::cuda::emulator::current_device;
using mini_infer::cuda::emulator::kDevices;

constexpr std::size_t kAlignment = 256;
constexpr std::size_t kMemory = std::size_t{8} << 30;
constexpr int kPattern = 0xA5;  // fresh memory holds nothing useful

// All memory handed out, by its first byte.
struct Allocations {
  struct Entry {
    std::size_t bytes;
    cudaMemoryType type;
    int device;
  };
  std::mutex mutex;
  std::map<const std::byte*, Entry> entries;
  std::size_t device_bytes[kDevices] = {};
  bool watched = false;
  mini_infer::ops::AllocationCount since_watched;
};
Allocations& allocations() {
  static Allocations all;
  return all;
}

thread_local int current = 0;

bool is_device(int device) { return device >= 0 && device < kDevices; }

std::atomic<bool> with_code[kDevices] = {true, true};

struct Log {
  std::mutex mutex;
  bool on = false;
  std::vector<Call> calls;
};
Log& call_log() {
  static Log log;
  return log;
}

cudaError_t allocate(const char* name, void** memory, std::size_t bytes, cudaMemoryType type) {
  Allocations& all = allocations();
  const std::lock_guard lock(all.mutex);
  const bool device = type == cudaMemoryTypeDevice;
  std::size_t& device_bytes = all.device_bytes[current_device()];
  if (device && (bytes > kMemory || device_bytes > kMemory - bytes)) {
    return cudaErrorMemoryAllocation;
  }
  const std::size_t rounded = (bytes + kAlignment - 1) / kAlignment * kAlignment;
  *memory = std::aligned_alloc(kAlignment, rounded);
  if (*memory == nullptr) return cudaErrorMemoryAllocation;
  std::memset(*memory, kPattern, rounded);
  all.entries[static_cast<const std::byte*>(*memory)] = {bytes, type, current_device()};
  if (device) device_bytes += bytes;
  if (device && all.watched) {
    ++all.since_watched.calls;
    all.since_watched.bytes += bytes;
  }
  mini_infer::cuda::emulator::log({name, *memory, bytes});
  return cudaSuccess;
}

cudaError_t release(const char* name, void* memory) {
  if (memory == nullptr) return cudaSuccess;
  mini_infer::cuda::emulator::finish_all();  // CUDA waits for the device
  Allocations& all = allocations();
  const std::lock_guard lock(all.mutex);
  const auto entry = all.entries.find(static_cast<const std::byte*>(memory));
  if (entry == all.entries.end()) return cudaErrorInvalidValue;
  if (entry->second.type == cudaMemoryTypeDevice) {
    all.device_bytes[entry->second.device] -= entry->second.bytes;
  }
  all.entries.erase(entry);
  mini_infer::cuda::emulator::log({name, memory, 0});
  std::free(memory);
  return cudaSuccess;
}

}  // namespace

namespace mini_infer::cuda::emulator {

int current_device() { return current; }

void set_code(int device, bool there) { with_code[device] = there; }

void start_log() {
  const std::lock_guard lock(call_log().mutex);
  call_log().on = true;
  call_log().calls.clear();
}

std::vector<Call> take_log() {
  const std::lock_guard lock(call_log().mutex);
  call_log().on = false;
  return std::move(call_log().calls);
}

void log(Call call) {
  const std::lock_guard lock(call_log().mutex);
  if (call_log().on) call_log().calls.push_back(std::move(call));
}

}  // namespace mini_infer::cuda::emulator

namespace mini_infer::cuda {

std::size_t bytes_of_process(int device) {
  const std::lock_guard lock(allocations().mutex);
  return allocations().device_bytes[device];
}

core::Status watch_allocations() {
  const std::lock_guard lock(allocations().mutex);
  allocations().watched = true;
  allocations().since_watched = {};
  return core::Status::SUCCESS;
}

ops::AllocationCount watched_allocations() {
  const std::lock_guard lock(allocations().mutex);
  return allocations().since_watched;
}

}  // namespace mini_infer::cuda

using mini_infer::cuda::emulator::log;
using mini_infer::cuda::emulator::submit;
using mini_infer::cuda::emulator::submit_and_wait;

const char* cudaGetErrorString(cudaError_t error) {
  switch (error) {
    case cudaSuccess:
      return "no error";
    case cudaErrorInvalidValue:
      return "invalid argument";
    case cudaErrorMemoryAllocation:
      return "out of memory";
    case cudaErrorInvalidDevice:
      return "invalid device ordinal";
    case cudaErrorNoKernelImageForDevice:
      return "no kernel image is available for execution on the device";
    case cudaErrorInvalidResourceHandle:
      return "invalid resource handle";
  }
  return "unknown error";
}
cudaError_t cudaGetLastError() { return cudaSuccess; }
cudaError_t cudaGetDeviceCount(int* count) {
  *count = kDevices;
  return cudaSuccess;
}
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device) {
  if (!is_device(device)) return cudaErrorInvalidDevice;
  *properties = {"emulated", 9, 0, 2};
  return cudaSuccess;
}
cudaError_t cudaDriverGetVersion(int* version) {
  *version = 13000;
  return cudaSuccess;
}
cudaError_t cudaRuntimeGetVersion(int* version) { return cudaDriverGetVersion(version); }
cudaError_t cudaGetDevice(int* device) {
  *device = current_device();
  return cudaSuccess;
}
cudaError_t cudaSetDevice(int device) {
  if (!is_device(device)) return cudaErrorInvalidDevice;
  current = device;
  return cudaSuccess;
}

// Of the driver: the context that is current says which device is. Here a device's is its index.
namespace {

int get_current(void** context) {
  *context = reinterpret_cast<void*>(static_cast<std::intptr_t>(current));
  return 0;
}
int set_current(void* context) {
  current = static_cast<int>(reinterpret_cast<std::intptr_t>(context));
  return 0;
}

}  // namespace

cudaError_t cudaGetDriverEntryPointByVersion(const char* name, void** function, unsigned,
                                             unsigned long long, cudaDriverEntryPointQueryResult*) {
  const bool get = std::string_view(name) == "cuCtxGetCurrent";
  *function = get ? reinterpret_cast<void*>(&get_current) : reinterpret_cast<void*>(&set_current);
  return cudaSuccess;
}

cudaError_t cudaFuncGetAttributes(cudaFuncAttributes*, const void*) {
  return with_code[current_device()] ? cudaSuccess : cudaErrorNoKernelImageForDevice;
}

cudaError_t cudaMalloc(void** memory, std::size_t bytes) {
  return allocate("cudaMalloc", memory, bytes, cudaMemoryTypeDevice);
}
cudaError_t cudaFree(void* memory) { return release("cudaFree", memory); }
cudaError_t cudaMallocHost(void** memory, std::size_t bytes) {
  return allocate("cudaMallocHost", memory, bytes, cudaMemoryTypeHost);
}
cudaError_t cudaFreeHost(void* memory) { return release("cudaFreeHost", memory); }

cudaError_t cudaMemGetInfo(std::size_t* free, std::size_t* total) {
  const std::lock_guard lock(allocations().mutex);
  *free = kMemory - allocations().device_bytes[current_device()];
  *total = kMemory;
  return cudaSuccess;
}

cudaError_t cudaPointerGetAttributes(cudaPointerAttributes* attributes, const void* memory) {
  Allocations& all = allocations();
  const std::lock_guard lock(all.mutex);
  const auto* byte = static_cast<const std::byte*>(memory);
  auto after = all.entries.upper_bound(byte);
  *attributes = {cudaMemoryTypeUnregistered, -1};
  if (after == all.entries.begin()) return cudaSuccess;
  const auto& [first, entry] = *--after;
  if (byte < first + entry.bytes) *attributes = {entry.type, entry.device};
  return cudaSuccess;
}

namespace {

bool is_pageable(const void* memory) {
  cudaPointerAttributes attributes{};
  cudaPointerGetAttributes(&attributes, memory);
  return attributes.type == cudaMemoryTypeUnregistered;
}

}  // namespace

cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind,
                            cudaStream_t stream) {
  const bool waits = is_pageable(to) || is_pageable(from);
  return (waits ? submit_and_wait : submit)(stream, {"cudaMemcpyAsync", to, bytes},
                                            [=] { std::memcpy(to, from, bytes); });
}
cudaError_t cudaMemsetAsync(void* memory, int value, std::size_t bytes, cudaStream_t stream) {
  return submit(stream, {"cudaMemsetAsync", memory, bytes},
                [=] { std::memset(memory, value, bytes); });
}
