#include "cuda/libraries/trial.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "ops/shapes.h"

namespace mini_infer::cuda {
namespace {

constexpr int kRuns = 8;     // between two looks at the clock
constexpr int kRepeats = 3;  // of which the best counts

// Runs of one way, captured as a graph as an engine does it: what the host needs to start them does
// not count.
class Runs {
 public:
  template <typename Run>
  Runs(cudaStream_t stream, Run run) : stream_(stream) {
    cudaEventCreate(&start_);
    cudaEventCreate(&stop_);
    if (cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal) != cudaSuccess) return;
    bool started = true;
    for (int i = 0; i < kRuns; ++i) started = run().ok() && started;
    cudaGraph_t graph = nullptr;
    const bool captured = cudaStreamEndCapture(stream, &graph) == cudaSuccess;
    if (captured && started) cudaGraphInstantiate(&runs_, graph, 0);
    if (graph != nullptr) cudaGraphDestroy(graph);
  }
  ~Runs() {
    if (runs_ != nullptr) cudaGraphExecDestroy(runs_);
    cudaEventDestroy(start_);
    cudaEventDestroy(stop_);
    cudaGetLastError();  // it must not come out of a later call
  }
  Runs(const Runs&) = delete;
  Runs& operator=(const Runs&) = delete;

  float milliseconds() {
    float milliseconds = std::numeric_limits<float>::max();
    if (runs_ == nullptr) return milliseconds;
    cudaEventRecord(start_, stream_);
    cudaGraphLaunch(runs_, stream_);
    cudaEventRecord(stop_, stream_);
    if (cudaEventSynchronize(stop_) == cudaSuccess) {
      cudaEventElapsedTime(&milliseconds, start_, stop_);
    }
    return milliseconds;
  }

 private:
  cudaStream_t stream_;
  cudaEvent_t start_ = nullptr, stop_ = nullptr;
  cudaGraphExec_t runs_ = nullptr;
};

constexpr std::size_t kNowhere = std::numeric_limits<std::size_t>::max();

// Where tensors of a trial lie in its memory.
struct Tensors {
  std::size_t bytes = 0;
  std::vector<std::size_t> inputs, outputs;

  // The place of so many bytes; kNowhere of none.
  std::size_t add(std::size_t count) {
    constexpr std::size_t kAlignment = 256;
    if (count == 0) return kNowhere;
    const std::size_t at = bytes;
    bytes += core::align_up(count, kAlignment);
    return at;
  }

  template <typename Pointer>
  static std::vector<Pointer> pointers(const std::vector<std::size_t>& places, std::byte* memory) {
    std::vector<Pointer> pointers;
    for (const std::size_t at : places) pointers.push_back(at == kNowhere ? nullptr : memory + at);
    return pointers;
  }
};

// `pitch`: elements from one row to the next.
std::size_t bytes_of(core::DataType type, const core::Shape& shape, std::int64_t pitch) {
  const std::int64_t row = ops::last_extent(shape);
  const std::int64_t elements = row == 0 ? 0 : shape.elements() / row * pitch;
  return static_cast<std::size_t>((elements * core::bits_per_element(type) + 7) / 8);
}

std::size_t input_bytes(const ops::NodeView& view, int slot) {
  if (!view.has_input(slot)) return 0;
  const core::Shape& shape = view.input_shape(slot);
  return bytes_of(view.input_type(slot), shape, view.input_pitch(slot, ops::last_extent(shape)));
}

std::size_t output_bytes(const ops::NodeView& view, int slot) {
  if (!view.has_output(slot)) return 0;
  const core::Shape& shape = view.output_shape(slot);
  return bytes_of(view.output_type(slot), shape, view.output_pitch(slot, ops::last_extent(shape)));
}

std::size_t packed_bytes(const ops::Kernel& kernel, int slot) {
  for (const ops::PackedInput& packed : kernel.packed) {
    if (packed.slot == slot) return packed.bytes;
  }
  return 0;
}

void append(std::string& text, std::int64_t number) { text += ' ' + std::to_string(number); }
void append(std::string& text, float number) { text += ' ' + std::to_string(number); }
void append(std::string& text, const std::string& word) { text += ' ' + word; }
void append(std::string& text, const core::Tensor& tensor) {
  text += ' ' + core::type_name(tensor.type()) + tensor.shape().to_string();
}
void append(std::string&, const std::shared_ptr<const graph::Graph>&) {}
template <typename T>
void append(std::string& text, const std::vector<T>& all) {
  for (const T& one : all) append(text, one);
}

std::string tensor_text(core::DataType type, const core::Shape& shape, std::int64_t pitch) {
  return core::type_name(type) + shape.to_string() + "/" + std::to_string(pitch);
}

}  // namespace

