#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mini_infer/core/export.h"
#include "mini_infer/core/status.h"
#include "mini_infer/core/tensor.h"

namespace mini_infer::runtime {

struct ContextState;

// A view of one output inside the arena. While any lease lives, its context refuses to run, so the
// bytes cannot change under the reader. Move-only; must not outlive its context. Any thread may
// read it and let it go, whatever other threads do with the context.
class MINI_INFER_API OutputLease {
 public:
  OutputLease(OutputLease&& other) noexcept;
  OutputLease& operator=(OutputLease&&) = delete;
  ~OutputLease();

  core::DataType type() const { return type_; }
  const core::Shape& shape() const { return *shape_; }
  std::span<const std::byte> bytes() const { return bytes_; }
  template <typename T>
  std::span<const T> as() const {
    return {reinterpret_cast<const T*>(bytes_.data()), bytes_.size() / sizeof(T)};
  }
  // A copy that outlives the lease.
  core::Tensor copy() const { return core::Tensor::copy_of(type_, *shape_, bytes_); }

 private:
  friend class ExecutionContext;
  OutputLease() = default;
  ContextState* state_ = nullptr;
  bool in_arena_ = false;
  core::DataType type_ = core::DataType::kUndefined;
  const core::Shape* shape_ = nullptr;
  std::span<const std::byte> bytes_;
};

// The caller's memory for an input or output that is not staged.
struct InputBuffer {
  std::string_view name;
  const void* memory = nullptr;
  std::size_t bytes = 0;
};
struct OutputBuffer {
  std::string_view name;
  void* memory = nullptr;
  std::size_t bytes = 0;
};

struct StepTime {
  std::string_view node;  // lives as long as the context
  std::string_view op;
  std::chrono::nanoseconds total{0};  // over all runs
  std::string_view kernel = "";       // see PlanStep; on CUDA empty for our own
};

// One arena and everything bound to it: what one thread needs to run an engine. Made by
// Engine::create_context; keeps what it needs of the engine alive.
//
// One call at a time on a context, from any thread; any number of contexts at once. This is
// watched: set_input, bind_input, bind_output, bind, run, enqueue, synchronize and output return
// ERROR_BUSY at once, and change nothing, while another call on the same context has not returned.
// They never wait for it. A run counts as one call from its start to its end, an enqueued one only
// while enqueue() hands it over; what the context takes until synchronize() is said there.
// profile() and arena() may be called at any time. Not watched are the bytes behind what was handed
// out or bound: the span of arena(), bytes read after their OutputLease is gone, the caller's own
// buffers. Nor is the destructor: no call may be under way, and no lease may be left.
class MINI_INFER_API ExecutionContext {
 public:
  ~ExecutionContext();
  ExecutionContext(ExecutionContext&&) = delete;

  // Copies a staged input into the arena. Type, shape and bytes must be the planned ones: a larger
  // batch is refused, never overrun. ERROR_INVALID_ARGUMENT names the input.
  [[nodiscard]] core::Status set_input(std::string_view name, const core::Tensor& tensor);
  [[nodiscard]] core::Status set_input(std::size_t index, std::span<const std::byte> bytes);

  // The caller's own memory for an input or output that is not staged (EngineConfig). `bytes` is
  // exactly the tensor's size, the address 16-byte aligned; it must stay valid and, for outputs,
  // must not be touched, during run(). An output shares no byte with another tensor that is bound,
  // nor any tensor with the memory of the context itself: its activations (all of a SharedArena),
  // weights and staging. Inputs may share bytes with inputs. Addresses are compared as numbers:
  // memory that is mapped twice is not recognised. ERROR_INVALID_ARGUMENT names the tensor, what it
  // overlaps with and the bytes that both share; what was bound before then stays bound.
  [[nodiscard]] core::Status bind_input(std::string_view name, const void* memory,
                                        std::size_t bytes);
  [[nodiscard]] core::Status bind_output(std::string_view name, void* memory, std::size_t bytes);
  [[nodiscard]] core::Status bind_input(std::size_t index, const void* memory, std::size_t bytes);
  [[nodiscard]] core::Status bind_output(std::size_t index, void* memory, std::size_t bytes);

  // Binds several tensors at once: all of them, or none. Two buffers change places like this, while
  // bind_input and bind_output would refuse the first of the two steps:
  //   const InputBuffer past[] = {{"past", b, bytes}};
  //   const OutputBuffer present[] = {{"present", a, bytes}};
  //   context.bind(past, present);
  [[nodiscard]] core::Status bind(std::span<const InputBuffer> inputs,
                                  std::span<const OutputBuffer> outputs);

  // enqueue() and synchronize().
  [[nodiscard]] core::Status run();

  // Runs every step. Needs every staged input set since the last run (a run consumes them unless
  // keep_inputs is on) and every caller's buffer bound. Allocates nothing. ERROR_BUSY while an
  // output is leased; ERROR_RUNTIME names the node whose data broke its operator's contract.
  //
  // On a CUDA device the steps are handed to a stream, and the call returns: to one of the
  // context's own, which waits for no other, or to `stream`, a cudaStream_t of that device. As
  // everywhere in CUDA a null `stream` is the default stream, cudaStreamLegacy. Callers' buffers
  // are read and written in the order of the stream: after all work that it was handed before, and
  // before all that it is handed later. Until synchronize() the context takes no inputs, gives no
  // outputs and runs nothing else (ERROR_BUSY). With enable_profiling or poison_memory the call
  // waits for the stream before the first step and after each. On the CPU `stream` is ignored, and
  // all is done when the call returns.
  [[nodiscard]] core::Status enqueue();
  [[nodiscard]] core::Status enqueue(void* stream);
  // Waits for what was enqueued, and for nothing that the stream was handed later; the stream may
  // be destroyed by then. Errors of the steps come out here.
  [[nodiscard]] core::Status synchronize();

  // A staged output of the last successful run.
  core::Result<OutputLease> output(std::string_view name) const;
  core::Result<OutputLease> output(std::size_t index) const;

  // Per step, in order; empty unless profiling is on. Safe from any thread at any time: a run that
  // is under way is not in it yet.
  std::vector<StepTime> profile() const;

  // The arena. For tools that show or check it; its content belongs to the context.
  std::span<const std::byte> arena() const;

 private:
  friend class Engine;
  explicit ExecutionContext(std::unique_ptr<ContextState> state);
  std::unique_ptr<ContextState> state_;
};

}  // namespace mini_infer::runtime
