#pragma once

#include <tuple>
#include <utility>

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

// Without blocks there is nothing to do.
template <typename... Parameters, typename... Arguments>
core::Status launch(const char* name, void (*kernel)(Parameters...), const Grid& grid,
                    ops::Queue queue, Arguments&&... arguments) {
  if (grid.blocks.x == 0 || grid.blocks.y == 0 || grid.blocks.z == 0) return core::Status::SUCCESS;
  std::tuple<Parameters...> values(std::forward<Arguments>(arguments)...);
#ifdef MI_CUDA_EMULATED
  return check(emulator::submit(stream_of(queue), {name},
                                [=] {
                                  emulator::run_grid(
                                      {grid.blocks, grid.threads, grid.shared_bytes, grid.barriers},
                                      [&] { std::apply(kernel, values); });
                                }),
               name);
#else
  return std::apply(
      [&](auto&... value) {
        void* addresses[] = {const_cast<void*>(static_cast<const void*>(&value))..., nullptr};
        return check(cudaLaunchKernel(reinterpret_cast<const void*>(kernel), grid.blocks,
                                      grid.threads, addresses, grid.shared_bytes, stream_of(queue)),
                     name);
      },
      values);
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
