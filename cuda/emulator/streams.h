#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "cuda/emulator/cuda_runtime.h"

// Streams, events and graphs of the emulated devices.
namespace mini_infer::cuda::emulator {

using Work = std::function<void()>;

// A place in a stream: all work that was handed to it before.
struct Place {
  EmulatedStream* stream = nullptr;
  std::uint64_t count = 0;
};

// Whether work waits in its stream until somebody waits for it (the latest moment that CUDA
// allows), or is done when it is handed over (the earliest). Lazy, unless the environment variable
// MINI_INFER_EMULATED_STREAMS is "eager".
bool lazy_streams();

// The device that calls of this thread without a stream are for.
int current_device();

// Hands work to the stream, or to the graph that is captured from it.
cudaError_t submit(cudaStream_t stream, Call call, Work work);
// The same for work on the host's pageable memory, for which CUDA makes the caller wait.
cudaError_t submit_and_wait(cudaStream_t stream, Call call, Work work);
// Does all work of all streams.
void finish_all();

}  // namespace mini_infer::cuda::emulator

struct EmulatedGraph {
  // Shared, so that a launch goes on when its executable is destroyed.
  std::shared_ptr<std::vector<mini_infer::cuda::emulator::Work>> work =
      std::make_shared<std::vector<mini_infer::cuda::emulator::Work>>();
};

struct EmulatedStream {
  int device = 0;
  bool blocking = false;  // waits for the default stream of its device, and the other way round
  bool destroyed = false;
  EmulatedGraph* recording = nullptr;
  std::deque<mini_infer::cuda::emulator::Work> waiting;
  std::uint64_t handed_over = 0;
  std::uint64_t done = 0;
};

struct EmulatedEvent {
  int device = 0;
  mini_infer::cuda::emulator::Place place = {};
};
