#pragma once

#include "ops/backend.h"

namespace mini_infer::cpu {

// An output that may be left out, or null.
inline float* optional_output(const ops::KernelArgs& args, std::size_t slot) {
  return slot < args.outputs.size() ? static_cast<float*>(args.outputs[slot]) : nullptr;
}

}  // namespace mini_infer::cpu
