#include "cuda/device.h"

#include <nvtx3/nvToolsExt.h>

#include "core/try.h"
#include "cuda/accounting.h"
#include "cuda/check.h"
#include "cuda/current_context.h"
#include "cuda/has_code.h"

namespace mini_infer::cuda {
namespace {

using core::Status;
using ops::CurrentDevice;
using ops::Event;
using ops::Queue;
using ops::Recording;

cudaStream_t stream_of(Queue queue) { return static_cast<cudaStream_t>(queue); }
cudaGraphExec_t graph_of(Recording recording) { return static_cast<cudaGraphExec_t>(recording); }

// "cuda:0 (NVIDIA H200)"
std::string device_name(int index) {
  cudaDeviceProp properties{};
  const bool known = cudaGetDeviceProperties(&properties, index) == cudaSuccess;
  return "cuda:" + std::to_string(index) +
         (known ? " (" + std::string(properties.name) + ")" : std::string());
}

class RuntimeDevice final : public ops::Device {
 public:
  RuntimeDevice(int index, std::string name) : index_(index), name_(std::move(name)) {}

  std::string_view name() const override { return name_; }

  core::Result<void*> enter() const override {
    MI_ASSIGN(void* const before, current_context());
    MI_TRY(check(cudaSetDevice(index_), "cudaSetDevice"));
    return before;
  }
  void leave(void* before) const override { set_current_context(before); }

  void* allocate(std::size_t bytes) override {
    const CurrentDevice current(*this);
    void* memory = nullptr;
    if (!current.status().ok() || cudaMalloc(&memory, bytes) != cudaSuccess) {
      cudaGetLastError();  // it is told by the nullptr, and must not come out of a later call
      return nullptr;
    }
    return memory;
  }

  void deallocate(void* memory) override {
    const CurrentDevice current(*this);
    if (current.status().ok()) cudaFree(memory);
  }

  std::size_t free_bytes() const override {
    const CurrentDevice current(*this);
    std::size_t free = 0, total = 0;
    if (!current.status().ok() || cudaMemGetInfo(&free, &total) != cudaSuccess) return 0;
    return free;
  }

  std::size_t process_bytes() const override {
    const CurrentDevice current(*this);
    return current.status().ok() ? bytes_of_process(index_) : 0;
  }
  ops::AllocationCount allocations() const override { return watched_allocations(); }

  Status check_reach(const void* memory) const override {
    const CurrentDevice current(*this);
    MI_TRY(current.status());
    cudaPointerAttributes attributes{};
    if (cudaPointerGetAttributes(&attributes, memory) != cudaSuccess) {
      cudaGetLastError();
      attributes = {};
    }
    if (attributes.type == cudaMemoryTypeManaged) return Status::SUCCESS;
    const bool on_device = attributes.type == cudaMemoryTypeDevice;
    if (on_device && attributes.device == index_) return Status::SUCCESS;
    return {Status::ERROR_INVALID_ARGUMENT,
            "expected memory of " + name_ + ", was given memory of " +
                (on_device ? device_name(attributes.device) : std::string("the host"))};
  }

  void* allocate_staging(std::size_t bytes) override {
    const CurrentDevice current(*this);
    void* memory = nullptr;
    if (!current.status().ok() || cudaMallocHost(&memory, bytes) != cudaSuccess) {
      cudaGetLastError();
      return nullptr;
    }
    return memory;
  }

  void deallocate_staging(void* memory) override {
    const CurrentDevice current(*this);
    if (current.status().ok()) cudaFreeHost(memory);
  }

  core::Result<Queue> create_queue() override {
    const CurrentDevice current(*this);
    MI_TRY(current.status());
    cudaStream_t stream = nullptr;
    MI_TRY(check(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking),
                 "cudaStreamCreateWithFlags"));
    return static_cast<Queue>(stream);
  }

  void destroy(Queue queue) override {
    const CurrentDevice current(*this);
    if (current.status().ok()) cudaStreamDestroy(stream_of(queue));
  }

  Status upload(void* to, const void* from, std::size_t bytes, Queue queue) override {
    return copy(to, from, bytes, cudaMemcpyHostToDevice, queue);
  }

  Status download(void* to, const void* from, std::size_t bytes, Queue queue) override {
    return copy(to, from, bytes, cudaMemcpyDeviceToHost, queue);
  }

  Status synchronize(Queue queue) override {
    const CurrentDevice current(*this);
    MI_TRY(current.status());
    return check(cudaStreamSynchronize(stream_of(queue)), "cudaStreamSynchronize");
  }

  Status call_host(void (*function)(void*), void* data, Queue queue) override {
    const CurrentDevice current(*this);
    MI_TRY(current.status());
    return check(cudaLaunchHostFunc(stream_of(queue), function, data), "cudaLaunchHostFunc");
  }

  core::Result<Event> create_event() override {
    const CurrentDevice current(*this);
    MI_TRY(current.status());
    cudaEvent_t event = nullptr;
    MI_TRY(check(cudaEventCreateWithFlags(&event, cudaEventDisableTiming),
                 "cudaEventCreateWithFlags"));
    return static_cast<Event>(event);
  }