std::string describe(const ops::NodeView& view) {
  const graph::Node& node = view.node();
  std::string text = node.domain + "." + node.op;
  for (const auto& [name, attribute] : node.attributes) {
    text += ' ' + name;
    std::visit([&](const auto& value) { append(text, value); }, attribute);
  }
  for (int slot = 0; slot < view.input_count(); ++slot) {
    if (!view.has_input(slot)) continue;
    const core::Shape& shape = view.input_shape(slot);
    text +=
        ", " + std::to_string(slot) + ' ' +
        tensor_text(view.input_type(slot), shape, view.input_pitch(slot, ops::last_extent(shape))) +
        (view.constant(slot) == nullptr ? "" : " constant");
  }
  for (int slot = 0; slot < view.output_count(); ++slot) {
    if (!view.has_output(slot)) continue;
    const core::Shape& shape = view.output_shape(slot);
    text += " -> " + tensor_text(view.output_type(slot), shape,
                                 view.output_pitch(slot, ops::last_extent(shape)));
  }
  return text;
}

int fastest(int count, std::size_t bytes,
            const std::function<core::Status(int i, std::byte* memory, cudaStream_t stream)>& run) {
  constexpr int kSmallNumber = 0x3c;  // repeated in every byte
  std::byte* memory = nullptr;
  cudaStream_t stream = nullptr;
  if (count < 2) return 0;
  if (cudaMalloc(&memory, bytes) != cudaSuccess ||
      cudaMemset(memory, kSmallNumber, bytes) != cudaSuccess ||
      cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking) != cudaSuccess) {
    cudaFree(memory);
    cudaGetLastError();  // it must not come out of a later call
    return 0;
  }
  int best = 0;
  float least = std::numeric_limits<float>::max();
  for (int i = 0; i < count; ++i) {
    // Once before, so that nothing is loaded or set up while it is captured.
    if (!run(i, memory, stream).ok() || cudaStreamSynchronize(stream) != cudaSuccess) continue;
    Runs runs(stream, [&] { return run(i, memory, stream); });
    float taken = runs.milliseconds();
    // What is far behind will not win.
    for (int repeat = 1; repeat < kRepeats && taken < 1.5f * least; ++repeat) {
      taken = std::min(taken, runs.milliseconds());
    }
    if (taken < least) {
      least = taken;
      best = i;
    }
  }
  cudaStreamDestroy(stream);
  cudaFree(memory);
  return best;
}

int fastest_kernel(const ops::NodeView& view, std::span<const ops::Kernel> kernels,
                   const ops::BindContext& context) {
  Tensors tensors;
  for (int slot = 0; slot < view.input_count(); ++slot) {
    std::size_t bytes = input_bytes(view, slot);
    for (const ops::Kernel& kernel : kernels) bytes = std::max(bytes, packed_bytes(kernel, slot));
    tensors.inputs.push_back(tensors.add(bytes));
  }
  for (int slot = 0; slot < view.output_count(); ++slot) {
    tensors.outputs.push_back(tensors.add(output_bytes(view, slot)));
  }
  const std::size_t fault = tensors.add(sizeof(std::uint32_t));
  const std::size_t workspace = tensors.add(context.workspace_bytes);
  return fastest(static_cast<int>(kernels.size()), tensors.bytes,
                 [&](int i, std::byte* memory, cudaStream_t stream) {
                   const auto inputs = tensors.pointers<const void*>(tensors.inputs, memory);
                   const auto outputs = tensors.pointers<void*>(tensors.outputs, memory);
                   ops::KernelArgs args{.inputs = inputs, .outputs = outputs};
                   if (workspace != kNowhere) {
                     args.workspace = {memory + workspace, context.workspace_bytes};
                   }
                   args.queue = stream;
                   args.fault = reinterpret_cast<std::uint32_t*>(memory + fault);
                   return kernels[static_cast<std::size_t>(i)](args);
                 });
}

}  // namespace mini_infer::cuda
