#pragma once

#include "cuda/launch.h"

namespace mini_infer::cuda {

// What a device says when data break an operator's contract: see ops::KernelArgs::fault.
struct Fault {
  std::uint32_t* word;
  std::uint32_t code;

  static Fault of(const ops::KernelArgs& args) { return {args.fault, args.fault_code}; }
  // The first step that met such data is the one that is told. Steps come one after the other, and
  // the threads of one step say the same.
  __device__ void raise() const {
    volatile std::uint32_t* const told = word;
    if (*told == 0) *told = code;
  }
};

}  // namespace mini_infer::cuda
