#include "ops/cuda_case.h"

#include <dlfcn.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <stdexcept>

#include "core/try.h"
#include "cpu/evaluator.h"
#include "cuda/backend.h"
#include "cuda/device.h"
#include "ops/cpu_case.h"
#include "ops/cuda_plugin.h"
#include "ops/infer.h"
#include "ops/interface_hash.h"
#include "ops/op_def.h"

namespace mini_infer::test {
namespace {

using core::Result;
using core::Tensor;

bool without_cuda() { return std::getenv("MINI_INFER_WITHOUT_CUDA") != nullptr; }

// The library that the environment names, on a GPU say; else the emulated device. With
// MINI_INFER_WITHOUT_LIBRARIES our own kernels alone.
std::unique_ptr<ops::Backend> open_backend() {
  const char* path = std::getenv("MINI_INFER_CUDA_LIBRARY");
  if (path == nullptr || *path == '\0') {
    return cuda::make_backend(cuda::open_device(0).value());
  }
  void* library = dlopen(path, RTLD_NOW);
  if (library == nullptr) throw std::runtime_error(dlerror());
  auto* const interface = reinterpret_cast<ops::CudaInterface>(dlsym(library, ops::kCudaInterface));
  if (interface == nullptr || std::string_view(interface()) != ops::kInterfaceHash) {
    throw std::runtime_error(path + std::string(": a CUDA backend of another build"));
  }
  void* entry = dlsym(library, ops::kCudaEntry);
  ops::CudaAnswer answer;
  reinterpret_cast<ops::CudaEntry>(entry)(
      {.device = 0,
       .libraries = std::getenv("MINI_INFER_WITHOUT_LIBRARIES") == nullptr,
       .tf32 = false,
       .tune = false},
      answer);
  if (!answer.status.ok()) throw std::runtime_error(answer.status.to_string());
  return std::move(answer.backend);
}

const ops::Backend& backend() {
  static const std::unique_ptr<ops::Backend> opened = open_backend();
  return *opened;
}
ops::Device& device() { return *backend().device(); }

ops::Queue queue() {
  static const ops::Queue queue = device().create_queue().value();
  return queue;
}

// Memory of the device that goes with this.
class DeviceBytes {
 public:
  explicit DeviceBytes(std::size_t bytes) : bytes_(bytes), memory_(device().allocate(bytes)) {}
  DeviceBytes(DeviceBytes&& other) noexcept
      : bytes_(other.bytes_), memory_(std::exchange(other.memory_, nullptr)) {}
  ~DeviceBytes() { device().deallocate(memory_); }

  void* data() const { return memory_; }
  std::span<std::byte> bytes() const { return {static_cast<std::byte*>(memory_), bytes_}; }

  core::Status fill(std::span<const std::byte> from) const {
    MI_TRY(device().upload(memory_, from.data(), from.size(), queue()));
    return device().synchronize(queue());
  }

 private:
  std::size_t bytes_;
  void* memory_;
};

core::Status read(const void* from, std::span<std::byte> to) {
  MI_TRY(device().download(to.data(), from, to.size(), queue()));
  return device().synchronize(queue());
}

// Inputs where the kernel finds them: on the device, packed where it wants them so.
Result<std::vector<DeviceBytes>> device_inputs(const OpCase& test_case, const ops::Kernel& kernel) {
  std::vector<DeviceBytes> held;
  for (std::size_t slot = 0; slot < test_case.inputs.size(); ++slot) {
    Tensor input = test_case.inputs[slot];
    for (const ops::PackedInput& form : kernel.packed) {
      if (form.slot != static_cast<int>(slot)) continue;
      input = packed(form, input, core::ThreadPool::serial());
    }
    held.emplace_back(input.size_bytes());
    MI_TRY(held.back().fill(input.bytes()));
  }
  return held;
}

Result<std::vector<Tensor>> run(const OpCase& test_case, const ops::NodeView& view,
                                const ops::Kernel& kernel, std::optional<std::size_t> overwritten) {
  MI_ASSIGN(const std::vector<DeviceBytes> held, device_inputs(test_case, kernel));
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
  auto* fault = static_cast<std::uint32_t*>(device().allocate_staging(sizeof(std::uint32_t)));
  *fault = 0;
  core::Status ran = kernel({.inputs = inputs,
                             .outputs = outputs,
                             .workspace = workspace.bytes(),
                             .queue = queue(),
                             .fault = fault,
                             .fault_code = 1});
  if (ran.ok()) ran = device().synchronize(queue());
  if (ran.ok() && *fault != 0) ran = kernel.fault;
  device().deallocate_staging(fault);
  MI_TRY(ran);
  for (std::size_t slot = 0; slot < results.size(); ++slot) {
    const auto bytes = results[slot].mutable_bytes();
    if (!bytes.empty()) MI_TRY(read(outputs[slot], bytes));
  }
  return results;
}

}  // namespace

std::optional<Result<std::vector<Tensor>>> run_on_cuda(const OpCase& test_case,
                                                       std::optional<std::size_t> overwritten) {
  if (without_cuda()) return std::nullopt;
  graph::Graph graph = graph_of(test_case);
  if (const core::Status inferred = ops::infer(graph, cpu::evaluate); !inferred.ok()) {
    return inferred;
  }
  const ops::NodeView view(graph, 0);
  const auto kernel = backend().bind(view, {.workspace_bytes = 1024});
  if (!kernel.ok()) return kernel.status();
  return run(test_case, view, *kernel, overwritten);
}

void expect_same_on_cuda(const OpCase& test_case) {
  SCOPED_TRACE(test_case.op);
  const auto outputs = run(test_case);
  ASSERT_TRUE(outputs.ok()) << outputs.status().to_string();
  expect_on_cuda(test_case, *outputs);
}

}  // namespace mini_infer::test
