#pragma once

#include <cuda_runtime.h>

// The part of NVTX that this backend uses: ranges come out in the emulator's log.
inline int nvtxRangePushA(const char* name) {
  mini_infer::cuda::emulator::log({std::string("nvtxRangePush ") + name});
  return 0;
}
inline int nvtxRangePop() {
  mini_infer::cuda::emulator::log({"nvtxRangePop"});
  return 0;
}
