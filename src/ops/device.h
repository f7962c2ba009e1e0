#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "mini_infer/core/status.h"

namespace mini_infer::ops {

// Work handed to a device, done in order; the host does not wait for it. A stream of CUDA.
using Queue = void*;
// Work recorded from a queue, to be handed over again as a whole. A graph executable of CUDA.
using Recording = void*;

// A place in a queue that others wait for. An event of CUDA.
using Event = void*;

// Memory of devices that anybody in the process, libraries included, took since it is watched; what
// was given back counts too.
struct AllocationCount {
  std::size_t calls = 0;
  std::size_t bytes = 0;
};

// A device with memory of its own. Safe to use from several threads; one queue is for one thread at
// a time. Errors name the call and what the device said.
class Device {
 public:
  virtual ~Device() = default;
  virtual std::string_view name() const = 0;  // "cuda:0 (NVIDIA H200)"
  // Makes this device the one that kernels of the calling thread go to, until `leave` is given what
  // this returned: see CurrentDevice.
  virtual core::Result<void*> enter() const = 0;
  virtual void leave(void* before) const = 0;

  // Memory of the device, aligned to 256 bytes; nullptr when there is no room.
  virtual void* allocate(std::size_t bytes) = 0;
  virtual void deallocate(void* memory) = 0;
  virtual std::size_t free_bytes() const = 0;
  // What the driver says that this process holds of the device; 0 where it does not say.
  virtual std::size_t process_bytes() const = 0;
  virtual AllocationCount allocations() const = 0;  // nothing unless they are watched
  // ERROR_INVALID_ARGUMENT, with what the memory is, unless it is the device's own or managed by
  // the driver, so that kernels may read and write it.
  [[nodiscard]] virtual core::Status check_reach(const void* memory) const = 0;
  // Memory of the host that the device copies from and to without the host's help, and that kernels
  // may write.
  virtual void* allocate_staging(std::size_t bytes) = 0;
  virtual void deallocate_staging(void* memory) = 0;

  virtual core::Result<Queue> create_queue() = 0;
  virtual void destroy(Queue queue) = 0;
  // Between the device's memory and the host's; asynchronous where the host's is staging memory.
  [[nodiscard]] virtual core::Status upload(void* to, const void* from, std::size_t bytes,
                                            Queue queue) = 0;
  [[nodiscard]] virtual core::Status download(void* to, const void* from, std::size_t bytes,
                                              Queue queue) = 0;
  // Waits until all work of the queue is done; its errors come out here.
  [[nodiscard]] virtual core::Status synchronize(Queue queue) = 0;

  // Calls the function on the host when the queue gets there, at every replay of a recording, too.
  // The function must not use the device.
  [[nodiscard]] virtual core::Status call_host(void (*function)(void*), void* data,
                                               Queue queue) = 0;

  virtual core::Result<Event> create_event() = 0;
  virtual void destroy_event(Event event) = 0;
  // The event is behind all that the queue was handed so far.
  [[nodiscard]] virtual core::Status record_event(Event event, Queue queue) = 0;
  // The host waits until the event is reached; errors of the work before it come out here. The
  // queue may be gone.
  [[nodiscard]] virtual core::Status wait_on_host(Event event) = 0;
  // What the queue is handed from now on waits for the event; the host does not.
  [[nodiscard]] virtual core::Status wait_for(Event event, Queue queue) = 0;

  // What is handed to the queue between the two is recorded, not done.
  [[nodiscard]] virtual core::Status begin_recording(Queue queue) = 0;
  virtual core::Result<Recording> end_recording(Queue queue) = 0;
  [[nodiscard]] virtual core::Status replay(Recording recording, Queue queue) = 0;
  virtual void destroy_recording(Recording recording) = 0;

  // For profilers: what the calling thread starts between the two is shown under this name. Nested.
  virtual void begin_range(const char* name) = 0;
  virtual void end_range() = 0;
};

// While it lives, the kernels that the calling thread starts go to the device. Afterwards the
// thread's current device is again what it was before.
class CurrentDevice {
 public:
  explicit CurrentDevice(const Device& device) : device_(device), before_(device.enter()) {}
  ~CurrentDevice() {
    if (before_.ok()) device_.leave(*before_);
  }
  CurrentDevice(const CurrentDevice&) = delete;
  CurrentDevice& operator=(const CurrentDevice&) = delete;

  [[nodiscard]] core::Status status() const { return before_.status(); }

 private:
  const Device& device_;
  core::Result<void*> before_;
};

}  // namespace mini_infer::ops