  void destroy_event(Event event) override {
    const CurrentDevice current(*this);
    if (current.status().ok()) cudaEventDestroy(static_cast<cudaEvent_t>(event));
  }

  Status record_event(Event event, Queue queue) override {
    const CurrentDevice current(*this);
    MI_TRY(current.status());
    return check(cudaEventRecord(static_cast<cudaEvent_t>(event), stream_of(queue)),
                 "cudaEventRecord");
  }

  Status wait_on_host(Event event) override {
    const CurrentDevice current(*this);
    MI_TRY(current.status());
    return check(cudaEventSynchronize(static_cast<cudaEvent_t>(event)), "cudaEventSynchronize");
  }

  Status wait_for(Event event, Queue queue) override {
    const CurrentDevice current(*this);
    MI_TRY(current.status());
    return check(cudaStreamWaitEvent(stream_of(queue), static_cast<cudaEvent_t>(event), 0),
                 "cudaStreamWaitEvent");
  }

  Status begin_recording(Queue queue) override {
    const CurrentDevice current(*this);
    MI_TRY(current.status());
    return check(cudaStreamBeginCapture(stream_of(queue), cudaStreamCaptureModeThreadLocal),
                 "cudaStreamBeginCapture");
  }

  core::Result<Recording> end_recording(Queue queue) override {
    const CurrentDevice current(*this);
    MI_TRY(current.status());
    cudaGraph_t graph = nullptr;
    MI_TRY(check(cudaStreamEndCapture(stream_of(queue), &graph), "cudaStreamEndCapture"));
    cudaGraphExec_t executable = nullptr;
    const Status made = check(cudaGraphInstantiate(&executable, graph, 0), "cudaGraphInstantiate");
    cudaGraphDestroy(graph);
    if (!made.ok()) return made;
    return static_cast<Recording>(executable);
  }

  Status replay(Recording recording, Queue queue) override {
    const CurrentDevice current(*this);
    MI_TRY(current.status());
    return check(cudaGraphLaunch(graph_of(recording), stream_of(queue)), "cudaGraphLaunch");
  }

  void destroy_recording(Recording recording) override {
    const CurrentDevice current(*this);
    if (current.status().ok()) cudaGraphExecDestroy(graph_of(recording));
  }

  void begin_range(const char* name) override { nvtxRangePushA(name); }
  void end_range() override { nvtxRangePop(); }

 private:
  Status copy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind, Queue queue) {
    if (bytes == 0) return Status::SUCCESS;
    const CurrentDevice current(*this);
    MI_TRY(current.status());
    return check(cudaMemcpyAsync(to, from, bytes, kind, stream_of(queue)), "cudaMemcpyAsync");
  }

  int index_;
  std::string name_;
};

std::string version_text(int version) {
  return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

// Any error counts as "no CUDA": without a driver the runtime says "insufficient driver".
Status why_none(cudaError_t error) {
  int driver = 0, runtime = 0;
  cudaDriverGetVersion(&driver);
  cudaRuntimeGetVersion(&runtime);
  if (driver == 0) {
    return {Status::ERROR_UNSUPPORTED, "this machine has no CUDA driver"};
  }
  if (driver < runtime) {
    return {Status::ERROR_UNSUPPORTED, "the CUDA driver is for version " + version_text(driver) +
                                           ", this build needs " + version_text(runtime) +
                                           "; install a newer driver"};
  }
  return {Status::ERROR_UNSUPPORTED,
          std::string("this machine has no usable CUDA device: ") + cudaGetErrorString(error)};
}

}  // namespace

core::Result<std::unique_ptr<ops::Device>> open_device(int index) {
  int count = 0;
  const cudaError_t error = cudaGetDeviceCount(&count);
  if (error != cudaSuccess || count == 0) return why_none(error);
  if (index < 0 || index >= count) {
    return {Status::ERROR_INVALID_ARGUMENT, "there is no CUDA device " + std::to_string(index) +
                                                "; there are " + std::to_string(count) +
                                                ", counted from 0"};
  }
  return std::unique_ptr<ops::Device>(std::make_unique<RuntimeDevice>(index, device_name(index)));
}

Status check_code(const ops::Device& device, int index) {
  const CurrentDevice current(device);
  MI_TRY(current.status());
  const cudaError_t error = has_code();
  if (error != cudaErrorNoKernelImageForDevice) return check(error, "cudaFuncGetAttributes");
  cudaGetLastError();
  cudaDeviceProp properties{};
  MI_TRY(check(cudaGetDeviceProperties(&properties, index), "cudaGetDeviceProperties"));
  const std::string number = std::to_string(properties.major) + std::to_string(properties.minor);
  return {Status::ERROR_UNSUPPORTED, "libmini_infer_cuda.so has no code for " +
                                         std::string(device.name()) +
                                         ", which is of architecture " + number +
                                         ": it was compiled for " MINI_INFER_CUDA_ARCHITECTURES
                                         "; build it with -DCMAKE_CUDA_ARCHITECTURES=" +
                                         number};
}

}  // namespace mini_infer::cuda
