#pragma once

#include <cuda_runtime.h>

#include <cstdint>

#include "ops/backend.h"

namespace mini_infer::cuda {

// What a device says when data break an operator's contract: see ops::KernelArgs::fault.
struct Fault {
  std::uint32_t* word;
  std::uint32_t code;

  static Fault of(const ops::KernelArgs& args) { return {args.fault, args.fault_code}; }
  __device__ void raise() const { *word = code; }
};

}  // namespace mini_infer::cuda
