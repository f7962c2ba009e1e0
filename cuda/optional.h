#pragma once

#include "ops/backend.h"

namespace mini_infer::cuda {

// An input or output that may be left out, or null.
template <typename T>
const T* optional_input(const ops::KernelArgs& args, std::size_t slot) {
  return slot < args.inputs.size() ? static_cast<const T*>(args.inputs[slot]) : nullptr;
}
template <typename T>
T* optional_output(const ops::KernelArgs& args, std::size_t slot) {
  return slot < args.outputs.size() ? static_cast<T*>(args.outputs[slot]) : nullptr;
}

}  // namespace mini_infer::cuda
