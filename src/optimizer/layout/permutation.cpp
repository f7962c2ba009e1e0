#include "optimizer/layout/permutation.h"

#include <cstring>
#include <numeric>

#include "core/try.h"
#include "ops/shapes.h"

namespace mini_infer::optimizer {
namespace {

using core::Shape;
using core::Tensor;

// Copies the elements of the last axes from `axis` on, `from` in steps of `strides` elements, and
// returns where the next one goes.
std::byte* gather(const std::byte* from, std::byte* to, const Shape& shape,
                  const std::vector<std::int64_t>& strides, std::size_t bytes, int axis) {
  if (axis == shape.rank()) {
    std::memcpy(to, from, bytes);
    return to + bytes;
  }
  const std::int64_t step = strides[static_cast<std::size_t>(axis)];
  if (step == 1 && axis == shape.rank() - 1) {
    const std::size_t run = static_cast<std::size_t>(shape[axis]) * bytes;
    std::memcpy(to, from, run);
    return to + run;
  }
  for (std::int64_t i = 0; i < shape[axis]; ++i) {
    to = gather(from + i * step * static_cast<std::int64_t>(bytes), to, shape, strides, bytes,
                axis + 1);
  }
  return to;
}

}  // namespace

Permutation to_channels_last(int rank) {
  Permutation permutation(static_cast<std::size_t>(rank));
  std::iota(permutation.begin() + 1, permutation.end(), 2);
  permutation.back() = 1;
  return permutation;
}

Permutation inverse(const Permutation& permutation) {
  Permutation result(permutation.size());
  for (std::size_t i = 0; i < permutation.size(); ++i) {
    result[static_cast<std::size_t>(permutation[i])] = static_cast<std::int64_t>(i);
  }
  return result;
}

std::int64_t channels_last_axis(std::int64_t axis, int rank) {
  const auto positive = static_cast<std::size_t>(axis < 0 ? axis + rank : axis);
  return inverse(to_channels_last(rank))[positive];
}

Shape permuted(const Shape& shape, const Permutation& permutation) {
  std::vector<std::int64_t> dims;
  for (std::int64_t axis : permutation) dims.push_back(shape[static_cast<int>(axis)]);
  return Shape(std::move(dims));
}

core::Result<Tensor> permuted(const Tensor& tensor, const Permutation& permutation) {
  MI_ASSIGN(Tensor result, Tensor::allocate(tensor.type(), permuted(tensor.shape(), permutation)));
  const std::vector<std::int64_t> dense = ops::strides_of(tensor.shape());
  std::vector<std::int64_t> strides;
  for (std::int64_t axis : permutation) strides.push_back(dense[static_cast<std::size_t>(axis)]);
  const auto bytes = static_cast<std::size_t>(core::bits_per_element(tensor.type()) / 8);
  if (tensor.elements() > 0) {
    gather(tensor.bytes().data(), result.mutable_bytes().data(), result.shape(), strides, bytes, 0);
  }
  return result;
}

}  // namespace mini_infer::optimizer
