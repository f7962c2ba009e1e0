#include "ops/cuda_case.h"

#include <gtest/gtest.h>

#include <cstring>

#include "core/try.h"
#include "cpu/evaluator.h"
#include "cuda/backend.h"
#include "ops/infer.h"
#include "ops/op_def.h"

namespace mini_infer::test {
namespace {

using core::Result;
using core::Tensor;

const ops::Backend& backend() {
  static const std::unique_ptr<ops::Backend> emulated = cuda::make_backend(0).value();
  return *emulated;
}

// Memory of the device that goes with this.
class DeviceBytes {
 public:
  explicit DeviceBytes(std::size_t bytes)
      : bytes_(bytes), memory_(backend().device()->allocate(bytes)) {}
  DeviceBytes(const Tensor& tensor) : DeviceBytes(tensor.size_bytes()) {
    if (bytes_ > 0) std::memcpy(memory_, tensor.bytes().data(), bytes_);
  }
  DeviceBytes(DeviceBytes&& other) noexcept
      : bytes_(other.bytes_), memory_(std::exchange(other.memory_, nullptr)) {}
  ~DeviceBytes() { backend().device()->deallocate(memory_); }

  void* data() const { return memory_; }
  std::span<std::byte> bytes() const { return {static_cast<std::byte*>(memory_), bytes_}; }

 private:
  std::size_t bytes_;
  void* memory_;
};

// Inputs where the kernel finds them: on the device, packed where it wants them so.
std::vector<DeviceBytes> device_inputs(const OpCase& test_case, const ops::Kernel& kernel) {
  std::vector<DeviceBytes> held;
  for (std::size_t slot = 0; slot < test_case.inputs.size(); ++slot) {
    const Tensor& input = test_case.inputs[slot];
    const auto form = std::find_if(kernel.packed.begin(), kernel.packed.end(),
                                   [&](const auto& f) { return f.slot == static_cast<int>(slot); });
    if (form == kernel.packed.end()) {
      held.emplace_back(input);
      continue;
    }
    held.emplace_back(form->bytes);
    form->pack(input, held.back().bytes().data(), core::ThreadPool::serial());
  }
  return held;
}

Result<std::vector<Tensor>> run(const OpCase& test_case, const ops::NodeView& view,
                                const ops::Kernel& kernel, std::optional<std::size_t> overwritten) {
  const std::vector<DeviceBytes> held = device_inputs(test_case, kernel);
  std::vector<const void*> inputs;
  for (std::size_t slot = 0; slot < held.size(); ++slot) {
    inputs.push_back(test_case.inputs[slot].defined() ? held[slot].data() : nullptr);
  }
  std::vector<Tensor> results;
  std::vector<DeviceBytes> written;
  std::vector<void*> outputs;
  for (int slot = 0; slot < view.output_count(); ++slot) {
    const bool wanted = view.has_output(slot);
    results.emplace_back();
    if (wanted) {
      MI_ASSIGN(results.back(), Tensor::allocate(view.output_type(slot), view.output_shape(slot)));
    }
    written.emplace_back(results.back().size_bytes());
    outputs.push_back(wanted ? written.back().data() : nullptr);
  }
  if (overwritten) outputs[0] = held[*overwritten].data();
  const ops::OpDef* def = ops::find(view.node());
  const bool requires_room = def != nullptr && def->require != nullptr;
  const DeviceBytes workspace(requires_room ? def->require(view) : 1024);
  std::uint32_t fault = 0;
  MI_TRY(kernel({.inputs = inputs,
                 .outputs = outputs,
                 .workspace = workspace.bytes(),
                 .fault = &fault,
                 .fault_code = 1}));
  if (fault != 0) return kernel.fault;
  for (std::size_t slot = 0; slot < results.size(); ++slot) {
    if (results[slot].size_bytes() == 0) continue;
    std::memcpy(results[slot].mutable_bytes().data(), outputs[slot], results[slot].size_bytes());
  }
  return results;
}

}  // namespace

std::optional<Result<std::vector<Tensor>>> run_on_cuda(const OpCase& test_case,
                                                       std::optional<std::size_t> overwritten) {
  graph::Graph graph = graph_of(test_case);
  if (const core::Status inferred = ops::infer(graph, cpu::evaluate); !inferred.ok()) {
    return inferred;
  }
  const ops::NodeView view(graph, 0);
  const auto kernel = backend().bind(view, {.workspace_bytes = 1024});
  if (kernel.status() == core::Status::ERROR_UNSUPPORTED) return std::nullopt;
  if (!kernel.ok()) return kernel.status();
  return run(test_case, view, *kernel, overwritten);
}

void expect_same_on_cuda(const OpCase& test_case) {
  SCOPED_TRACE(test_case.op);
  const auto outputs = run(test_case);
  ASSERT_TRUE(outputs.ok()) << outputs.status().to_string();
  ASSERT_TRUE(run_on_cuda(test_case)) << "CUDA does not serve it";
  expect_on_cuda(test_case, *outputs);
}

}  // namespace mini_infer::test
