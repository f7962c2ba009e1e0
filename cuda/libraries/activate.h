#pragma once

#include "mini_infer/core/types.h"
#include "ops/activation.h"
#include "ops/backend.h"

namespace mini_infer::cuda {

// What is left to do behind a library that fuses some activations only.
inline ops::Activation rest_of(const ops::Activation& activation, bool fused) {
  return fused ? ops::Activation{} : activation;
}

// y = activation(y), of `count` numbers: what a library does not fuse. `y` is aligned to 16 bytes.
[[nodiscard]] core::Status activate_in_place(core::DataType type, const ops::Activation& activation,
                                             void* y, std::int64_t count, ops::Queue queue);

}  // namespace mini_infer::cuda
