#pragma once

#include <functional>
#include <random>
#include <string>
#include <vector>

#include "ops/op_case.h"

// Random windows over random images, in plain index arithmetic that shares nothing with the code
// under test.
namespace mini_infer::test {

using Extents = std::vector<std::int64_t>;

class Random {
 public:
  explicit Random(unsigned seed) : engine_(seed) {}

  // From `low` to `high`, both included.
  std::int64_t number(std::int64_t low, std::int64_t high);
  bool coin() { return number(0, 1) == 1; }
  // Quarters from -2 to 2: sums of their products are exact in float, whatever the order.
  core::Tensor tensor(const core::Shape& shape);
  // Thousandths from -1 to 1, whose products are not exact.
  core::Tensor fractions(const core::Shape& shape);

 private:
  std::mt19937 engine_;
};

// Calls visit(index) for each index of the shape, in row-major order.
void for_each_index(const Extents& shape, const std::function<void(const Extents&)>& visit);
std::int64_t flat_index(const Extents& shape, const Extents& index);

// A tensor of floats with its axes in another order: output axis i is input axis axes[i].
core::Tensor transposed(const core::Tensor& tensor, const std::vector<int>& axes);
core::Tensor channels_last(const core::Tensor& tensor);  // [N, C, spatial...] -> [N, spatial..., C]

// The attributes of a sliding window over `input`, and what they mean.
struct SlidingCase {
  Extents input, kernel, strides, dilations;
  Extents begin, end;  // padding
  std::string auto_pad = "NOTSET";
  bool ceil_mode = false;

  Extents output() const;
  // The input index under kernel position `tap` for an output, or false in the padding.
  bool under(const Extents& output, const Extents& tap, Extents& input_index) const;
  // Whether that position is on the input or its padding.
  bool on_padded(const Extents& output, const Extents& tap) const;
  std::map<std::string, graph::Attribute, std::less<>> attributes() const;
};

SlidingCase random_sliding_case(Random& random, int rank, bool may_ceil);

}  // namespace mini_infer::test
