#pragma once

#include <cstddef>

#include "mini_infer/core/tensor.h"

namespace mini_infer::optimizer {

// New tensors, side by side in blocks of large pages: a pass that writes all weights anew waits for
// the system mostly, and longest where each has pages of its own. A block is let go with the last
// of its tensors.
class TensorBlocks {
 public:
  // Zeroed, 64-byte aligned. Fails as core::Tensor::allocate does.
  core::Result<core::Tensor> allocate(core::DataType type, core::Shape shape);

 private:
  core::Tensor block_;
  std::size_t used_ = 0;
};

}  // namespace mini_infer::optimizer
