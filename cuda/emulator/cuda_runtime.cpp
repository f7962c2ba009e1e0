#include "cuda/emulator/cuda_runtime.h"

#include <cstdlib>
#include <cstring>
#include <map>

#include "cuda/accounting.h"

struct EmulatedGraph {
  std::vector<std::function<void()>> work;
};

struct EmulatedStream {
  EmulatedGraph* recording = nullptr;
};

namespace {

using mini_infer::cuda::emulator::Call;

constexpr std::size_t kAlignment = 256;
constexpr std::size_t kMemory = std::size_t{8} << 30;
constexpr int kPattern = 0xA5;  // fresh memory holds nothing useful

// All memory handed out, by its first byte.
struct Allocations {
  struct Entry {
    std::size_t bytes;
    cudaMemoryType type;
  };
  std::mutex mutex;
  std::map<const std::byte*, Entry> entries;
  std::size_t device_bytes = 0;
  bool watched = false;
  mini_infer::ops::AllocationCount since_watched;
};
Allocations& allocations() {
  static Allocations all;
  return all;
}

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
  if (device && (bytes > kMemory || all.device_bytes > kMemory - bytes)) {
    return cudaErrorMemoryAllocation;
  }
  const std::size_t rounded = (bytes + kAlignment - 1) / kAlignment * kAlignment;
  *memory = std::aligned_alloc(kAlignment, rounded);
  if (*memory == nullptr) return cudaErrorMemoryAllocation;
  std::memset(*memory, kPattern, rounded);
  all.entries[static_cast<const std::byte*>(*memory)] = {bytes, type};
  if (device) all.device_bytes += bytes;
  if (device && all.watched) {
    ++all.since_watched.calls;
    all.since_watched.bytes += bytes;
  }
  mini_infer::cuda::emulator::log({name, *memory, bytes});
  return cudaSuccess;
}

cudaError_t release(const char* name, void* memory) {
  if (memory == nullptr) return cudaSuccess;
  Allocations& all = allocations();
  const std::lock_guard lock(all.mutex);
  const auto entry = all.entries.find(static_cast<const std::byte*>(memory));
  if (entry == all.entries.end()) return cudaErrorInvalidValue;
  if (entry->second.type == cudaMemoryTypeDevice) all.device_bytes -= entry->second.bytes;
  all.entries.erase(entry);
  mini_infer::cuda::emulator::log({name, memory, 0});
  std::free(memory);
  return cudaSuccess;
}

}  // namespace

namespace mini_infer::cuda::emulator {

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

namespace {

// Hands work to the stream.
cudaError_t submit(cudaStream_t stream, Call call, std::function<void()> work) {
  log(std::move(call));
  if (stream != nullptr && stream->recording != nullptr) {
    stream->recording->work.push_back(std::move(work));
  } else {
    work();
  }
  return cudaSuccess;
}

}  // namespace

cudaError_t launch(cudaStream_t stream, const char* name, const GridExtents& grid,
                   std::function<void()> body) {
  return submit(stream, {name}, [grid, body = std::move(body)] { run_grid(grid, body); });
}

}  // namespace mini_infer::cuda::emulator

namespace mini_infer::cuda {

std::size_t bytes_of_process(int) {
  const std::lock_guard lock(allocations().mutex);
  return allocations().device_bytes;
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
  }
  return "unknown error";
}
cudaError_t cudaGetLastError() { return cudaSuccess; }
cudaError_t cudaGetDeviceCount(int* count) {
  *count = 1;
  return cudaSuccess;
}
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device) {
  if (device != 0) return cudaErrorInvalidDevice;
  *properties = {"emulated", 9, 0, 2};
  return cudaSuccess;
}
cudaError_t cudaDriverGetVersion(int* version) {
  *version = 13000;
  return cudaSuccess;
}
cudaError_t cudaRuntimeGetVersion(int* version) { return cudaDriverGetVersion(version); }
cudaError_t cudaSetDevice(int device) { return device == 0 ? cudaSuccess : cudaErrorInvalidDevice; }

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
  *free = kMemory - allocations().device_bytes;
  *total = kMemory;
  return cudaSuccess;
}

cudaError_t cudaPointerGetAttributes(cudaPointerAttributes* attributes, const void* memory) {
  Allocations& all = allocations();
  const std::lock_guard lock(all.mutex);
  const auto* byte = static_cast<const std::byte*>(memory);
  auto after = all.entries.upper_bound(byte);
  attributes->type = cudaMemoryTypeUnregistered;
  if (after == all.entries.begin()) return cudaSuccess;
  const auto& [first, entry] = *--after;
  if (byte < first + entry.bytes) attributes->type = entry.type;
  return cudaSuccess;
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned) {
  *stream = new EmulatedStream;
  return cudaSuccess;
}
cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  delete stream;
  return cudaSuccess;
}
cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  log({"cudaStreamSynchronize"});
  return stream != nullptr && stream->recording != nullptr ? cudaErrorInvalidValue : cudaSuccess;
}
cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind,
                            cudaStream_t stream) {
  return submit(stream, {"cudaMemcpyAsync", to, bytes}, [=] { std::memcpy(to, from, bytes); });
}

cudaError_t cudaLaunchHostFunc(cudaStream_t stream, void (*function)(void*), void* data) {
  return submit(stream, {"cudaLaunchHostFunc"}, [=] { function(data); });
}

// Work is done when it is handed over: nobody has to wait.
struct EmulatedEvent {};

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned) {
  *event = new EmulatedEvent;
  return cudaSuccess;
}
cudaError_t cudaEventDestroy(cudaEvent_t event) {
  delete event;
  return cudaSuccess;
}
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t) {
  log({"cudaEventRecord", event});
  return cudaSuccess;
}
cudaError_t cudaStreamWaitEvent(cudaStream_t, cudaEvent_t event, unsigned) {
  log({"cudaStreamWaitEvent", event});
  return cudaSuccess;
}

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode) {
  if (stream == nullptr || stream->recording != nullptr) return cudaErrorInvalidValue;
  stream->recording = new EmulatedGraph;
  return cudaSuccess;
}
cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
  if (stream == nullptr || stream->recording == nullptr) return cudaErrorInvalidValue;
  *graph = stream->recording;
  stream->recording = nullptr;
  return cudaSuccess;
}
cudaError_t cudaGraphInstantiate(cudaGraphExec_t* executable, cudaGraph_t graph,
                                 unsigned long long) {
  *executable = new EmulatedGraph(*graph);
  log({"cudaGraphInstantiate"});
  return cudaSuccess;
}
cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  delete graph;
  return cudaSuccess;
}
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable) {
  delete executable;
  return cudaSuccess;
}
cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t stream) {
  return submit(stream, {"cudaGraphLaunch"}, [executable] {
    for (const auto& work : executable->work) work();
  });
}
