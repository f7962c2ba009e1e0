#pragma once

#include <functional>
#include <span>
#include <string_view>

#include "mini_infer/core/status.h"
#include "ops/node_view.h"

namespace mini_infer::ops {

// What a kernel is given for one run. Pointers are bound once per context; a slot left out, and a
// value input (OpDef::value_inputs), is null. Every tensor is dense, row-major and at least 16-byte
// aligned; a tensor without elements may be null.
struct KernelArgs {
  std::span<const void* const> inputs;
  std::span<void* const> outputs;
  void* workspace = nullptr;  // OpDef::require bytes

  template <typename T>
  const T* in(int slot) const {
    return static_cast<const T*>(inputs[static_cast<std::size_t>(slot)]);
  }
  template <typename T>
  T* out(int slot) const {
    return static_cast<T*>(outputs[static_cast<std::size_t>(slot)]);
  }
};

// One node made ready to run: shapes, attributes and chosen algorithm are inside. Immutable, shared
// by all contexts, called from several threads at once; allocates nothing unless it fails. Honours
// every alias its OpDef states: a view's kernel copies when input and output differ and does
// nothing when they are the same bytes; an overwriting kernel may find input and output equal.
using Kernel = std::function<core::Status(const KernelArgs&)>;

// A set of kernels for one device.
class Backend {
 public:
  virtual ~Backend() = default;
  virtual std::string_view name() const = 0;
  // Looks at a node once, shapes known. ERROR_UNSUPPORTED names the operator and type.
  virtual core::Result<Kernel> bind(const NodeView& node) const = 0;
};

}  // namespace mini_infer::ops
