#pragma once

#include <type_traits>

#include "cuda/check.h"
#include "ops/backend.h"

// The one way to start a kernel: it checks, and it works in the emulator, which has no <<<>>>.
namespace mini_infer::cuda {

struct Grid {
  dim3 blocks;
  dim3 threads;
  std::size_t shared_bytes = 0;
  bool barriers = false;  // threads of a block, or of a warp, wait for each other
};

inline cudaStream_t stream_of(ops::Queue queue) { return static_cast<cudaStream_t>(queue); }

// Without blocks there is nothing to do. The values are converted to what the kernel takes.
template <typename... Parameters>
[[nodiscard]] core::Status launch(const char* name, void (*kernel)(Parameters...), const Grid& grid,
                                  ops::Queue queue, std::type_identity_t<Parameters>... values) {
  if (grid.blocks.x == 0 || grid.blocks.y == 0 || grid.blocks.z == 0) return core::Status::SUCCESS;
#ifdef MI_CUDA_EMULATED
  return check(emulator::launch(stream_of(queue), name,
                                {grid.blocks, grid.threads, grid.shared_bytes, grid.barriers},
                                [=] { kernel(values...); }),
               name);
#else
  void* addresses[] = {&values..., nullptr};
  return check(cudaLaunchKernel(reinterpret_cast<const void*>(kernel), grid.blocks, grid.threads,
                                addresses, grid.shared_bytes, stream_of(queue)),
               name);
#endif
}

// The dynamic shared memory of the running block.
template <typename T>
__device__ T* shared_memory() {
#ifdef MI_CUDA_EMULATED
  return static_cast<T*>(emulator::shared_bytes());
#else
  extern __shared__ __align__(16) unsigned char bytes[];
  return reinterpret_cast<T*>(bytes);
#endif
}

}  // namespace mini_infer::cuda
