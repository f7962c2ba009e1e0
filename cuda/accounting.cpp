#include "cuda/accounting.h"

#include <cuda_runtime.h>
#include <dlfcn.h>
#include <unistd.h>

#include <string>
#include <vector>
#ifdef MINI_INFER_CUPTI
#include <cupti.h>

#include <cstdlib>
#include <mutex>
#endif

namespace mini_infer::cuda {
namespace {

using core::Status;

template <typename Function>
bool find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  return function != nullptr;
}

// The part of NVML that is asked for, as its documentation states it: the toolkit may come without
// its header.
struct Nvml {
  struct Process {
    unsigned pid;
    unsigned long long bytes;
    unsigned gpu_instance, compute_instance;
  };
  int (*init)() = nullptr;
  int (*device_by_bus)(const char* bus, void** device) = nullptr;
  int (*processes)(void* device, unsigned* count, Process* processes) = nullptr;
  bool ready = false;

  Nvml() {
    void* library = dlopen("libnvidia-ml.so.1", RTLD_NOW | RTLD_LOCAL);
    ready = library != nullptr && find(library, "nvmlInit_v2", init) &&
            find(library, "nvmlDeviceGetHandleByPciBusId_v2", device_by_bus) &&
            find(library, "nvmlDeviceGetComputeRunningProcesses_v3", processes) && init() == 0;
  }
};

}  // namespace

std::size_t bytes_of_process(int device) {
  constexpr unsigned long long kUnknown = ~0ull;
  static const Nvml nvml;
  char bus[32] = {};
  void* handle = nullptr;
  if (!nvml.ready || cudaDeviceGetPCIBusId(bus, sizeof bus, device) != cudaSuccess ||
      nvml.device_by_bus(bus, &handle) != 0) {
    cudaGetLastError();  // it must not come out of a later call
    return 0;
  }
  std::vector<Nvml::Process> processes(256);
  auto count = static_cast<unsigned>(processes.size());
  if (nvml.processes(handle, &count, processes.data()) != 0) return 0;
  processes.resize(count);
  for (const Nvml::Process& process : processes) {
    if (process.pid == static_cast<unsigned>(getpid()) && process.bytes != kUnknown) {
      return process.bytes;
    }
  }
  return 0;
}

#ifdef MINI_INFER_CUPTI
namespace {

// CUPTI hands over its records of memory in buffers, when it is asked to and when one is full.
class Watch {
 public:
  static Watch& instance() {
    static Watch watch;
    return watch;
  }

  Status start() {
    const std::lock_guard lock(mutex_);
    if (started_) return Status::SUCCESS;
    void* library = open();
    if (library == nullptr) {
      return {Status::ERROR_UNSUPPORTED, std::string("watching allocations needs CUPTI: ") +
                                             dlerror() + "; put its folder into LD_LIBRARY_PATH"};
    }
    decltype(&cuptiActivityRegisterCallbacks) set_callbacks = nullptr;
    decltype(&cuptiActivityEnable) enable = nullptr;
    if (!find(library, "cuptiActivityRegisterCallbacks", set_callbacks) ||
        !find(library, "cuptiActivityEnable", enable) ||
        !find(library, "cuptiActivityFlushAll", flush_) ||
        !find(library, "cuptiActivityGetNextRecord", next_)) {
      return {Status::ERROR_UNSUPPORTED, "CUPTI: the library lacks a function"};
    }
    for (const CUptiResult result :
         {set_callbacks(give_buffer, take_buffer), enable(CUPTI_ACTIVITY_KIND_MEMORY2)}) {
      if (result != CUPTI_SUCCESS) {
        return {Status::ERROR_UNSUPPORTED,
                "CUPTI refuses to watch allocations: its error " + std::to_string(result)};
      }
    }
    started_ = true;
    return Status::SUCCESS;
  }

  ops::AllocationCount count() {
    if (!is_started()) return {};
    flush_(CUPTI_ACTIVITY_FLAG_FLUSH_FORCED);  // which calls take_buffer
    const std::lock_guard lock(mutex_);
    return count_;
  }

 private:
  static constexpr std::size_t kBufferBytes = std::size_t{1} << 20;

  bool is_started() {
    const std::lock_guard lock(mutex_);
    return started_;
  }

  static void* open() {
    const std::string versioned = "libcupti.so." + std::to_string(CUDART_VERSION / 1000);
    void* library = dlopen(versioned.c_str(), RTLD_NOW | RTLD_LOCAL);
    return library != nullptr ? library : dlopen("libcupti.so", RTLD_NOW | RTLD_LOCAL);
  }

  static void CUPTIAPI give_buffer(std::uint8_t** buffer, std::size_t* bytes,
                                   std::size_t* most_records) {
    *buffer =
        static_cast<std::uint8_t*>(std::aligned_alloc(ACTIVITY_RECORD_ALIGNMENT, kBufferBytes));
    *bytes = *buffer == nullptr ? 0 : kBufferBytes;
    *most_records = 0;  // as many as it holds
  }

  static void CUPTIAPI take_buffer(CUcontext, std::uint32_t, std::uint8_t* buffer, std::size_t,
                                   std::size_t bytes) {
    instance().add(buffer, bytes);
    std::free(buffer);
  }

  void add(std::uint8_t* buffer, std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    CUpti_Activity* record = nullptr;
    while (next_(buffer, bytes, &record) == CUPTI_SUCCESS) {
      if (record->kind != CUPTI_ACTIVITY_KIND_MEMORY2) continue;
      const auto& memory = *reinterpret_cast<const CUpti_ActivityMemory4*>(record);
      if (memory.memoryOperationType != CUPTI_ACTIVITY_MEMORY_OPERATION_TYPE_ALLOCATION ||
          (memory.memoryKind != CUPTI_ACTIVITY_MEMORY_KIND_DEVICE &&
           memory.memoryKind != CUPTI_ACTIVITY_MEMORY_KIND_MANAGED)) {
        continue;
      }
      ++count_.calls;
      count_.bytes += memory.bytes;
    }
  }

  std::mutex mutex_;
  bool started_ = false;
  ops::AllocationCount count_;
  decltype(&cuptiActivityFlushAll) flush_ = nullptr;
  decltype(&cuptiActivityGetNextRecord) next_ = nullptr;
};

}  // namespace

Status watch_allocations() { return Watch::instance().start(); }
ops::AllocationCount watched_allocations() { return Watch::instance().count(); }
#else
Status watch_allocations() {
  return {Status::ERROR_UNSUPPORTED,
          "watching allocations: this build was made without CUPTI's headers"};
}
ops::AllocationCount watched_allocations() { return {}; }
#endif

}  // namespace mini_infer::cuda
