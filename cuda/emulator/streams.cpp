#include "cuda/emulator/streams.h"

#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string_view>

namespace mini_infer::cuda::emulator {
namespace {

// Streams stay when they are destroyed, so that their use is noticed and their work still done.
struct Streams {
  std::mutex mutex;
  EmulatedStream defaults[kDevices];
  std::vector<std::unique_ptr<EmulatedStream>> created;

  Streams() {
    for (int device = 0; device < kDevices; ++device) {
      defaults[device].device = device;
      defaults[device].blocking = true;
    }
  }
};
Streams& streams() {
  static Streams all;
  return all;
}

[[noreturn]] void fail(const char* message) {
  std::fprintf(stderr, "emulated stream: %s\n", message);
  std::abort();
}

EmulatedStream& resolve(cudaStream_t stream) {
  if (stream == nullptr) return streams().defaults[current_device()];
  if (stream->destroyed) fail("a stream is used that was destroyed");
  return *stream;
}

// Under the mutex, as everything below that touches `waiting`.
void finish(const Place& place) {
  EmulatedStream& stream = *place.stream;
  while (stream.done < place.count) {
    const Work work = std::move(stream.waiting.front());
    stream.waiting.pop_front();
    work();
    ++stream.done;
  }
}

Place end_of(EmulatedStream& stream) { return {&stream, stream.handed_over}; }

void push(EmulatedStream& stream, Work work) {
  stream.waiting.push_back(std::move(work));
  ++stream.handed_over;
}

void wait_for(EmulatedStream& stream, const Place& place) {
  if (!lazy_streams() || place.stream == nullptr || place.stream == &stream) return;
  push(stream, [place] { finish(place); });
}

// The default stream and those that are not cudaStreamNonBlocking wait for each other.
void wait_for_default(EmulatedStream& stream) {
  if (!stream.blocking) return;
  EmulatedStream& by_default = streams().defaults[stream.device];
  if (&stream != &by_default) return wait_for(stream, end_of(by_default));
  for (const auto& other : streams().created) {
    if (other->blocking && other->device == stream.device) wait_for(stream, end_of(*other));
  }
}

cudaError_t hand_over(cudaStream_t handle, Work work, bool wait) {
  EmulatedStream& stream = resolve(handle);
  if (stream.recording != nullptr) {
    stream.recording->work->push_back(std::move(work));
    return cudaSuccess;
  }
  if (!lazy_streams()) {
    work();
    return cudaSuccess;
  }
  const std::lock_guard lock(streams().mutex);
  wait_for_default(stream);
  push(stream, std::move(work));
  if (wait) finish(end_of(stream));
  return cudaSuccess;
}

}  // namespace

bool lazy_streams() {
  static const bool lazy = [] {
    const char* wanted = std::getenv("MINI_INFER_EMULATED_STREAMS");
    if (wanted == nullptr || std::string_view(wanted) == "lazy") return true;
    if (std::string_view(wanted) != "eager") fail("MINI_INFER_EMULATED_STREAMS: lazy or eager");
    return false;
  }();
  return lazy;
}

cudaError_t submit(cudaStream_t stream, Call call, Work work) {
  log(std::move(call));
  return hand_over(stream, std::move(work), false);
}

cudaError_t submit_and_wait(cudaStream_t stream, Call call, Work work) {
  log(std::move(call));
  return hand_over(stream, std::move(work), true);
}

void finish_all() {
  const std::lock_guard lock(streams().mutex);
  for (EmulatedStream& stream : streams().defaults) finish(end_of(stream));
  for (const auto& stream : streams().created) finish(end_of(*stream));
}

cudaError_t launch(cudaStream_t stream, const char* name, const GridExtents& grid,
                   std::function<void()> body) {
  if (resolve(stream).device != current_device()) return cudaErrorInvalidResourceHandle;
  return submit(stream, {name}, [grid, body = std::move(body)] { run_grid(grid, body); });
}

}  // namespace mini_infer::cuda::emulator

using namespace mini_infer::cuda::emulator;

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned flags) {
  const std::lock_guard lock(streams().mutex);
  streams().created.push_back(std::make_unique<EmulatedStream>());
  *stream = streams().created.back().get();
  (*stream)->device = current_device();
  (*stream)->blocking = (flags & cudaStreamNonBlocking) == 0;
  return cudaSuccess;
}
cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  log({"cudaStreamDestroy", stream});
  resolve(stream).destroyed = true;
  return cudaSuccess;
}
cudaError_t cudaStreamSynchronize(cudaStream_t handle) {
  log({"cudaStreamSynchronize", handle});
  EmulatedStream& stream = resolve(handle);
  if (stream.recording != nullptr) return cudaErrorInvalidValue;
  const std::lock_guard lock(streams().mutex);
  wait_for_default(stream);
  finish(end_of(stream));
  return cudaSuccess;
}

cudaError_t cudaLaunchHostFunc(cudaStream_t stream, void (*function)(void*), void* data) {
  return submit(stream, {"cudaLaunchHostFunc"}, [=] { function(data); });
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned) {
  *event = new EmulatedEvent{.device = current_device()};
  return cudaSuccess;
}
cudaError_t cudaEventDestroy(cudaEvent_t event) {
  delete event;
  return cudaSuccess;
}
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t handle) {
  log({"cudaEventRecord", event});
  EmulatedStream& stream = resolve(handle);
  if (stream.device != event->device) return cudaErrorInvalidResourceHandle;
  const std::lock_guard lock(streams().mutex);
  event->place = end_of(stream);
  return cudaSuccess;
}
cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  log({"cudaEventSynchronize", event});
  const std::lock_guard lock(streams().mutex);
  if (event->place.stream != nullptr) finish(event->place);
  return cudaSuccess;
}
cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned) {
  log({"cudaStreamWaitEvent", event});
  const std::lock_guard lock(streams().mutex);
  wait_for(resolve(stream), event->place);
  return cudaSuccess;
}

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode) {
  if (stream == nullptr || resolve(stream).recording != nullptr) return cudaErrorInvalidValue;
  stream->recording = new EmulatedGraph;
  return cudaSuccess;
}
cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
  if (stream == nullptr || resolve(stream).recording == nullptr) return cudaErrorInvalidValue;
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
  return submit(stream, {"cudaGraphLaunch"}, [all = executable->work] {
    for (const Work& work : *all) work();
  });
}
