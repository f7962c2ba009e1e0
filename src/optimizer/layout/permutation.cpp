#include "optimizer/layout/permutation.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <span>

#include "core/try.h"
#include "ops/shapes.h"

namespace mini_infer::optimizer {
namespace {

using core::Shape;
using core::Tensor;

// An axis of the result: its extent, and how many elements apart its elements are in the source.
struct Axis {
  std::int64_t extent = 1;
  std::int64_t step = 0;
};

// Writes rows x columns elements one after the other. Block by block: weights are often read across
// their rows, and a line of the cache then serves several of them.
template <std::size_t kBytes>
void copy_plane(const std::byte* from, std::byte* to, Axis rows, Axis columns) {
  constexpr std::int64_t kBlock = 16;
  const auto bytes = static_cast<std::int64_t>(kBytes);
  for (std::int64_t row = 0; row < rows.extent; row += kBlock) {
    for (std::int64_t column = 0; column < columns.extent; column += kBlock) {
      for (std::int64_t r = row; r < std::min(row + kBlock, rows.extent); ++r) {
        for (std::int64_t c = column; c < std::min(column + kBlock, columns.extent); ++c) {
          std::memcpy(to + (r * columns.extent + c) * bytes,
                      from + (r * rows.step + c * columns.step) * bytes, kBytes);
        }
      }
    }
  }
}

// Walks the axes before the last two; returns where the next plane goes.
template <std::size_t kBytes>
std::byte* copy_planes(const std::byte* from, std::byte* to, std::span<const Axis> axes) {
  const auto bytes = static_cast<std::int64_t>(kBytes);
  if (axes.size() == 2) {
    copy_plane<kBytes>(from, to, axes[0], axes[1]);
    return to + axes[0].extent * axes[1].extent * bytes;
  }
  for (std::int64_t i = 0; i < axes[0].extent; ++i) {
    to = copy_planes<kBytes>(from + i * axes[0].step * bytes, to, axes.subspan(1));
  }
  return to;
}

void copy_planes(const std::byte* from, std::byte* to, std::span<const Axis> axes,
                 std::size_t bytes) {
  switch (bytes) {
    case 1:
      copy_planes<1>(from, to, axes);
      return;
    case 2:
      copy_planes<2>(from, to, axes);
      return;
    case 4:
      copy_planes<4>(from, to, axes);
      return;
    case 8:
      copy_planes<8>(from, to, axes);
      return;
    default:
      copy_planes<16>(from, to, axes);
  }
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
  std::vector<Axis> axes(2);  // two of one element, so that there is always a plane
  for (std::int64_t axis : permutation) {
    const auto at = static_cast<std::size_t>(axis);
    axes.push_back({tensor.shape()[static_cast<int>(axis)], dense[at]});
  }
  const auto bytes = static_cast<std::size_t>(core::bits_per_element(tensor.type()) / 8);
  if (tensor.elements() > 0) {
    copy_planes(tensor.bytes().data(), result.mutable_bytes().data(), axes, bytes);
  }
  return result;
}

}  // namespace mini_infer::optimizer
