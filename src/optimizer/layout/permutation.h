#pragma once

#include <cstdint>
#include <vector>

#include "mini_infer/core/status.h"
#include "mini_infer/core/tensor.h"

// Orders of axes: axis i of the result is axis permutation[i] of what is permuted.
namespace mini_infer::optimizer {

using Permutation = std::vector<std::int64_t>;

// [N, C, spatial...] to [N, spatial..., C], for a rank of 3 or more.
Permutation to_channels_last(int rank);
Permutation inverse(const Permutation& permutation);

// Where an axis of a channels-first tensor is when channels are last; a negative axis counts from
// the end.
std::int64_t channels_last_axis(std::int64_t axis, int rank);

core::Shape permuted(const core::Shape& shape, const Permutation& permutation);
// A copy with its axes moved. Elements of a whole number of bytes only.
core::Result<core::Tensor> permuted(const core::Tensor& tensor, const Permutation& permutation);

}  // namespace mini_infer::optimizer
