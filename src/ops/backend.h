#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/thread_pool.h"
#include "mini_infer/core/status.h"
#include "ops/device.h"
#include "ops/node_view.h"

namespace mini_infer::ops {

// What a kernel is given for one run. Pointers are bound once per context; a slot left out, and a
// value input (OpDef::value_inputs), is null. Every tensor is row-major and at least 16-byte
// aligned, and dense but where OpDef::pitched allows its rows to lie apart (then each row is
// aligned so); a tensor without elements may be null.
struct KernelArgs {
  std::span<const void* const> inputs;
  std::span<void* const> outputs;
  // OpDef::require bytes where the operator requires any, else what BindContext says.
  std::span<std::byte> workspace = {};
  core::ThreadPool* threads = &core::ThreadPool::serial();  // of the host
  // Of a device: where the kernel puts its work, and a word that it sets to `fault_code` where data
  // break the operator's contract (Kernel::fault); then its output may hold anything.
  Queue queue = nullptr;
  std::uint32_t* fault = nullptr;
  std::uint32_t fault_code = 0;

  template <typename T>
  const T* in(int slot) const {
    return static_cast<const T*>(inputs[static_cast<std::size_t>(slot)]);
  }
  template <typename T>
  T* out(int slot) const {
    return static_cast<T*>(outputs[static_cast<std::size_t>(slot)]);
  }
};

// A constant that a kernel reads in a form of its own. The weights pool then holds this form; the
// original is let go unless another step reads it.
struct PackedInput {
  int slot = 0;
  std::size_t bytes = 0;
  // Names the form: the same constant in the same form is stored once.
  std::string form;
  // Writes the form; `to` is aligned as the pool is, the constant perhaps not at all.
  std::function<void(const core::Tensor& constant, std::byte* to, core::ThreadPool& threads)> pack;
};

// How a kernel computes, for those who want to know; it changes no plan.
struct KernelChoice {
  std::string name = "";  // "Winograd 2x2"; empty where there is one way
  // Of its fastest way, and of the way taken: bytes of the step's hole that it cannot do without.
  std::size_t wanted_bytes = 0;
  std::size_t taken_bytes = 0;
};

// One node made ready to run: shapes, attributes and chosen algorithm are inside. Immutable, shared
// by all contexts, called from several threads at once; allocates nothing unless it fails. Honours
// every alias its OpDef states: a view's kernel copies when input and output differ and does
// nothing when they are the same bytes; an overwriting kernel may find input and output equal.
// The number of threads never changes a result.
struct Kernel {
  using Run = std::function<core::Status(const KernelArgs&)>;

  template <typename Callable>
  Kernel(Callable callable) : run(std::move(callable)) {}  // NOLINT(google-explicit-constructor)

  [[nodiscard]] core::Status operator()(const KernelArgs& args) const { return run(args); }

  Run run;
  std::vector<PackedInput> packed = {};
  core::Status fault = {};  // what KernelArgs::fault means
  KernelChoice choice = {};
};

// What a step may use besides its tensors.
struct BindContext {
  // Free bytes of the arena while the step runs. Their content is anybody's.
  std::size_t workspace_bytes = 0;
};

// A set of kernels for one device.
class Backend {
 public:
  virtual ~Backend() = default;
  virtual std::string_view name() const = 0;
  // Looks at a node once, shapes known. ERROR_UNSUPPORTED names the operator and type.
  virtual core::Result<Kernel> bind(const NodeView& node, const BindContext& context) const = 0;
  // Where its kernels run; nullptr: in the host's memory, before the call returns.
  virtual Device* device() const { return nullptr; }
};

}  // namespace mini_infer::ops
